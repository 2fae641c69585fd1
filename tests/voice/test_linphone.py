"""linphone as an extension that calls and is called: another SIP and RTP stack that is not ours."""

import asyncio
from pathlib import Path

import pytest

from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.numbering.targets import ForwardTarget
from tests.effort import PATIENCE_S
from tests.users.linphone import linphone
from tests.users.softphones import loudest
from tests.voice.ears import until_sound
from tests.voice.platform import VoiceNode

pytestmark = pytest.mark.peer("linphonec")

ANSWERING, RINGING = "+12025550143", "+12025550144"
FLOW = (
    {"type": "answer"},
    {"type": "talk", "option": {"text": "Hello linphone.", "language": "en-US"}},
    {"type": "digits_receive", "option": {"duration": 15_000, "length": 1}},
    {"type": "hangup", "option": {"reason": "normal"}},
)


async def test_linphone_registers_calls_a_number_hears_it_and_presses_a_key(node: VoiceNode, tmp_path: Path) -> None:
    """REG-1: digest; RFC 4733."""
    await node.number(ANSWERING, *FLOW)
    await node.extension("1001", "correct-horse")

    async with linphone(tmp_path / "linphone") as peer:
        await peer.register(node.server, "1001", "correct-horse")
        peer.order(f"call sip:{ANSWERING}@{node.server.host}:{node.server.port}")
        await peer.wait_for("connected.")
        peer.speak_and_record()
        await asyncio.sleep(1.5)  # a person listens before a key is pressed
        peer.order("7")
        await peer.wait_for("ended")
        call = await node.ended_call()

    _, ran = await node.run_of(call)
    assert (call.source.type, call.destination.target) == ("extension", ANSWERING)
    assert (call.hangup_by.value, call.hangup_reason) == ("local", HangupReason.NORMAL)
    assert ran == ["answer", "talk", "digits_receive", "hangup"]
    assert call.ended_at is not None
    assert call.progressing_at is not None
    assert (call.ended_at - call.progressing_at).total_seconds() < 12  # the key ended the waiting
    assert loudest(peer.heard) > 1_000


async def test_linphone_is_rung_answers_and_is_heard(node: VoiceNode, tmp_path: Path) -> None:
    await node.extension("1001", "correct-horse")
    await node.forward(await node.bare_number(RINGING), ForwardTarget(users=("1001",)))

    async with linphone(tmp_path / "linphone") as peer, node.phone() as phone:
        await peer.register(node.server, "1001", "correct-horse")
        call = await node.ring(phone, RINGING)
        await peer.wait_for("Receiving new incoming call from sip:+12125550111@")
        peer.order("answer")
        await peer.wait_for("connected.")
        peer.speak_and_record()
        async with asyncio.timeout(PATIENCE_S):
            assert await call.wait_answered()
            await until_sound(call)
            call.hang_up()
        await peer.wait_for("ended")
