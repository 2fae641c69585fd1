"""The SMPP process: accounts' systems bind to it, and it binds to carriers."""

from collections.abc import Sequence
from ipaddress import ip_address

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.link import SMPP_CHANNEL, SMPP_LOCK, PostgresLink
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.binds.deps import BindsDeps, TlsServer
from dialplane.binds.main import serve
from dialplane.bootstrap.presence import present
from dialplane.bootstrap.process import Stop, announce, run_loop, settle_memory
from dialplane.bootstrap.store import open_store
from dialplane.bootstrap.tls import client_context, own_certificate, server_context
from dialplane.config.settings import Settings
from dialplane.config.values import Endpoint, SettingError
from dialplane.domain.networks import is_allowed
from dialplane.domain.operating.nodes import Role


def run(settings: Settings) -> None:
    """Serve until told to stop; peers are unbound from in order."""
    run_loop(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = Stop()
    store = await open_store(settings, "smpp")
    database = store.database
    try:
        async with GuardedClient(allow=settings.egress_allow) as client:
            deps = BindsDeps(
                database,
                PostgresLink(store.dsn, lock=SMPP_LOCK, channel=SMPP_CHANNEL),
                Argon2Hasher(),
                resolve=lambda host: _resolve(client, host),
                host=settings.smpp.host,
                port=settings.smpp.port,
                tls=_tls(settings),
                tls_client=client_context(settings.tls_authorities, None),
                on_ready=lambda port: _ready(settings.smpp.host, port),
            )
            async with present(database, Role.SMPP):
                await serve(deps, stop.asked)
    finally:
        await database.close()


def _ready(host: str, port: int) -> None:
    settle_memory()
    announce("smpp", smpp=f"smpp://{Endpoint(host, port)}")


def _tls(settings: Settings) -> TlsServer | None:
    """Raises SettingError where what is set does not do."""
    if settings.smpp_tls is None:
        return None
    shown = own_certificate(settings, settings.smpp_tls.host)
    if shown is None:
        raise SettingError("SMPP over TLS needs DIALPLANE_TLS_CERTIFICATE and DIALPLANE_TLS_KEY")
    return TlsServer(settings.smpp_tls.host, settings.smpp_tls.port, server_context(shown))


async def _resolve(client: GuardedClient, host: str) -> Sequence[str]:
    """Raises OSError where one of the addresses may not be connected to (SSRF-2)."""
    found = [text.partition("%")[0] for text in await client.resolve(host)]
    if not found or not all(is_allowed(ip_address(each), client.allow) for each in found):
        raise OSError(
            f"{host} leads to an address that is not public; DIALPLANE_EGRESS_ALLOW names networks that may be"
        )
    return found
