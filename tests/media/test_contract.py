"""The media client and the speech adapter are what the call runtime's ports ask for: the type checker proves it."""

from pathlib import Path

from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.media.client import MediaClient
from dialplane.voice.ports import Media, MediaLeg, MediaRoom, Prompts
from tests.media.conftest import Party


def as_port(media: Media) -> Media:
    return media


def as_prompts(prompts: Prompts) -> Prompts:
    return prompts


class _NoWeb:
    async def get(self, url: str, *, limit: int, timeout_s: float) -> tuple[bytes, str]:
        raise AssertionError(url)


async def test_client_and_speech_fulfil_the_runtimes_ports(media: MediaClient, tmp_path: Path, party: Party) -> None:
    prompts = as_prompts(SpeechPrompts(tmp_path, _NoWeb()))
    leg: MediaLeg = await as_port(media).open()
    room: MediaRoom = await as_port(media).open_room()
    leg.connect(party.remote())

    ended = await leg.play([await prompts.beep()])

    assert ended == "finished"
    await room.close()
    assert (await leg.close()).packets_sent >= 25
