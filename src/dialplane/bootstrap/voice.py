"""The voice process: SIP, and the programs of live calls."""

import asyncio
from collections.abc import Callable

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import connect
from dialplane.adapters.postgres.hints import NODE_CHANNEL, PostgresHints
from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.bootstrap.helpers import assistants, post
from dialplane.bootstrap.process import Stop, announce, background, run_loop, settle_memory
from dialplane.config import Endpoint, Settings
from dialplane.media.client import MediaClient
from dialplane.services.settings import nonce_secret
from dialplane.voice.main import VoiceDeps, serve

_CONNECTIONS = 10


def run(settings: Settings) -> None:
    """Take calls until told to stop; live ones may end within the drain time (AV-1)."""
    run_loop(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = Stop()
    database = await connect(settings.require_database(), max_size=_CONNECTIONS, plans_once=True)
    media = MediaClient(settings.media_socket, advertised_host=settings.advertised_host)
    try:
        await media.start()
        async with GuardedClient(allow=settings.egress_allow) as client, background() as tasks:
            prompts = SpeechPrompts(settings.prompts, client)
            await prompts.start()
            deps = VoiceDeps(
                database=database,
                media=media,
                prompts=prompts,
                web=client,
                hints=PostgresHints(settings.require_database(), NODE_CHANNEL),
                node=settings.node,
                host=settings.sip.host,
                port=settings.sip.port,
                advertised_host=settings.advertised_host or None,
                recordings=settings.recordings,
                nonce_secret=await nonce_secret(database),
                assistants=assistants(settings),
                post=post(settings),
                keeps_signalling=bool(settings.signalling_kept),
                drain_s=settings.drain.total_seconds(),
                public_url=settings.where_clients_are,
                document_timeout_s=settings.document_timeout.total_seconds(),
                on_ready=lambda port: _ready(Endpoint(settings.sip.host, port)),
                set_media_lost=_setter(media),
            )
            serving = asyncio.current_task()
            assert serving is not None
            tasks.create_task(_end_at_once(stop, serving))
            await serve(deps, stop.asked)
            await prompts.close()
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


async def _end_at_once(stop: Stop, serving: "asyncio.Task[None]") -> None:
    """The second order does not wait for live calls: they are hung up and billed."""
    await stop.now.wait()
    serving.cancel()
