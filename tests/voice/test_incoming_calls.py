"""A real phone rings numbers of the platform: what it hears, presses and is told."""

from dialplane.domain.calls import CallStatus, HangupReason
from tests.voice.platform import VoiceNode

ANSWER: dict[str, object] = {"type": "answer"}


def talk(text: str) -> dict[str, object]:
    return {"type": "talk", "option": {"text": text, "language": "en-US"}}


async def test_call_is_answered_spoken_to_and_hung_up(node: VoiceNode) -> None:
    await node.number("+12025550143", ANSWER, talk("Hello there"))
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")

        assert await call.wait_answered()
        await call.ended.wait()

    record = await node.ended_call()
    assert record.status is CallStatus.HANGUP
    assert record.hangup_reason is HangupReason.NORMAL
    assert record.raw_destination == "+12025550143"
    told = [event for event in await node.events() if event.startswith("call_")]
    assert told == ["call_created", "call_progressing", "call_terminating", "call_hangup"]
    assert await node.run_of(record) == ("ended", ["answer", "talk"])
