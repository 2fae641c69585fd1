"""The simulated carrier's phones: a user agent of their own, which outbound PSTN calls of the sandbox go to."""

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.bootstrap.process import Stop, announce, run_loop
from dialplane.config.settings import Settings
from dialplane.config.values import Endpoint
from dialplane.media.client import MediaClient
from dialplane.phone.carrier import SimulatedCarrier
from dialplane.phone.softphone import Softphone


def run(settings: Settings) -> None:
    """Answer, be busy, ring out, … by the last digits, until told to stop."""
    run_loop(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = Stop()
    media = MediaClient(settings.media_socket)
    try:
        await media.start()
        async with GuardedClient() as client:
            prompts = SpeechPrompts(settings.prompts, client)
            phone = Softphone(
                media,
                host=settings.carrier_sip.host,
                port=settings.carrier_sip.port,
                manners=SimulatedCarrier(prompts).take,
                user_agent="Dialplane-sandbox-carrier",
            )
            async with phone:
                announce("sandbox-carrier", sip=f"sip:{Endpoint(phone.agent.host, phone.agent.port)}")
                await stop.asked.wait()
            await prompts.close()
    finally:
        await media.stop()
