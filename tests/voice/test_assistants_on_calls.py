"""`ai_talk` on a real call, with an assistant that needs no account: it speaks, the caller answers by keys."""

import asyncio

from tests.effort import PATIENCE_S
from tests.voice.platform import VoiceNode
from tests.voice.test_actions_on_calls import NUMBER, done


async def test_assistant_talks_with_the_caller_until_the_time_is_over(node: VoiceNode) -> None:
    await node.number(NUMBER, {"type": "ai_talk", "option": {"duration": 6}}, done("1"))

    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        await call.answered.wait()
        await asyncio.wait_for(call.send_digits("42#"), 10)
        assert await call.wait_digits(1) == "1"
        await call.ended.wait()

    ended = await node.ended_call()
    assert (await node.run_of(ended))[1] == ["ai_talk", "digits_send"]
    assert ended.run_id is not None
    async with node.database.reading() as tx:
        run = await tx.runs.find(node.account_id, ended.run_id)
    assert run is not None
    assert run.variables["voipbin.aicall.text"] == "You said: 42"
    assert "simple rules" in str(run.executed_actions[0]["warning"])


async def test_status_of_the_call_decides(node: VoiceNode) -> None:
    jump = "aaaaaaaa-0000-4000-8000-00000000000a"
    await node.number(
        NUMBER,
        {"type": "condition_call_status", "option": {"status": "progressing", "false_target_id": jump}},
        {"type": "hangup"},
        {"id": jump, "type": "answer"},
        {"type": "condition_call_status", "option": {"status": "progressing"}},
        done("2"),
    )

    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        assert await call.wait_digits(1) == "2"
