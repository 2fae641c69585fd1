"""`ai_talk` on a real call, with an assistant that needs no account: it speaks, the caller answers by keys."""

import asyncio
from uuid import UUID

from dialplane.domain.ids import new_id, utc_now
from dialplane.domain.programs.aicalls import Aimessage
from dialplane.domain.programs.ais import Ai
from dialplane.services.calling.calls import list_live_calls
from dialplane.services.programs.aicall_orders import AicallWish, start_aicall, terminate_aicall, write_aimessage
from dialplane.services.programs.aicalls import end_left_talks, get_aicall, list_aicalls, list_aimessages
from dialplane.services.programs.ais import create_ai
from dialplane.services.programs.assistants import BUILT_IN
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
    (talk,) = await list_aicalls(node.database, node.account_id, before=None, limit=10)
    said = await list_aimessages(node.database, node.account_id, talk.id, before=None, limit=10)
    assert run.variables["voipbin.aicall.id"] == str(talk.id)
    assert (talk.status, talk.run_id, talk.reference_id) == ("terminated", run.id, ended.id)
    assert [(each.role, each.content) for each in reversed(said)][:3] == [
        ("assistant", "Hello. How can I help you?"),
        ("user", "42"),
        ("assistant", "You said: 42"),
    ]
    told = [event for event in await node.events() if event.startswith("aicall_")]
    assert told == ["aicall_status_initializing", "aicall_status_progressing", "aicall_status_terminated"]
    assert "simple rules" in str(run.executed_actions[0]["warning"])


async def test_caller_who_hangs_up_in_the_middle_leaves_no_talk_open(node: VoiceNode) -> None:
    await node.number(NUMBER, {"type": "ai_talk"})
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        await call.answered.wait()
        while not await list_aicalls(node.database, node.account_id, before=None, limit=10):
            await asyncio.sleep(0.02)
        call.hang_up()
        await call.ended.wait()
        assert (await node.run_of(await node.ended_call()))[0] == "ended"

    await end_left_talks(node.database, utc_now())

    (talk,) = await list_aicalls(node.database, node.account_id, before=None, limit=10)
    assert talk.status == "terminated"


async def test_direct_hash_of_an_assistant_leads_anyone_into_a_talk_with_it(node: VoiceNode) -> None:
    """Reference 9.3."""
    now = utc_now()
    made = await create_ai(node.database, Ai(new_id(now), node.account_id, "desk", now))
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, made.direct_hash)
        assert await call.wait_answered()
        while not (talks := await list_aicalls(node.database, node.account_id, before=None, limit=10)):
            await asyncio.sleep(0.02)
        call.hang_up()
        await call.ended.wait()

    assert [(each.assistance_type, each.assistance_id) for each in talks] == [("ai", made.id)]


async def test_talk_that_the_api_begins_on_a_live_call_is_spoken_and_ends_by_order(node: VoiceNode) -> None:
    """Reference 6.10, `POST /aicalls`: the call's program makes room for it."""
    await node.number(NUMBER, {"type": "answer"}, {"type": "sleep", "option": {"duration": 60_000}})

    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        (live,) = await list_live_calls(node.database, node.account_id, limit=2)
        wish = AicallWish(reference_type="call", reference_id=live.id)
        begun = await start_aicall(node.database, BUILT_IN, node.account_id, wish, utc_now())
        await call.send_digits("42#")
        while not any(each.role == "user" for each in await said_in(node, begun.id)):
            await asyncio.sleep(0.02)
        written = await write_aimessage(node.database, BUILT_IN, node.account_id, begun.id, "thanks", utc_now())
        ending = await terminate_aicall(node.database, node.account_id, begun.id, utc_now())
        await call.send_digits("1#")
        await call.ended.wait()

    talk = await get_aicall(node.database, node.account_id, begun.id)
    assert (begun.status, ending.status, talk.status) == ("initiating", "terminating", "terminated")
    assert talk.run_id == (await node.ended_call()).run_id
    assert [(each.role, each.content) for each in await said_in(node, begun.id)][1:3] == [
        ("user", "42"),
        ("assistant", "You said: 42"),
    ]
    assert written.content == "thanks"


async def said_in(node: VoiceNode, aicall_id: UUID) -> list[Aimessage]:
    """The oldest first."""
    found = await list_aimessages(node.database, node.account_id, aicall_id, before=None, limit=50)
    return list(reversed(found))


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
