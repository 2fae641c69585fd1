"""Gather with speech on real calls: what is said, and what is keyed in, over SIP and RTP (Restcomm reference 5.5)."""

import asyncio

from dialplane.domain.numbering.targets import DocumentTarget
from tests.voice.documents import Page, document_number, document_server
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"


def asking(attributes: str, prompt: str = "What can we do for you?") -> str:
    return (
        f'<Response><Gather action="/heard" hints="sales, support, billing" {attributes}><Say>{prompt}</Say></Gather>'
        "<Hangup/></Response>"
    )


async def test_spoken_word_stops_the_prompt_and_goes_to_the_action(node: VoiceNode) -> None:
    """A prompt of half a minute; the partial results are told too."""
    long_prompt = "Please listen carefully, because our menu has changed. " * 8
    attributes = 'input="speech" partialResultCallback="/partial"'
    pages: dict[str, Page] = {
        "/start": asking(attributes, long_prompt),
        "/heard": "<Response><Hangup/></Response>",
        "/partial": 200,
    }
    async with document_server(pages) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        word = await node.prompts.say("support", language="en-US", gender="female", voice_id="")
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        answered = asyncio.get_running_loop().time()

        await call.play(word)
        await call.ended.wait()

        (heard,) = server.asked("/heard")
        took_s = asyncio.get_running_loop().time() - answered
        partials = server.asked("/partial")
    assert heard["SpeechResult"] == "support"
    assert took_s < 25
    assert partials
    assert (partials[-1]["UnstableSpeechResult"], partials[0]["Stability"]) == ("support", "0.00")


async def test_key_comes_first_where_both_are_taken(node: VoiceNode) -> None:
    pages = {
        "/start": asking('input="dtmf speech" numDigits="1"'),
        "/heard": "<Response><Hangup/></Response>",
    }
    async with document_server({**pages}) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()

        await call.send_digits("4")
        await call.ended.wait()

        (heard,) = server.asked("/heard")
    assert (heard["Digits"], heard.get("SpeechResult")) == ("4", None)


async def test_nothing_said_in_time_goes_on_with_the_next_verb(node: VoiceNode) -> None:
    async with (
        document_server({"/start": asking('input="speech" timeout="1"', "Yes?")}) as server,
        node.phone() as phone,
    ):
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        call = await node.ring(phone, NUMBER)

        await call.ended.wait()

        assert server.asked("/heard") == []
    record = await node.ended_call()
    assert (await node.run_of(record))[1] == ["document", "Gather", "Hangup"]


async def test_language_that_is_not_recognised_goes_on_with_the_next_verb(node: VoiceNode) -> None:
    async with (
        document_server({"/start": asking('input="speech" language="de-DE"')}) as server,
        node.phone() as phone,
    ):
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        call = await node.ring(phone, NUMBER)

        await call.ended.wait()

        assert server.asked("/heard") == []
