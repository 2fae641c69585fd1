"""Understanding a real call: its timeline, what its signalling says, and its capture file (issue's part 7)."""

import asyncio
from typing import Any

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.calls import Call
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import CallId, new_id, utc_now
from dialplane.services.calling.timelines import analyse_signalling, call_timeline, capture_signalling, run_timeline
from dialplane.services.calling.traces import wait_for_trace
from dialplane.services.eventing.webhooks import create_endpoint
from tests.effort import PATIENCE_S
from tests.fakes.receiver import Receiver
from tests.sip.test_pcap import segments
from tests.voice.platform import VoiceNode
from tests.worker.working import working

NUMBER = "+12025550143"
MENU: tuple[dict[str, object], ...] = (
    {"type": "answer"},
    {"type": "digits_receive", "option": {"duration": 5000, "length": 1}},
    {"type": "sleep", "option": {"duration": 10}},
)


async def traced(node: VoiceNode, call_id: CallId) -> None:
    """Wait as the API does for whoever asks in the moment of the call's end."""
    await wait_for_trace(node.database, node.account_id, call_id, utc_now())
    async with node.database.reading() as tx:
        assert await tx.traces.find(node.account_id, call_id) is not None


async def ring_and_press(node: VoiceNode, digit: str = "1") -> Call:
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        await call.answered.wait()
        await call.send_digits(digit)
        await call.ended.wait()
    ended = await node.ended_call()
    await node.run_of(ended)
    await traced(node, ended.id)
    return ended


async def test_timeline_of_a_call_tells_everything_in_order(
    node: VoiceNode, database: PostgresDatabase, dsn: str
) -> None:
    async with Receiver.listening() as server, Receiver.listening() as hooks, working(database, dsn):
        await create_endpoint(database, node.account_id, url=hooks.url("/events"), now=utc_now())
        fetch: dict[str, object] = {"type": "webhook_send", "option": {"uri": server.url(), "sync": True}}
        await node.number(NUMBER, *MENU, fetch)
        call = await ring_and_press(node)
        async with asyncio.timeout(PATIENCE_S):
            while "call_hangup" not in hooks.types:
                await asyncio.sleep(0.02)

    happened = await call_timeline(node.database, node.account_id, call.id)

    told = [(each.kind, each.type) for each in happened]
    for kind in ("sip", "route", "program", "key", "answer", "event", "money"):
        assert kind in {found for found, _ in told}, kind
    assert [text for kind, text in told if kind == "program"] == [
        "answer", "digits_receive", "sleep", "webhook_send", "end",
    ]  # fmt: skip
    assert [each.data["digit"] for each in happened if each.kind == "key"] == ["1"]
    assert [each.type for each in happened if each.kind == "answer"] == ["digits", "http"]
    assert {text for kind, text in told if kind == "money"} == {"set aside", "settled", "charged"}
    attempts = [each for each in happened if each.kind == "webhook" and each.type == "call_created"]
    assert [(each.data["attempt"], each.data["http_status"], each.data["status"]) for each in attempts] == [
        (1, 200, "delivered"),
    ]  # fmt: skip
    assert [each.at for each in happened] == sorted(each.at for each in happened)
    assert told[0][1].startswith("INVITE sip:")


async def test_signalling_says_when_and_how_and_is_a_capture_file(node: VoiceNode) -> None:
    await node.number(NUMBER, *MENU)
    call = await ring_and_press(node)
    assert call.run_id is not None

    said: Any = await analyse_signalling(node.database, node.account_id, call.id)
    found = segments(await capture_signalling(node.database, node.account_id, call.id))
    run = await run_timeline(node.database, node.account_id, call.run_id)

    assert (said["final_status"], said["hung_up_by"], said["problems"]) == (200, "us", [])
    assert said["requests"] == {"INVITE": 1, "ACK": 1, "BYE": 1}
    assert 0 <= said["answered_after_ms"] <= said["ended_after_ms"]
    assert "PCMU/8000" in said["codecs"]["answered"]
    lines = [data.split(b"\r\n")[0].split(b" sip:")[0] for _, _, data in found]
    assert lines[0] == b"INVITE"
    assert lines[-2:] == [b"BYE", b"SIP/2.0 200 OK"]
    assert {source.port for source, _, data in found if data.startswith(b"BYE")} == {node.server.port}
    assert {each.kind for each in run} == {"program", "event"}


async def test_refused_call_leaves_its_signalling_too(node: VoiceNode) -> None:
    await node.number(NUMBER, *MENU)
    await node.spend_everything()
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        await call.ended.wait()
    refused = await node.ended_call()
    await traced(node, refused.id)

    said: Any = await analyse_signalling(node.database, node.account_id, refused.id)

    assert said["final_status"] == refused.sip_code


async def test_call_that_we_placed_has_its_own_signalling(node: VoiceNode) -> None:
    party = {"type": "tel", "target": "+12025550001"}
    await node.number(NUMBER, {"type": "connect", "option": {"destinations": [party], "relay_reason": True}})
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        await call.answered.wait()
        call.hang_up()
        await call.ended.wait()
    incoming, outgoing = await node.calls()
    await node.ended_call(outgoing.id)
    await traced(node, outgoing.id)

    said: Any = await analyse_signalling(node.database, node.account_id, outgoing.id)
    told = await call_timeline(node.database, node.account_id, incoming.id)

    assert (said["final_status"], said["hung_up_by"], said["requests"]["INVITE"]) == (200, "us", 1)
    assert [each.data["status"] for each in told if each.type == "dial"] in (["answered"], [])


async def test_call_of_somebody_else_has_no_timeline(node: VoiceNode) -> None:
    for ask in (call_timeline, analyse_signalling, capture_signalling):
        with pytest.raises(NotFound) as refused:
            await ask(node.database, node.account_id, CallId(new_id(utc_now())))
        assert refused.value.reason == "CALL_NOT_FOUND"
