"""The demo documents that Restcomm's pages point numbers at are served here, for anybody."""

import wave
from io import BytesIO
from xml.etree.ElementTree import fromstring

import pytest

from tests.faces.conftest import Client


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("path", "verb"),
    [
        ("/restcomm/demos/hello-play.xml", "Play"),
        ("/restcomm/demos/hello-world.xml", "Say"),
        ("/restcomm/demos/dial/client/dial-client.xml", "Dial"),
    ],
)
async def test_document_of_the_pages_is_asked_as_numbers_ask(
    anonymous: Client, method: str, path: str, verb: str
) -> None:
    answer = await anonymous.ask(method, path)

    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert [each.tag for each in fromstring(answer.raw)] == [verb]


async def test_sound_of_the_demo_can_be_played(anonymous: Client) -> None:
    answer = await anonymous.ask("GET", "/restcomm/demos/hello.wav")

    with wave.open(BytesIO(answer.raw)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 8000, 9600)


async def test_echo_gives_a_text_back_as_it_is(anonymous: Client) -> None:
    answer = await anonymous.ask("GET", "/api/demos/echo.xml?Body=%3CSay%3E+%26")

    assert [(each.tag, each.text) for each in fromstring(answer.raw)] == [("Sms", "<Say> &")]


async def test_unknown_demo_is_not_found(anonymous: Client) -> None:
    assert (await anonymous.ask("GET", "/restcomm/demos/none.xml")).status == 404
