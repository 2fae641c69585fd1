"""Calls of a flow with a canary: each takes one version when it begins, keeps it, and its run says which."""

from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import Call
from dialplane.domain.flows.flow import Flow, flow_for
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import RunId, utc_now
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.programs.flow_releases import DraftChange, canary_runs, publish_draft, save_draft
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"
ANSWER: dict[str, object] = {"type": "answer"}
OLD, NEW = (ANSWER, {"type": "hangup"}), (ANSWER, {"type": "beep"}, {"type": "hangup"})


async def with_canary(node: VoiceNode, percent: int) -> Flow:
    flow = await node.flow(*OLD)
    await save_draft(node.database, node.account_id, flow.id, DraftChange(actions=list(NEW)), utc_now())
    return await publish_draft(node.database, node.account_id, flow.id, percent, utc_now())


async def run_of(node: VoiceNode, call: Call) -> Run:
    """Once it has ended."""
    await node.run_of(call)
    async with node.database.reading() as tx:
        run = await tx.runs.find(node.account_id, RunId(call.run_id or call.id))
    assert run is not None
    return run


async def test_incoming_call_runs_the_version_that_its_id_decides(node: VoiceNode) -> None:
    flow = await with_canary(node, 50)
    await node.retarget(await node.bare_number(NUMBER), flow.id)
    async with node.phone() as phone:
        placed = await node.ring(phone, NUMBER)
        await placed.ended.wait()

    call = await node.ended_call()
    run, expected = await run_of(node, call), flow_for(flow, call.id)

    assert (run.flow_version, run.is_canary) == (expected.version, expected.is_canary)
    assert [action["type"] for action in run.executed_actions] == [action.type for action in expected.actions]
    assert (call.route or {}).get("canary") == (2 if expected.is_canary else None)
    counted = await canary_runs(node.database, node.account_id, flow.id, 2)
    assert (counted.count, counted.failed) == (int(expected.is_canary), 0)


async def test_outgoing_call_runs_the_version_that_its_id_decides(node: VoiceNode) -> None:
    flow = await with_canary(node, 50)
    await node.bare_number(NUMBER)

    request = CallRequest(tel(NUMBER), (tel("+12025550100"),), flow_id=flow.id)
    (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls
    run, expected = await run_of(node, await node.ended_call(call.id)), flow_for(flow, call.id)

    assert (run.flow_version, run.is_canary) == (expected.version, expected.is_canary)
    assert [action["type"] for action in run.executed_actions] == [action.type for action in expected.actions]
