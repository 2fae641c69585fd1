"""The voice process: SIP, and the programs of live calls."""

from collections.abc import Callable

from dialplane.adapters.http.certificates import FetchedCertificates
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.http.sockets import GuardedSockets
from dialplane.adapters.postgres.database import connect
from dialplane.adapters.postgres.hints import NODE_CHANNEL, PostgresHints
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.bootstrap.helpers import assistants, post
from dialplane.bootstrap.process import Stop, announce, run_loop, settle_memory
from dialplane.bootstrap.speech import clouds, google, recognizer
from dialplane.bootstrap.store import find_seal
from dialplane.config.settings import Settings
from dialplane.config.values import Endpoint
from dialplane.media.client import MediaClient
from dialplane.voice.deps import VoiceDeps
from dialplane.voice.main import serve

_CONNECTIONS = 10


def run(settings: Settings) -> None:
    """Take calls until told to stop; live ones may end within the drain time, unless told twice (AV-1)."""
    run_loop(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = Stop()
    seal = await find_seal(settings)
    database = await connect(settings.require_database(), seal, max_size=_CONNECTIONS, plans_once=True)
    media = MediaClient(settings.media_socket, advertised_host=settings.advertised_host)
    try:
        await media.start()
        async with (
            GuardedClient(allow=settings.egress_allow) as client,
            GuardedSockets(client) as sockets,
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
                reach=client.find_address,
                certificates=FetchedCertificates(client),
                hints=PostgresHints(settings.require_database(), NODE_CHANNEL),
                node=settings.node,
                host=settings.sip.host,
                port=settings.sip.port,
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
                calls_per_second=settings.call_rate.per_second,
                calls_at_once=settings.call_rate.burst,
                public_url=settings.where_clients_are,
                document_timeout_s=settings.document_timeout.total_seconds(),
                on_ready=lambda port: _ready(Endpoint(settings.sip.host, port)),
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


def _ready(sip: Endpoint) -> None:
    settle_memory()
    announce("voice", sip=f"sip:{sip}")


def _setter(media: MediaClient) -> Callable[[Callable[[], None]], None]:
    def set_lost(told: Callable[[], None]) -> None:
        media.on_lost = told

    return set_lost
