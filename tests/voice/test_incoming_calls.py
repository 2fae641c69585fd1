"""A real phone rings numbers of the platform: what it hears, presses and is told."""

import asyncio
import gc
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from dialplane.domain.calling.calls import CallStatus, HangupBy, HangupReason
from dialplane.sdp.session import Session
from dialplane.services.charging.billing import get_balance
from dialplane.voice.leg import Leg
from dialplane.voice.useragent.agent import UserAgent
from tests.effort import PATIENCE_S
from tests.voice.agents import SDP, RawPeer
from tests.voice.platform import VoiceNode

ANSWER: dict[str, object] = {"type": "answer"}
FIRST = "00000000-0000-4000-8000-0000000000a1"
SECOND = "00000000-0000-4000-8000-0000000000a2"


def talk(text: str, **option: object) -> dict[str, object]:
    return {"type": "talk", "option": {"text": text, "language": "en-US", **option}}


def digits(length: int = 1, duration: int = 5000) -> dict[str, object]:
    return {"type": "digits_receive", "option": {"duration": duration, "length": length}}


async def test_call_is_answered_spoken_to_and_hung_up(node: VoiceNode) -> None:
    await node.number("+12025550143", ANSWER, talk("Hello there"))
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")

        assert await call.wait_answered()
        await call.ended.wait()

    record = await node.ended_call()
    assert record.status is CallStatus.HANGUP
    assert record.hangup_reason is HangupReason.NORMAL
    assert record.hangup_by is HangupBy.LOCAL
    assert record.raw_destination == "+12025550143"
    told = [event for event in await node.events() if event.startswith("call_")]
    assert told == ["call_created", "call_progressing", "call_terminating", "call_hangup"]
    assert await node.run_of(record) == ("ended", ["answer", "talk"])


async def test_events_of_an_answered_call_come_in_the_documented_order(node: VoiceNode) -> None:
    """VoIPBIN's reference 9.5; one `activeflow_updated` for each action, also of those that ran in one go (3.3)."""
    await node.number(
        "+12025550143",
        ANSWER,
        {"type": "variable_set", "option": {"key": "who", "value": "Ann"}},
        {"type": "sleep", "option": {"duration": 50}},
        {"type": "hangup", "option": {"reason": "normal"}},
    )
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        await call.ended.wait()

    await node.run_of(await node.ended_call())

    told = await node.events()
    assert told[told.index("activeflow_created") :] == [
        "activeflow_created",
        "call_created",
        "activeflow_updated",
        "call_progressing",
        "activeflow_updated",
        "activeflow_updated",
        "call_terminating",
        "call_hangup",
        "activeflow_updated",  # of the hangup
        "activeflow_updated",
    ]


async def test_national_number_reaches_the_same_flow_and_both_forms_are_kept(node: VoiceNode) -> None:
    await node.number("+12025550143", ANSWER)
    async with node.phone() as phone:
        call = await node.ring(phone, "12025550143", caller="2125550111")
        assert await call.wait_answered()
        await call.ended.wait()

    record = await node.ended_call()

    assert (record.raw_destination, record.destination.target) == ("12025550143", "+12025550143")
    assert (record.raw_source, record.source.target) == ("2125550111", "+12125550111")


async def test_pressed_digit_chooses_the_branch(node: VoiceNode) -> None:
    await node.number(
        "+12025550143",
        ANSWER,
        digits(),
        {"type": "branch", "option": {"target_ids": {"1": FIRST}, "default_target_id": SECOND}},
        {"id": SECOND, "type": "hangup", "option": {"reason": "normal"}},
        {"id": FIRST, "type": "digits_send", "option": {"digits": "42#", "duration": 100, "interval": 50}},
    )
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        assert await call.wait_answered()
        await call.send_digits("1")

        assert await call.wait_digits(3) == "42#"

        await call.ended.wait()
    assert await node.run_of(await node.ended_call()) == (
        "ended",
        ["answer", "digits_receive", "branch", "digits_send"],
    )


async def test_greeting_is_heard_as_speech_in_the_recording(node: VoiceNode, tmp_path: Path) -> None:
    await node.number("+12025550143", ANSWER, talk("Welcome to the company. Please hold the line."))
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        await call.record(tmp_path / "heard.wav")
        assert await call.wait_answered()
        await call.ended.wait()

    heard = node.listen(tmp_path / "heard.wav")

    assert heard.sounding_ms > 1000
    assert heard.level_dbfs > -35


async def test_caller_who_presses_one_talks_with_the_second_phone(node: VoiceNode, tmp_path: Path) -> None:
    async with node.phone(node.speaking_party("It is me, the second phone, speaking now.")) as second:
        await node.number(
            "+12025550143",
            ANSWER,
            {
                "type": "connect",
                "option": {"destinations": [{"type": "sip", "target": f"bob@127.0.0.1:{second.agent.port}"}]},
            },
        )
        async with node.phone() as phone:
            call = await node.ring(phone, "+12025550143")
            await call.record(tmp_path / "heard.wav")
            assert await call.wait_answered()
            await call.ended.wait()

    assert node.listen(tmp_path / "heard.wav").level_dbfs > -35
    incoming = await node.ended_call()
    outgoing = await node.ended_call((await node.calls())[1].id)
    assert outgoing.master_call_id == incoming.id
    assert outgoing.hangup_by is HangupBy.REMOTE
    assert incoming.chained_call_ids == (outgoing.id,)


async def test_connect_to_a_busy_number_goes_on_with_the_flow(node: VoiceNode) -> None:
    await node.number(
        "+12025550143",
        ANSWER,
        {"type": "connect", "option": {"destinations": [{"type": "tel", "target": "+12025550101"}]}},
        {"type": "digits_send", "option": {"digits": "9"}},
    )
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")

        assert await call.wait_digits(1) == "9"

        await call.ended.wait()
    _, outgoing = await node.calls()
    assert outgoing.hangup_reason is HangupReason.BUSY
    assert outgoing.sip_code == 486


async def test_relayed_reason_is_what_the_caller_gets(node: VoiceNode) -> None:
    await node.number(
        "+12025550143",
        {
            "type": "connect",
            "option": {"destinations": [{"type": "tel", "target": "+12025550101"}], "relay_reason": True},
        },
    )
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")

        assert not await call.wait_answered()

    assert call.end is not None
    assert call.end.status == 486


async def test_caller_who_gives_up_ends_the_call_and_the_ringing(node: VoiceNode) -> None:
    await node.number(
        "+12025550143",
        {"type": "connect", "option": {"destinations": [{"type": "tel", "target": "+12025550102"}]}},
    )
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        async with asyncio.timeout(PATIENCE_S):
            while 180 not in call.statuses:
                await asyncio.sleep(0.01)
        call.hang_up()
        await call.ended.wait()

    incoming = await node.ended_call()
    outgoing = await node.ended_call((await node.calls())[1].id)
    assert (incoming.hangup_by, incoming.hangup_reason) == (HangupBy.REMOTE, HangupReason.NORMAL)
    assert (outgoing.hangup_by, outgoing.hangup_reason) == (HangupBy.LOCAL, HangupReason.CANCEL)
    purse = (await get_balance(node.database, node.account_id)).purse
    assert purse.credit_held == 0


async def test_answered_call_costs_a_started_minute_and_leaves_no_hold(node: VoiceNode) -> None:
    await node.number("+12025550143", ANSWER)
    before = (await get_balance(node.database, node.account_id)).purse.credit
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        await call.ended.wait()
    await node.ended_call()

    after = (await get_balance(node.database, node.account_id)).purse

    assert before - after.credit == 10_000
    assert after.credit_held == 0


async def test_unknown_number_is_refused_with_404_and_kept_with_its_reason(node: VoiceNode) -> None:
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025559999")
        assert not await call.wait_answered()

    assert call.end is not None
    assert call.end.status == 404
    async with node.database.transaction() as tx:
        refused = await tx.connection.fetchrow("select raw_destination, reason from refused_calls")
    assert refused is not None
    assert tuple(refused) == ("+12025559999", "+12025559999 is not a number of this platform")


async def test_virtual_number_cannot_be_reached_from_the_pstn(node: VoiceNode) -> None:
    await node.number("+899100000001", ANSWER)
    async with node.phone() as phone:
        call = await node.ring(phone, "+899100000001")
        assert not await call.wait_answered()

    record = await node.ended_call()

    assert call.end is not None
    assert call.end.status == 404
    assert record.metadata["refusal"] == {
        "reason": "VIRTUAL_FROM_PSTN",
        "message": "+899100000001 is virtual: it cannot be reached from the PSTN",
    }
    assert [event for event in await node.events() if event.startswith("call_")] == ["call_created", "call_hangup"]


async def test_account_without_money_refuses_the_call_and_says_so(node: VoiceNode) -> None:
    await node.number("+12025550143", ANSWER)
    await node.spend_everything()
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        assert not await call.wait_answered()

    record = await node.ended_call()

    assert call.end is not None
    assert call.end.status == 402
    refusal = record.metadata["refusal"]
    assert isinstance(refusal, dict)
    assert (refusal["status"], refusal["reason"]) == ("PAYMENT_REQUIRED", "INSUFFICIENT_BALANCE")


async def test_held_call_comes_back_with_its_audio(node: VoiceNode, tmp_path: Path) -> None:
    await node.number("+12025550143", ANSWER, digits(length=2, duration=20_000), talk("You are back, thank you."))
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        assert await call.wait_answered()
        call.hold(True)
        await call.send_digits("1")
        call.hold(False)
        await call.record(tmp_path / "heard.wav")
        await call.send_digits("2")
        await call.ended.wait()

    assert node.listen(tmp_path / "heard.wav").level_dbfs > -35


@pytest.mark.parametrize("answer", [b"", b"no description"])
async def test_call_whose_ack_does_not_answer_our_offer_is_ended_at_once(node: VoiceNode, answer: bytes) -> None:
    """RFC 3261 13.2.1: an INVITE without an offer gets ours in the 200, and the ACK has to answer it."""
    await node.number("+12025550143", ANSWER, {"type": "sleep", "option": {"duration": 60_000}})
    with RawPeer(cast("UserAgent", SimpleNamespace(port=node.server.port))) as peer:
        peer.send(_to_number(peer.request("INVITE"), "+12025550143"))
        offered = await peer.receive_response(200)
        peer.send(_to_number(peer.request("ACK", to_tag=offered.to.tag, body=answer), "+12025550143"))
        await peer.receive_request("BYE")

    record = await node.ended_call()
    assert b"m=audio" in offered.body
    assert (record.hangup_by, record.cause_text) == (HangupBy.LOCAL, "the answer held no audio that we can speak")


async def test_offer_that_is_asked_for_has_a_place_for_every_stream_of_before(node: VoiceNode) -> None:
    """RFC 3264 8: each stream stands where it stood, and the version is one higher than the last that was sent."""
    await node.number("+12025550143", ANSWER, {"type": "sleep", "option": {"duration": 60_000}})
    video = SDP.replace(b"m=audio", b"m=video 40002 RTP/AVP 99\r\nm=audio")
    with RawPeer(cast("UserAgent", SimpleNamespace(port=node.server.port))) as peer:
        peer.send(_to_number(peer.request("INVITE", body=video), "+12025550143"))
        answered = await peer.receive_response(200)
        tag = answered.to.tag
        peer.send(peer.request("ACK", to_tag=tag))
        refused = video.replace(b"RTP/AVP 0 101", b"RTP/AVP 18")
        peer.send(peer.request("INVITE", cseq=2, to_tag=tag, branch="z9hG4bKno", body=refused))
        await peer.receive_response(488)
        peer.send(peer.request("ACK", cseq=2, to_tag=tag, branch="z9hG4bKno"))

        peer.send(peer.request("INVITE", cseq=3, to_tag=tag))
        offered = await peer.receive_response(200)
        peer.send(peer.request("ACK", cseq=3, to_tag=tag, body=video))
        peer.send(peer.request("BYE", cseq=4, to_tag=tag))
        await node.ended_call()

    before, after = Session.parse(answered.body), Session.parse(offered.body)
    assert [(media.kind, media.port > 0) for media in before.media] == [("video", False), ("audio", True)]
    assert [(media.kind, media.port > 0) for media in after.media] == [("video", False), ("audio", True)]
    assert after.origin.version == before.origin.version + 1


async def test_call_that_holds_no_codec_of_ours_is_told_why(node: VoiceNode) -> None:
    """RFC 3261 13.3.1.3."""
    with RawPeer(cast("UserAgent", SimpleNamespace(port=node.server.port))) as peer:
        peer.send(peer.request("INVITE", body=SDP.replace(b"RTP/AVP 0 101", b"RTP/AVP 18")))
        response = await peer.receive_response(488)

    assert (response.headers.get("Warning") or "").endswith('"no codec in common"')


async def test_number_with_a_carriers_notes_behind_it_is_the_number(node: VoiceNode) -> None:
    """RFC 3261 19.1.6, RFC 4694: parameters of the telephone-subscriber are kept as they came and are no digits."""
    await node.number("+12025550143", ANSWER)
    with RawPeer(cast("UserAgent", SimpleNamespace(port=node.server.port))) as peer:
        request = _to_number(peer.request("INVITE", body=SDP), "+12025550143;npdi;rn=+12025551111")
        peer.send(request.replace(b"sip:raw@", b"sip:+12125550123;oli=62@", 1))
        answered = await peer.receive_response(200)
        peer.send(peer.request("ACK", to_tag=answered.to.tag))
        await peer.receive_request("BYE")

    record = await node.ended_call()
    assert (record.destination.target, record.source.target) == ("+12025550143", "+12125550123")
    assert record.raw_destination == "+12025550143;npdi;rn=+12025551111"
    assert record.raw_source == "+12125550123;oli=62"


def _to_number(request: bytes, number: str) -> bytes:
    return request.replace(b"sip:bob@", f"sip:{number}@".encode(), 1)


async def test_number_without_a_flow_is_called_and_hung_up_at_once(node: VoiceNode) -> None:
    await node.bare_number("+12025550143")
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        assert not await call.wait_answered()

    record = await node.ended_call()

    assert record.hangup_reason is HangupReason.NORMAL
    assert record.cause_text == "the number has no voice target"


@pytest.mark.parametrize("who_hangs_up", ["caller", "program"])
async def test_call_that_is_over_leaves_nothing_to_the_garbage_collector(node: VoiceNode, who_hangs_up: str) -> None:
    """What is in a cycle waits for a round of the collector, and at 200 calls a second the rounds cost an eighth."""
    await node.number("+12025550143", ANSWER, *([digits(duration=20_000)] if who_hangs_up == "caller" else []))
    gc.collect()
    gc.disable()
    try:
        async with node.phone() as phone:
            call = await node.ring(phone, "+12025550143")
            assert await call.wait_answered()
            if who_hangs_up == "caller":
                call.hang_up()
            await call.ended.wait()
            await node.run_of(await node.ended_call())
        legs = [each for each in gc.get_objects() if isinstance(each, Leg)]
        assert legs == []
    finally:
        gc.enable()
