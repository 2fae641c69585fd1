"""Where settings come from: the command line, else `DIALPLANE_…`, else the defaults.

They are read and checked once, at the start. `to_environment` gives them on to a child process in the same variables,
so that a role reads them one way whoever started it.
"""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from dialplane.config.database import Connections, database_url
from dialplane.config.settings import (
    DOCUMENTED_ACCOUNT_RATE,
    DOCUMENTED_ADDRESS_RATE,
    LOG_LEVELS,
    LOOPBACK,
    SANDBOX_DRAIN,
    SANDBOX_RATE,
    Settings,
)
from dialplane.config.values import Endpoint, PortRange, RequestRate, SettingError
from dialplane.domain.errors import Invalid
from dialplane.domain.identity.role_permissions import DEVELOPER, RolePermission
from dialplane.domain.operating.retention import LEAST, Kept, Kind

_DNS_PORT = 53
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off", "")


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings that the environment gives. Raises SettingError."""
    defaults = Settings()
    get = environment.get
    sandbox = _flag(get("DIALPLANE_SANDBOX", "1"), what="DIALPLANE_SANDBOX")
    return Settings(
        data=Path(get("DIALPLANE_DATA", str(defaults.data))),
        database_url=database_url(get("DATABASE_URL", "")),
        replica_url=_replica_urls(get("DIALPLANE_REPLICA_URL", "")),
        replica_lag=_seconds(get("DIALPLANE_REPLICA_LAG_S", "2"), what="DIALPLANE_REPLICA_LAG_S"),
        wal_archive=_file(get("DIALPLANE_WAL_ARCHIVE", "")),
        connections=Connections.parse(get("DIALPLANE_CONNECTIONS", ""), what="DIALPLANE_CONNECTIONS"),
        master_key=get("DIALPLANE_MASTER_KEY", ""),
        http=Endpoint.parse(get("DIALPLANE_HTTP", str(defaults.http)), what="DIALPLANE_HTTP"),
        sip=Endpoint.parse(get("DIALPLANE_SIP", str(defaults.sip)), what="DIALPLANE_SIP"),
        smpp=Endpoint.parse(get("DIALPLANE_SMPP", str(defaults.smpp)), what="DIALPLANE_SMPP"),
        smpp_tls=Endpoint.parse(bound, what="DIALPLANE_SMPP_TLS") if (bound := get("DIALPLANE_SMPP_TLS", "")) else None,
        sip_tls=Endpoint.parse(tls, what="DIALPLANE_SIP_TLS") if (tls := get("DIALPLANE_SIP_TLS", "")) else None,
        tls_certificate=_file(get("DIALPLANE_TLS_CERTIFICATE", "")),
        tls_key=_file(get("DIALPLANE_TLS_KEY", "")),
        tls_authorities=_file(get("DIALPLANE_TLS_AUTHORITIES", "")),
        advertised_host=get("DIALPLANE_ADVERTISED_HOST", defaults.advertised_host),
        rtp=PortRange.parse(get("DIALPLANE_RTP", str(defaults.rtp)), what="DIALPLANE_RTP"),
        sip_domains=tuple(_words(get("DIALPLANE_SIP_DOMAINS", ""))),
        sip_origins=tuple(_words(get("DIALPLANE_SIP_ORIGINS", ""))),
        node=get("DIALPLANE_NODE", defaults.node),
        sandbox=sandbox,
        egress_allow=_egress(get("DIALPLANE_EGRESS_ALLOW"), sandbox=sandbox),
        proxies=_networks(get("DIALPLANE_PROXIES", ""), what="DIALPLANE_PROXIES"),
        edges=tuple(Endpoint.parse(word, what="DIALPLANE_EDGES") for word in _words(get("DIALPLANE_EDGES", ""))),
        name_servers=_name_servers(get("DIALPLANE_NAME_SERVERS", "")),
        carrier_sip=Endpoint.parse(
            get("DIALPLANE_CARRIER_SIP", str(defaults.carrier_sip)), what="DIALPLANE_CARRIER_SIP"
        ),
        gate=Endpoint.parse(get("DIALPLANE_GATE", str(defaults.gate)), what="DIALPLANE_GATE"),
        metrics=Endpoint.parse(get("DIALPLANE_METRICS", str(defaults.metrics)), what="DIALPLANE_METRICS"),
        log_level=_log_level(get("DIALPLANE_LOG_LEVEL", defaults.log_level)),
        hep=_hep(get("DIALPLANE_HEP", "")),
        otlp=_http_address(get("DIALPLANE_OTLP", ""), what="DIALPLANE_OTLP").rstrip("/"),
        run=Path(run) if (run := get("DIALPLANE_RUN", "")) else None,
        public_url=_public_url(get("DIALPLANE_PUBLIC_URL", "")),
        document_timeout=_document_timeout(get("DIALPLANE_DOCUMENT_TIMEOUT_S")),
        drain=_drain(get("DIALPLANE_DRAIN_S"), sandbox=sandbox),
        node_lease=_lease(get("DIALPLANE_NODE_LEASE_S")),
        call_rate=_rate(get, "DIALPLANE_CALL_RATE", defaults.call_rate),
        account_rate=_rate(get, "DIALPLANE_ACCOUNT_RATE", SANDBOX_RATE if sandbox else DOCUMENTED_ACCOUNT_RATE),
        address_rate=_rate(get, "DIALPLANE_ADDRESS_RATE", SANDBOX_RATE if sandbox else DOCUMENTED_ADDRESS_RATE),
        signalling_kept=_days(get("DIALPLANE_SIGNALLING_KEPT", "7"), what="DIALPLANE_SIGNALLING_KEPT"),
        kept=_kept(get("DIALPLANE_KEPT", "")),
        archive=_file(get("DIALPLANE_ARCHIVE", "")),
        assistant_url=_http_address(get("DIALPLANE_ASSISTANT_URL", ""), what="DIALPLANE_ASSISTANT_URL"),
        assistant_key=get("DIALPLANE_ASSISTANT_KEY", ""),
        assistant_model=get("DIALPLANE_ASSISTANT_MODEL", defaults.assistant_model),
        document_scanner=_command(get("DIALPLANE_DOCUMENT_SCANNER", "")),
        smtp=_smtp(get("DIALPLANE_SMTP", "")),
        mail_from=get("DIALPLANE_MAIL_FROM", defaults.mail_from),
        developer_permissions=_permissions(get("DIALPLANE_DEVELOPER_PERMISSIONS")),
        gcp_key=get("DIALPLANE_GCP_KEY", ""),
        gcp_tts_url=get("DIALPLANE_GCP_TTS_URL", defaults.gcp_tts_url).rstrip("/"),
        gcp_stt_url=get("DIALPLANE_GCP_STT_URL", defaults.gcp_stt_url).rstrip("/"),
        speech_provider=_speech_provider(get("DIALPLANE_SPEECH_PROVIDER", ""), get("DIALPLANE_GCP_KEY", "")),
        speech_fallback=_flag(get("DIALPLANE_SPEECH_FALLBACK", "1"), what="DIALPLANE_SPEECH_FALLBACK"),
    )


def to_environment(settings: Settings) -> dict[str, str]:
    """The variables that make `from_environment` give the same settings again."""
    document_timeout = settings.document_timeout
    return {
        "DIALPLANE_DATA": str(settings.data),
        "DATABASE_URL": settings.database_url,
        "DIALPLANE_REPLICA_URL": " ".join(settings.replica_url),
        "DIALPLANE_REPLICA_LAG_S": str(int(settings.replica_lag.total_seconds())),
        "DIALPLANE_WAL_ARCHIVE": str(settings.wal_archive or ""),
        "DIALPLANE_CONNECTIONS": str(settings.connections),
        "DIALPLANE_MASTER_KEY": settings.master_key,
        "DIALPLANE_HTTP": str(settings.http),
        "DIALPLANE_SIP": str(settings.sip),
        "DIALPLANE_SMPP": str(settings.smpp),
        "DIALPLANE_SMPP_TLS": str(settings.smpp_tls or ""),
        "DIALPLANE_SIP_TLS": str(settings.sip_tls or ""),
        "DIALPLANE_TLS_CERTIFICATE": str(settings.tls_certificate or ""),
        "DIALPLANE_TLS_KEY": str(settings.tls_key or ""),
        "DIALPLANE_TLS_AUTHORITIES": str(settings.tls_authorities or ""),
        "DIALPLANE_ADVERTISED_HOST": settings.advertised_host,
        "DIALPLANE_RTP": str(settings.rtp),
        "DIALPLANE_SIP_DOMAINS": " ".join(settings.sip_domains),
        "DIALPLANE_SIP_ORIGINS": " ".join(settings.sip_origins),
        "DIALPLANE_NODE": settings.node,
        "DIALPLANE_SANDBOX": "1" if settings.sandbox else "0",
        "DIALPLANE_EGRESS_ALLOW": ",".join(str(network) for network in settings.egress_allow),
        "DIALPLANE_PROXIES": ",".join(str(network) for network in settings.proxies),
        "DIALPLANE_EDGES": " ".join(map(str, settings.edges)),
        "DIALPLANE_NAME_SERVERS": " ".join(map(str, settings.name_servers)),
        "DIALPLANE_CARRIER_SIP": str(settings.carrier_sip),
        "DIALPLANE_GATE": str(settings.gate),
        "DIALPLANE_METRICS": str(settings.metrics),
        "DIALPLANE_LOG_LEVEL": settings.log_level,
        "DIALPLANE_HEP": settings.hep,
        "DIALPLANE_OTLP": settings.otlp,
        "DIALPLANE_RUN": str(settings.run or ""),
        "DIALPLANE_PUBLIC_URL": settings.public_url,
        "DIALPLANE_DOCUMENT_TIMEOUT_S": f"{document_timeout.total_seconds():g}" if document_timeout else "",
        "DIALPLANE_DRAIN_S": str(int(settings.drain.total_seconds())),
        "DIALPLANE_NODE_LEASE_S": f"{settings.node_lease.total_seconds():g}",
        "DIALPLANE_CALL_RATE": str(settings.call_rate),
        "DIALPLANE_ACCOUNT_RATE": str(settings.account_rate),
        "DIALPLANE_ADDRESS_RATE": str(settings.address_rate),
        "DIALPLANE_SIGNALLING_KEPT": str(settings.signalling_kept.days),
        "DIALPLANE_KEPT": " ".join(f"{kind}={span.days}" for kind, span in settings.kept.items()),
        "DIALPLANE_ARCHIVE": str(settings.archive or ""),
        "DIALPLANE_ASSISTANT_URL": settings.assistant_url,
        "DIALPLANE_ASSISTANT_KEY": settings.assistant_key,
        "DIALPLANE_ASSISTANT_MODEL": settings.assistant_model,
        "DIALPLANE_DOCUMENT_SCANNER": shlex.join(settings.document_scanner),
        "DIALPLANE_SMTP": settings.smtp,
        "DIALPLANE_MAIL_FROM": settings.mail_from,
        "DIALPLANE_DEVELOPER_PERMISSIONS": " ".join(map(str, settings.developer_permissions)),
        "DIALPLANE_GCP_KEY": settings.gcp_key,
        "DIALPLANE_GCP_TTS_URL": settings.gcp_tts_url,
        "DIALPLANE_GCP_STT_URL": settings.gcp_stt_url,
        "DIALPLANE_SPEECH_PROVIDER": settings.speech_provider,
        "DIALPLANE_SPEECH_FALLBACK": "1" if settings.speech_fallback else "0",
    }


def override(
    settings: Settings,
    *,
    data: Path | None = None,
    http: str | None = None,
    sip: str | None = None,
    smpp: str | None = None,
    sip_tls: str | None = None,
    rtp: str | None = None,
    sip_domains: tuple[str, ...] = (),
    sandbox: bool | None = None,
) -> Settings:
    """The settings with what the command line says put over them. Raises SettingError."""
    changed = settings
    if data is not None:
        changed = replace(changed, data=data)
    if http is not None:
        changed = replace(changed, http=Endpoint.parse(http, what="--http"))
    if sip is not None:
        changed = replace(changed, sip=Endpoint.parse(sip, what="--sip"))
    if smpp is not None:
        changed = replace(changed, smpp=Endpoint.parse(smpp, what="--smpp"))
    if sip_tls is not None:
        changed = replace(changed, sip_tls=Endpoint.parse(sip_tls, what="--sip-tls"))
    if rtp is not None:
        changed = replace(changed, rtp=PortRange.parse(rtp, what="--rtp"))
    if sip_domains:
        changed = replace(changed, sip_domains=tuple(map(_domain, sip_domains)))
    if sandbox is not None and sandbox != changed.sandbox:
        changed = replace(changed, sandbox=sandbox) if sandbox else _without_sandbox(changed)
    return changed


def _without_sandbox(settings: Settings) -> Settings:
    """The sandbox's own defaults go with the sandbox; what somebody chose stays."""
    plain = Settings()
    return replace(
        settings,
        sandbox=False,
        egress_allow=() if settings.egress_allow == LOOPBACK else settings.egress_allow,
        drain=plain.drain if settings.drain == SANDBOX_DRAIN else settings.drain,
        account_rate=plain.account_rate if settings.account_rate == SANDBOX_RATE else settings.account_rate,
        address_rate=plain.address_rate if settings.address_rate == SANDBOX_RATE else settings.address_rate,
    )


def _file(text: str) -> Path | None:
    return Path(text) if text else None


def _drain(text: str | None, *, sandbox: bool) -> timedelta:
    if text is None:
        return SANDBOX_DRAIN if sandbox else Settings().drain
    return _seconds(text, what="DIALPLANE_DRAIN_S")


def _log_level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise SettingError(f"DIALPLANE_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, got {text!r}")
    return text.lower()


def _hep(text: str) -> str:
    if text and not text.startswith("udp://"):
        raise SettingError(f"DIALPLANE_HEP must be udp://HOST:PORT, got {text!r}")
    if text:
        Endpoint.parse(text.removeprefix("udp://"), what="DIALPLANE_HEP")
    return text


def _public_url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise SettingError(f"DIALPLANE_PUBLIC_URL must begin with http:// or https://, got {text!r}")
    return text


def _document_timeout(text: str | None) -> timedelta | None:
    if not text:
        return Settings().document_timeout
    timeout = _seconds(text, what="DIALPLANE_DOCUMENT_TIMEOUT_S")
    if not timedelta(seconds=1) <= timeout <= timedelta(seconds=60):
        raise SettingError(f"DIALPLANE_DOCUMENT_TIMEOUT_S must be 1 to 60 seconds, got {text!r}")
    return timeout


def _lease(text: str | None) -> timedelta:
    if text is None:
        return Settings().node_lease
    lease = _seconds(text, what="DIALPLANE_NODE_LEASE_S")
    if not timedelta(seconds=3) <= lease <= timedelta(hours=1):
        raise SettingError(f"DIALPLANE_NODE_LEASE_S must be 3 to 3600 seconds, got {text!r}")
    return lease


def _rate(get: Callable[[str], str | None], name: str, default: RequestRate) -> RequestRate:
    text = get(name)
    return default if text is None else RequestRate.parse(text, what=name)


def _replica_urls(text: str) -> tuple[str, ...]:
    """Of each any host will do that answers, unless the address says otherwise."""
    for url in text.split():
        database_url(url, what="DIALPLANE_REPLICA_URL")
    return tuple(text.split())


def _egress(text: str | None, *, sandbox: bool) -> tuple[IPv4Network | IPv6Network, ...]:
    """Absent: the loopback in the sandbox, where webhooks are tried out, and nothing elsewhere. Empty: nothing."""
    if text is None:
        return LOOPBACK if sandbox else ()
    return _networks(text, what="DIALPLANE_EGRESS_ALLOW")


def _networks(text: str, *, what: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(word) for word in _words(text))
    except ValueError as fault:
        raise SettingError(f"{what} must be networks such as 10.0.0.0/8,::1/128: {fault}") from fault


def _name_servers(text: str) -> tuple[Endpoint, ...]:
    """Addresses, with a port where it is not the usual one."""
    found = []
    for word in _words(text):
        try:
            place = Endpoint(str(ip_address(word.strip("[]"))), _DNS_PORT)
        except ValueError:
            place = Endpoint.parse(word, what="DIALPLANE_NAME_SERVERS")
        try:
            ip_address(place.host)
        except ValueError as fault:
            raise SettingError(
                f"DIALPLANE_NAME_SERVERS must be addresses such as 192.0.2.53 or 127.0.0.1:5353, got {word[:64]!r}"
            ) from fault
        found.append(place)
    return tuple(found)


def _permissions(text: str | None) -> tuple[RolePermission, ...]:
    """Absent: the usual ones. Empty: none."""
    if text is None:
        return DEVELOPER
    try:
        return tuple(map(RolePermission.parse, text.split()))
    except Invalid as fault:
        raise SettingError(f"DIALPLANE_DEVELOPER_PERMISSIONS: {fault.message}") from fault


def _speech_provider(text: str, gcp_key: str) -> str:
    if text not in ("", "embedded", "gcp"):
        raise SettingError(f"DIALPLANE_SPEECH_PROVIDER must be embedded or gcp, got {text!r}")
    if text == "gcp" and not gcp_key:
        raise SettingError("DIALPLANE_SPEECH_PROVIDER is gcp, but DIALPLANE_GCP_KEY is not set")
    return text


def _http_address(text: str, *, what: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise SettingError(f"{what} must be an http or https address, got {text!r}")
    return text


def _smtp(text: str) -> str:
    if text and not text.startswith(("smtp://", "smtp+starttls://", "smtps://")):
        raise SettingError("DIALPLANE_SMTP must begin with smtp://, smtp+starttls:// or smtps://")
    return text


def _command(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as fault:
        raise SettingError(f"DIALPLANE_DOCUMENT_SCANNER must be a command as a shell reads it: {fault}") from fault


def _kept(text: str) -> Kept:
    kept: dict[Kind, timedelta] = {}
    for word in _words(text):
        kind, _, days = word.partition("=")
        if kind not in set(Kind) or _days(days, what=f"DIALPLANE_KEPT's {kind}") < LEAST:
            raise SettingError(
                f"DIALPLANE_KEPT must be such as calls=400, in days, {LEAST.days} at least, of {', '.join(Kind)};"
                f" got {word!r}"
            )
        kept[Kind(kind)] = timedelta(days=int(days))
    if Kind.EVENTS in kept and kept.get(Kind.DELIVERIES, timedelta.max) > kept[Kind.EVENTS]:
        raise SettingError("DIALPLANE_KEPT must keep deliveries for no longer than events: they are of events")
    return kept


def _words(text: str) -> list[str]:
    return text.replace(",", " ").lower().split()


def _domain(text: str) -> str:
    """One word, which stays one in DIALPLANE_SIP_DOMAINS."""
    if _words(text) != [text.lower()]:
        raise SettingError(f"--sip-domain: {text[:64]!r} is no host name or address")
    return text.lower()


def _flag(text: str, *, what: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise SettingError(f"{what} must be 1 or 0, got {text!r}")


def _seconds(text: str, *, what: str) -> timedelta:
    if not text.isdecimal():
        raise SettingError(f"{what} must be a number of seconds, got {text!r}")
    return timedelta(seconds=int(text))


def _days(text: str, *, what: str) -> timedelta:
    if not text.isdecimal() or len(text) > 5:
        raise SettingError(f"{what} must be a number of days, got {text!r}")
    return timedelta(days=int(text))
