"""The voice process: SIP, and the programs of live calls."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from prometheus_client.metrics_core import Metric

from dialplane import __version__
from dialplane.adapters.http.certificates import FetchedCertificates
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.http.sockets import GuardedSockets
from dialplane.adapters.postgres.hints import NODE_CHANNEL, PostgresHints
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.adapters.sip.homer import HomerTap
from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.bootstrap.helpers import assistants, post
from dialplane.bootstrap.monitor import Monitor, monitored
from dialplane.bootstrap.names import names_of_node
from dialplane.bootstrap.process import Stop, announce, run_loop, settle_memory
from dialplane.bootstrap.role_metrics import media_metrics, voice_dependencies, voice_metrics
from dialplane.bootstrap.speech import clouds, google, recognizer
from dialplane.bootstrap.store import open_store
from dialplane.bootstrap.tls import own_certificate, tls_ends
from dialplane.bootstrap.tracing import find_tracing
from dialplane.config.settings import Settings
from dialplane.config.values import Endpoint, SettingError
from dialplane.media.client import MediaClient
from dialplane.sip.transaction_peer import Source
from dialplane.voice.deps import VoiceDeps
from dialplane.voice.figures import NodeFigures
from dialplane.voice.main import serve
from dialplane.voice.useragent.transport import TlsEnds


def run(settings: Settings) -> None:
    """Take calls until told to stop; live ones may end within the drain time, unless told twice (AV-1)."""
    run_loop(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = Stop()
    store = await open_store(settings, "voice", for_calls=True)
    database, seal = store.database, store.database.seal
    media = MediaClient(settings.media_socket, advertised_host=settings.advertised_host)
    looked_at = _LookedAt(media)
    tracing = find_tracing(settings, "voice")
    homer = _homer(settings)
    asked = names_of_node(settings)
    try:
        await media.start()
        async with (
            GuardedClient(allow=settings.egress_allow) as client,
            GuardedSockets(client) as sockets,
            monitored(Monitor("voice", looked_at.gather, looked_at.dependencies), settings.metrics) as metrics,
        ):
            cloud = google(settings)
            prompts = SpeechPrompts(settings.prompts, client, clouds=clouds(settings, cloud))
            await prompts.start()
            ears = recognizer(settings, cloud)
            deps = VoiceDeps(
                database=database,
                media=media,
                prompts=prompts,
                recognizer=ears,
                web=client,
                sockets=sockets,
                may_reach=client.may_reach,
                names=asked,
                certificates=FetchedCertificates(client),
                hints=PostgresHints(store.dsn, NODE_CHANNEL),
                node=settings.node,
                host=settings.sip.host,
                port=settings.sip.port,
                edges=[Source(edge.host, edge.port, "udp") for edge in settings.edges],
                tls=_tls(settings),
                advertised_host=settings.advertised_host or None,
                recordings=settings.recordings,
                nonce_secret=seal.secret_for("nonces of SIP digest").encode(),
                signer=JwtSigner(seal.secret_for("sign-in tokens")),
                gate_host=settings.gate.host,
                gate_port=settings.gate.port,
                assistants=assistants(settings),
                post=post(settings),
                keeps_signalling=bool(settings.signalling_kept),
                drain_s=settings.drain.total_seconds(),
                lease_s=settings.node_lease.total_seconds(),
                version=__version__,
                calls_per_second=settings.call_rate.per_second,
                calls_at_once=settings.call_rate.burst,
                public_url=settings.where_clients_are,
                document_timeout_s=settings.document_timeout.total_seconds() if settings.document_timeout else None,
                on_ready=lambda port: _ready(Endpoint(settings.sip.host, port), metrics),
                observe=looked_at.begin,
                looker_on=homer,
                tell_over=tracing.call_over if tracing else None,
                set_media_lost=_setter(media),
            )
            await serve(deps, stop.asked, stop.now)
            await prompts.close()
            await ears.close()
            if cloud is not None:
                await cloud.close()
    finally:
        await media.stop()
        await database.close()
        asked.close()
        if homer is not None:
            homer.close()
        if tracing is not None:
            await asyncio.to_thread(tracing.close)


def _homer(settings: Settings) -> HomerTap | None:
    if not settings.hep:
        return None
    place = Endpoint.parse(settings.hep.removeprefix("udp://"), what="DIALPLANE_HEP")
    near = (settings.advertised_host or settings.sip.host, settings.sip.port)
    return HomerTap(place.host, place.port, node=settings.node, near=near)


class _LookedAt:
    """The node and its media process as the monitor sees them; the monitor is there first."""

    def __init__(self, media: MediaClient) -> None:
        self._media = media
        self._figures: NodeFigures | None = None

    def begin(self, figures: NodeFigures) -> None:
        self._figures = figures

    async def gather(self) -> Iterable[Metric]:
        own = voice_metrics(self._figures) if self._figures is not None else ()
        return [*own, *await media_metrics(self._media)]

    def dependencies(self) -> Mapping[str, str]:
        return {"calls": "not yet taken"} if self._figures is None else voice_dependencies(self._figures, self._media)


def _tls(settings: Settings) -> TlsEnds | None:
    """Raises SettingError where what is set does not do."""
    if settings.sip_tls is None:
        return None
    shown = own_certificate(settings, settings.sip_tls.host)
    if shown is None:
        raise SettingError("SIP over TLS needs DIALPLANE_TLS_CERTIFICATE and DIALPLANE_TLS_KEY")
    return tls_ends(settings.sip_tls, *shown, settings.tls_authorities)


def _ready(sip: Endpoint, metrics: str) -> None:
    settle_memory()
    announce("voice", sip=f"sip:{sip}", metrics=metrics)


def _setter(media: MediaClient) -> Callable[[Callable[[], None]], None]:
    def set_lost(told: Callable[[], None]) -> None:
        media.on_lost = told

    return set_lost
