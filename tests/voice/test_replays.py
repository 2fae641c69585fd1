"""A real call played again: the same flow gives the same way, a draft shows where it would have gone (user-asks U)."""

import asyncio
from typing import Any

import pytest

from dialplane.domain.calling.calls import Call
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import CallId, FlowId, new_id, utc_now
from dialplane.domain.numbering.targets import FlowTarget
from dialplane.services.programs.dry_run import Draft
from dialplane.services.programs.flows import FlowChange, get_flow, roll_back, update_flow
from dialplane.services.programs.replays import replay_call
from tests.effort import PATIENCE_S
from tests.fakes.receiver import Receiver
from tests.voice.platform import VoiceNode
from tests.voice.test_timelines import NUMBER, ring_and_press

SALES, HELP = "aaaaaaaa-0000-4000-8000-00000000000a", "aaaaaaaa-0000-4000-8000-00000000000b"
FINISH = "00000000-0000-0000-0000-000000000002"


def menu(url: str, *, sales_key: str = "1") -> list[dict[str, object]]:
    """Sales by a key, else help; sales are greeted with what the server says."""
    return [
        {"type": "answer"},
        {"type": "digits_receive", "option": {"duration": 5000, "length": 1}},
        {"type": "branch", "option": {"target_ids": {sales_key: SALES}, "default_target_id": HELP}},
        {"id": SALES, "type": "webhook_send", "option": {"uri": url, "sync": True}},
        {"type": "talk", "option": {"text": "${who}"}, "next_id": FINISH},
        {"id": HELP, "type": "sleep", "option": {"duration": 10}},
    ]


async def flow_of(node: VoiceNode, call: Call) -> FlowId:
    assert call.flow_id is not None
    return call.flow_id


@pytest.fixture
async def rung(node: VoiceNode) -> tuple[Call, str]:
    """A call whose caller pressed 1, and the server that it asked."""
    async with Receiver.listening() as server:
        server.body = b'{"who": "Ann"}'
        url = server.url()
        await node.number(NUMBER, *menu(url))
        return await ring_and_press(node), url


async def test_call_goes_the_same_way_through_its_own_flow_and_another_through_a_draft(
    node: VoiceNode, rung: tuple[Call, str]
) -> None:
    call, url = rung

    same = await replay_call(node.database, node.account_id, call.id, Draft())
    other = await replay_call(node.database, node.account_id, call.id, Draft(actions=menu(url, sales_key="9")))

    assert same.is_same
    assert same.played.said == ("Ann",)
    assert same.played.duration_ms == pytest.approx(
        (call.ended_at - call.created_at).total_seconds() * 1000,  # type: ignore[operator]  # it has ended
        abs=1000,
    )
    assert not other.is_same
    assert [(each.kind, each.first and each.first["type"]) for each in other.difference if each.kind == "missing"] == [
        ("missing", "webhook_send"), ("missing", "talk"),
    ]  # fmt: skip
    assert [each.second["type"] for each in other.difference if each.kind == "new" and each.second] == ["sleep"]


async def test_call_stays_on_its_version_while_the_flow_changes_and_is_rolled_back(
    node: VoiceNode,
) -> None:
    number = await node.number(NUMBER, {"type": "answer"}, {"type": "digits_receive", "option": {"length": 1}})
    assert isinstance(number.targets.voice, FlowTarget)
    flow_id = FlowId(number.targets.voice.flow_id)
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        await call.answered.wait()
        change: Any = FlowChange(actions=[{"type": "hangup", "option": {"reason": "busy"}}])
        await update_flow(node.database, node.account_id, flow_id, change, utc_now())
        await call.send_digits("5")
        await call.ended.wait()
        second = await node.ring(phone, NUMBER)
        await second.ended.wait()
    await roll_back(node.database, node.account_id, flow_id, 1, utc_now())

    first, refused = [await node.ended_call(each.id) for each in await node.calls()]
    async with node.database.reading() as tx:
        versions = [
            (await tx.runs.find(node.account_id, each.run_id)).flow_version  # type: ignore[union-attr, arg-type]
            for each in (first, refused)
        ]
    assert versions == [1, 2]
    assert (await node.run_of(first))[1] == ["answer", "digits_receive"]
    assert (await node.run_of(refused))[1] == ["hangup"]
    assert (await get_flow(node.database, node.account_id, flow_id)).version == 3


async def test_call_that_is_not_there_cannot_be_replayed(node: VoiceNode) -> None:
    with pytest.raises(NotFound) as refused:
        await replay_call(node.database, node.account_id, CallId(new_id(utc_now())), Draft())

    assert refused.value.reason == "CALL_NOT_FOUND"
