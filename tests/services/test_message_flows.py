"""Flows of messages that an assistant answers, that write into any conversation, and that stay on their version."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import NotFound
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import NIL, AccountId, AgentId, new_id, utc_now
from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.messaging.conversations import (
    list_conversation_messages,
    list_conversations,
    update_conversation,
)
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.media import MediaLinks, MediaPlaces
from dialplane.services.messaging.message_runs import drive
from dialplane.services.programs.flows import FlowChange, update_flow
from dialplane.services.programs.outside import RunOutside
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_flow, add_number

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
OWN, ANN, BOB = "+12025550143", "+12125550111", "+12125550122"


async def holder(database: PostgresDatabase, *actions: dict[str, Any]) -> AccountId:
    """An account whose number answers texts by the actions."""
    account_id = await add_account(database)
    await add_credit(database, account_id, 1_000_000, NOW)
    flow = await add_flow(database, account_id, list(actions), NOW)
    await add_number(database, account_id, OWN, NOW, message_flow=flow.id)
    return account_id


async def text(database: PostgresDatabase, sender: str, words: str, at: datetime = NOW) -> Run:
    """A text comes in, and its run is driven to the end."""
    await receive_message(database, InboundMessage(sender, OWN, words), at)
    return await driven(database)


async def driven(database: PostgresDatabase) -> Run:
    async with database.transaction() as tx:
        (request,) = await tx.messages.claim_runs(1, now=NOW + timedelta(days=1), until=NOW, limit=10)
    async with GuardedClient() as web:
        outside = RunOutside(database, web, utc_now, lambda work: None)
        ended = await drive(database, request, outside, MediaPlaces(MediaLinks(b""), ""), utc_now)
    assert ended is not None
    return ended


async def sent_to(database: PostgresDatabase, account_id: AccountId, peer: str) -> list[str]:
    """What the account wrote to `peer`, oldest first."""
    for conversation in await list_conversations(database, account_id, before=None, limit=10):
        if conversation.peer.target == peer:
            rows = await list_conversation_messages(database, account_id, conversation.id, before=None, limit=10)
            return [each.message.text for each in reversed(rows) if each.direction == "outgoing"]
    return []


async def test_assistant_answers_in_the_conversation(database: PostgresDatabase) -> None:
    account_id = await holder(database, {"type": "ai_task"})

    run = await text(database, ANN, "hello")

    assert await sent_to(database, account_id, ANN) == ["Hello. How can I help you?"]
    assert run.variables["voipbin.aicall.ai_engine_model"] == "dialplane-rules"


async def test_flow_writes_into_another_conversation_of_the_account(database: PostgresDatabase) -> None:
    account_id = await holder(database, {"type": "stop"})
    await text(database, BOB, "I want to know", NOW - timedelta(seconds=1))
    (other,) = await list_conversations(database, account_id, before=None, limit=10)
    tell: dict[str, Any] = {
        "type": "conversation_send",
        "option": {"conversation_id": str(other.id), "text": "${voipbin.conversation_message.text}"},
    }
    async with database.reading() as tx:
        (flow,) = await tx.flows.list_for(account_id, before=None, limit=1)
    await update_flow(database, account_id, flow.id, FlowChange(actions=[tell]), NOW)

    run = await text(database, ANN, "news")

    assert await sent_to(database, account_id, BOB) == ["news"]
    assert run.flow_version == 2


@pytest.mark.parametrize(("status", "error"), [("sent", ""), ("failed", "nobody there")])
async def test_synchronous_reply_lets_the_run_go_on_when_it_is_handed_over(
    database: PostgresDatabase, status: str, error: str
) -> None:
    """VoIPBIN reference 3.5, `conversation_send.sync`; 3.4: its failure is noted and the run goes on."""
    reply: dict[str, Any] = {"type": "conversation_send", "option": {"text": "9 to 5", "sync": True}}
    account_id = await holder(database, reply, {"type": "variable_set", "option": {"key": "on", "value": "yes"}})
    going = asyncio.create_task(text(database, ANN, "hi"))

    async with database.transaction() as tx:
        handed_over = "update message_targets set status = $1, reason = $2 where status = 'queued' returning 1"
        while not await tx.connection.fetch(handed_over, status, error):
            assert not going.done()
    run = await going

    assert await sent_to(database, account_id, ANN) == ["9 to 5"]
    assert run.executed_actions[0].get("error", "") == error
    assert run.variables["on"] == "yes"


async def test_run_of_a_message_stays_on_the_version_that_it_began_with(database: PostgresDatabase) -> None:
    reply: dict[str, Any] = {"type": "conversation_send", "option": {"text": "old"}}
    account_id = await holder(database, reply)
    async with database.reading() as tx:
        (flow,) = await tx.flows.list_for(account_id, before=None, limit=1)
    await receive_message(database, InboundMessage(ANN, OWN, "hi"), NOW)
    await update_flow(database, account_id, flow.id, FlowChange(actions=[{"type": "stop"}]), NOW)

    run = await driven(database)

    assert (run.flow_version, await sent_to(database, account_id, ANN)) == (1, ["old"])


async def test_conversation_of_somebody_else_is_noted_and_the_run_goes_on(database: PostgresDatabase) -> None:
    nobody = "aaaaaaaa-0000-4000-8000-000000000001"
    tell: dict[str, Any] = {"type": "conversation_send", "option": {"conversation_id": nobody, "text": "x"}}
    await holder(database, tell, {"type": "variable_set", "option": {"key": "on", "value": "yes"}})

    run = await text(database, ANN, "hi")

    assert run.executed_actions[0]["error"] == "There is no such conversation"
    assert run.variables["on"] == "yes"


async def test_conversation_that_an_agent_has_taken_over_runs_no_flow(database: PostgresDatabase) -> None:
    """VoIPBIN reference 5.2: the flow runs again once nobody owns it."""
    account_id = await holder(database, {"type": "stop"})
    agent = Agent(AgentId(new_id(NOW)), account_id, "ann@example.org", "", 32, NOW)
    async with database.transaction() as tx:
        await tx.agents.insert(agent)
    await receive_message(database, InboundMessage(ANN, OWN, "hi"), NOW)
    (conversation,) = await list_conversations(database, account_id, before=None, limit=9)

    async def runs() -> int:
        async with database.transaction() as tx:
            return len(await tx.messages.claim_runs(1, now=NOW, until=NOW + timedelta(days=1), limit=9))

    assert await runs() == 1
    await update_conversation(database, account_id, conversation.id, owner_id=agent.id, now=NOW)
    await receive_message(database, InboundMessage(ANN, OWN, "is anybody there?"), NOW)
    owned = await list_conversations(database, account_id, owner_id=agent.id, before=None, limit=9)
    assert await runs() == 0
    await update_conversation(database, account_id, conversation.id, owner_id=AgentId(NIL), now=NOW)
    await receive_message(database, InboundMessage(ANN, OWN, "hi again"), NOW)
    assert await runs() == 1
    assert [each.id for each in owned] == [conversation.id]
    with pytest.raises(NotFound):
        await update_conversation(database, account_id, conversation.id, owner_id=AgentId(new_id(NOW)), now=NOW)
