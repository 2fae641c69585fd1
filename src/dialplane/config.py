"""Every setting, read and checked once at the start; nothing else looks at the environment.

A setting comes from the command line, else from `DIALPLANE_…`, else from the default here. `to_environment` gives
the settings on to a child process in the same variables, so that a role reads them one way whoever started it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from dialplane.domain.errors import Invalid
from dialplane.domain.role_permissions import DEVELOPER, RolePermission

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off", "")
_MASTER_KEY = re.compile(r"[0-9A-Fa-f]{64}")


class SettingError(ValueError):
    """A setting that cannot be; the text names the variable and says what it should look like."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a port to listen on; port 0 takes any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, *, what: str) -> "Endpoint":
        """`127.0.0.1:8080` or `[::1]:8080`. Raises SettingError naming `what`."""
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdecimal() or int(port) > 65535:
            raise SettingError(f"{what} must be HOST:PORT, such as 127.0.0.1:8080, got {text!r}")
        return cls(host.strip("[]"), int(port))

    @property
    def url_host(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        return f"{self.url_host}:{self.port}"


@dataclass(frozen=True, slots=True)
class PortRange:
    """UDP ports from `first` to `last`, both included."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str, *, what: str) -> "PortRange":
        """`20000-29999`. Raises SettingError naming `what`."""
        first, dash, last = text.partition("-")
        if not dash or not first.isdecimal() or not last.isdecimal():
            raise SettingError(f"{what} must be FIRST-LAST, such as 20000-29999, got {text!r}")
        if not 1024 <= int(first) < int(last) <= 65535:
            raise SettingError(f"{what} must lie between 1024 and 65535, the first below the last, got {text!r}")
        return cls(int(first), int(last))

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class RequestRate:
    """Requests that are let through: so many a second for good, and `burst` at once."""

    per_second: float
    burst: int

    @classmethod
    def parse(cls, text: str, *, what: str) -> "RequestRate":
        """`16.7/33`. Raises SettingError naming `what`."""
        per_second, slash, burst = text.partition("/")
        try:
            rate = cls(float(per_second), int(burst))
        except ValueError:
            rate = cls(0, 0)
        if not slash or not 0 < rate.per_second <= 1_000_000 or not 0 < rate.burst <= 1_000_000:
            raise SettingError(f"{what} must be PER_SECOND/BURST, such as 16.7/33, got {text!r}")
        return rate

    def __str__(self) -> str:
        return f"{self.per_second:g}/{self.burst}"


DOCUMENTED_ACCOUNT_RATE = RequestRate(16.7, 33)
DOCUMENTED_ADDRESS_RATE = RequestRate(200, 400)
"""VoIPBIN's limits (reference 1.9), for a service that strangers use."""
SANDBOX_RATE = RequestRate(2000, 4000)
"""In the sandbox everything comes from one machine, and load tests should measure the platform and not the limit."""
SANDBOX_DRAIN = timedelta(seconds=10)
"""Whoever tries the platform out does not want to wait for a forgotten call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may set. Each default has its reason beside it."""

    data: Path = Path("var")
    """Below the current folder: a trial leaves nothing elsewhere."""
    database_url: str = field(default="", repr=False)
    """`postgresql://…` of a Postgres of yours; empty: `up` starts the embedded one. May hold a password."""
    master_key: str = field(default="", repr=False)
    """64 hex digits, under which secrets are sealed in the database; empty: those of the file `master.key` in the data
    folder, which `up` draws for a Postgres of its own. With neither, the key lies in the database itself, for all its
    processes to find: then a copy of the database still holds what opens it."""
    http: Endpoint = Endpoint("127.0.0.1", 8080)
    """The loopback: nothing is reachable from outside until somebody says so."""
    sip: Endpoint = Endpoint("127.0.0.1", 5060)
    advertised_host: str = ""
    """The address that peers are told to send SIP and audio to, where it is not the one bound to (NAT, 0.0.0.0)."""
    rtp: PortRange = PortRange(20000, 29999)
    """Room for 5,000 legs; below the range from which Linux takes ports for outgoing connections (32768)."""
    sip_domains: tuple[str, ...] = ()
    """SIP domains of the sandbox's organization; the SIP host itself always is one."""
    sip_origins: tuple[str, ...] = ()
    """Origins (`https://phone.example.com`) of pages that may open a websocket for SIP; none named: any, as SIP itself
    asks for a password."""
    node: str = "local"
    """The name of this voice node; two nodes on one database need two names."""
    sandbox: bool = True
    """Whether there is a simulated carrier with stock and an account with play money."""
    egress_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks that tenants' URLs may lead to. None: nobody wants a tenant to read its internal services."""
    carrier_sip: Endpoint = Endpoint("127.0.0.1", 0)
    """Where the simulated carrier's own user agent listens."""
    gate: Endpoint = Endpoint("127.0.0.1", 0)
    """Where a voice node gives calls' audio to the API. With the API on another host: an address of an internal
    network, since what is said in calls goes over it."""
    run: Path | None = None
    """Where the processes' sockets lie; `run` in the data folder where not set."""
    public_url: str = ""
    """Where clients reach the HTTP server, such as `https://voice.example.com`, for the addresses that callbacks name
    (recordings); the HTTP address where not set, because behind no proxy it is the same."""
    document_timeout: timedelta = timedelta(seconds=6)
    """How long a tenant's server may take for an XML document: Restcomm's time; callers hear silence meanwhile."""
    drain: timedelta = timedelta(hours=1)
    """How long running calls may go on after the order to stop (AV-1); 10 seconds in the sandbox."""
    account_rate: RequestRate = DOCUMENTED_ACCOUNT_RATE
    """Of one account on the API, agents and access keys together; the sandbox's is higher."""
    address_rate: RequestRate = DOCUMENTED_ADDRESS_RATE
    """Of one client address on the API; the sandbox's is higher."""
    signalling_kept: timedelta = timedelta(days=7)
    """How long the SIP messages of a call can be looked at; zero: not at all. A week finds most complaints."""
    assistant_url: str = ""
    """Base of an OpenAI-compatible API (`https://host/v1`) for the `ai_…` actions; empty: simple rules."""
    assistant_key: str = field(default="", repr=False)
    assistant_model: str = "gpt-4o-mini"
    """Named in each request; most such APIs need one."""
    smtp: str = field(default="", repr=False)
    """`smtp://`, `smtp+starttls://` or `smtps://` of a mail server; empty: e-mails stay in the outbox."""
    mail_from: str = "dialplane@localhost"
    """The sender of e-mails that name none."""
    developer_permissions: tuple[RolePermission, ...] = DEVELOPER
    """What accounts of Restcomm's role Developer may do: everything but making and changing accounts."""

    @property
    def where_clients_are(self) -> str:
        """The public address, without a slash at the end."""
        return (self.public_url or f"http://{self.http}").rstrip("/")

    gcp_key: str = field(default="", repr=False)
    """API key of Google Cloud's Text-to-Speech and Speech-to-Text; empty: the provider `gcp` is not configured."""
    gcp_tts_url: str = "https://texttospeech.googleapis.com"
    gcp_stt_url: str = "https://speech.googleapis.com"
    speech_provider: str = ""
    """Who speaks and listens where nobody is named: `embedded` (the default, no account needed) or `gcp`."""
    speech_fallback: bool = True
    """Whether the embedded voice and ear stand in for a cloud that is not configured: flows of other platforms name
    one nearly always. False: such a flow is told."""

    @property
    def credentials(self) -> Path:
        """The operator's and the sandbox's credentials between two starts; mode 0600."""
        return self.data / "credentials.json"

    @property
    def master_key_file(self) -> Path:
        return self.data / "master.key"

    @property
    def media_socket(self) -> Path:
        return (self.run or self.data / "run") / "media.sock"

    @property
    def recordings(self) -> Path:
        return self.data / "recordings"

    @property
    def documents(self) -> Path:
        return self.data / "documents"

    @property
    def prompts(self) -> Path:
        return self.data / "prompts"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    def require_database(self) -> str:
        """The database's address. Raises SettingError where none is set."""
        if not self.database_url:
            raise SettingError(
                "DATABASE_URL is not set: this role needs a Postgres, such as postgresql://host/dialplane"
            )
        return self.database_url

    def find_master_key(self) -> bytes | None:
        """The key under which secrets are sealed: the one that is set, else the file's; None where there is neither.

        Raises SettingError where it is no key.
        """
        text = self.master_key
        if not text:
            try:
                text = self.master_key_file.read_text().strip()
            except FileNotFoundError:
                return None
            except OSError as fault:
                raise SettingError(f"{self.master_key_file} cannot be read: {fault.strerror}") from fault
        if not _MASTER_KEY.fullmatch(text):
            raise SettingError("The master key must be 64 hex digits, such as `openssl rand -hex 32` gives")
        return bytes.fromhex(text)


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings that the environment gives. Raises SettingError."""
    defaults = Settings()
    get = environment.get
    sandbox = _flag(get("DIALPLANE_SANDBOX", "1"), what="DIALPLANE_SANDBOX")
    return Settings(
        data=Path(get("DIALPLANE_DATA", str(defaults.data))),
        database_url=_database_url(get("DATABASE_URL", "")),
        master_key=get("DIALPLANE_MASTER_KEY", ""),
        http=Endpoint.parse(get("DIALPLANE_HTTP", str(defaults.http)), what="DIALPLANE_HTTP"),
        sip=Endpoint.parse(get("DIALPLANE_SIP", str(defaults.sip)), what="DIALPLANE_SIP"),
        advertised_host=get("DIALPLANE_ADVERTISED_HOST", defaults.advertised_host),
        rtp=PortRange.parse(get("DIALPLANE_RTP", str(defaults.rtp)), what="DIALPLANE_RTP"),
        sip_domains=tuple(_words(get("DIALPLANE_SIP_DOMAINS", ""))),
        sip_origins=tuple(_words(get("DIALPLANE_SIP_ORIGINS", ""))),
        node=get("DIALPLANE_NODE", defaults.node),
        sandbox=sandbox,
        egress_allow=_networks(get("DIALPLANE_EGRESS_ALLOW"), sandbox=sandbox),
        carrier_sip=Endpoint.parse(
            get("DIALPLANE_CARRIER_SIP", str(defaults.carrier_sip)), what="DIALPLANE_CARRIER_SIP"
        ),
        gate=Endpoint.parse(get("DIALPLANE_GATE", str(defaults.gate)), what="DIALPLANE_GATE"),
        run=Path(run) if (run := get("DIALPLANE_RUN", "")) else None,
        public_url=_public_url(get("DIALPLANE_PUBLIC_URL", "")),
        document_timeout=_document_timeout(get("DIALPLANE_DOCUMENT_TIMEOUT_S")),
        drain=_drain(get("DIALPLANE_DRAIN_S"), sandbox=sandbox),
        account_rate=_rate(get, "DIALPLANE_ACCOUNT_RATE", SANDBOX_RATE if sandbox else DOCUMENTED_ACCOUNT_RATE),
        address_rate=_rate(get, "DIALPLANE_ADDRESS_RATE", SANDBOX_RATE if sandbox else DOCUMENTED_ADDRESS_RATE),
        signalling_kept=_days(get("DIALPLANE_SIGNALLING_KEPT", "7"), what="DIALPLANE_SIGNALLING_KEPT"),
        assistant_url=_http_address(get("DIALPLANE_ASSISTANT_URL", ""), what="DIALPLANE_ASSISTANT_URL"),
        assistant_key=get("DIALPLANE_ASSISTANT_KEY", ""),
        assistant_model=get("DIALPLANE_ASSISTANT_MODEL", defaults.assistant_model),
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
    return {
        "DIALPLANE_DATA": str(settings.data),
        "DATABASE_URL": settings.database_url,
        "DIALPLANE_MASTER_KEY": settings.master_key,
        "DIALPLANE_HTTP": str(settings.http),
        "DIALPLANE_SIP": str(settings.sip),
        "DIALPLANE_ADVERTISED_HOST": settings.advertised_host,
        "DIALPLANE_RTP": str(settings.rtp),
        "DIALPLANE_SIP_DOMAINS": " ".join(settings.sip_domains),
        "DIALPLANE_SIP_ORIGINS": " ".join(settings.sip_origins),
        "DIALPLANE_NODE": settings.node,
        "DIALPLANE_SANDBOX": "1" if settings.sandbox else "0",
        "DIALPLANE_EGRESS_ALLOW": ",".join(str(network) for network in settings.egress_allow),
        "DIALPLANE_CARRIER_SIP": str(settings.carrier_sip),
        "DIALPLANE_GATE": str(settings.gate),
        "DIALPLANE_RUN": str(settings.run or ""),
        "DIALPLANE_PUBLIC_URL": settings.public_url,
        "DIALPLANE_DOCUMENT_TIMEOUT_S": f"{settings.document_timeout.total_seconds():g}",
        "DIALPLANE_DRAIN_S": str(int(settings.drain.total_seconds())),
        "DIALPLANE_ACCOUNT_RATE": str(settings.account_rate),
        "DIALPLANE_ADDRESS_RATE": str(settings.address_rate),
        "DIALPLANE_SIGNALLING_KEPT": str(settings.signalling_kept.days),
        "DIALPLANE_ASSISTANT_URL": settings.assistant_url,
        "DIALPLANE_ASSISTANT_KEY": settings.assistant_key,
        "DIALPLANE_ASSISTANT_MODEL": settings.assistant_model,
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
    if rtp is not None:
        changed = replace(changed, rtp=PortRange.parse(rtp, what="--rtp"))
    if sip_domains:
        changed = replace(changed, sip_domains=tuple(domain.lower() for domain in sip_domains))
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


def _drain(text: str | None, *, sandbox: bool) -> timedelta:
    if text is None:
        return SANDBOX_DRAIN if sandbox else Settings().drain
    return _seconds(text, what="DIALPLANE_DRAIN_S")


def _public_url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise SettingError(f"DIALPLANE_PUBLIC_URL must begin with http:// or https://, got {text!r}")
    return text


def _document_timeout(text: str | None) -> timedelta:
    if text is None:
        return Settings().document_timeout
    timeout = _seconds(text, what="DIALPLANE_DOCUMENT_TIMEOUT_S")
    if not timedelta(seconds=1) <= timeout <= timedelta(seconds=60):
        raise SettingError(f"DIALPLANE_DOCUMENT_TIMEOUT_S must be 1 to 60 seconds, got {text!r}")
    return timeout


def _rate(get: Callable[[str], str | None], name: str, default: RequestRate) -> RequestRate:
    text = get(name)
    return default if text is None else RequestRate.parse(text, what=name)


def _database_url(text: str) -> str:
    if text and not text.startswith(("postgresql://", "postgres://")):
        raise SettingError("DATABASE_URL must begin with postgresql://")
    return text


def _networks(text: str | None, *, sandbox: bool) -> tuple[IPv4Network | IPv6Network, ...]:
    """Absent: the loopback in the sandbox, where webhooks are tried out, and nothing elsewhere. Empty: nothing."""
    if text is None:
        return LOOPBACK if sandbox else ()
    try:
        return tuple(ip_network(word) for word in _words(text))
    except ValueError as fault:
        raise SettingError(f"DIALPLANE_EGRESS_ALLOW must be networks such as 10.0.0.0/8,::1/128: {fault}") from fault


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


def _words(text: str) -> list[str]:
    return text.replace(",", " ").lower().split()


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
