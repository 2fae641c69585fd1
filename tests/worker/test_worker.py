"""A text that comes in is answered and told; a text that goes out is sent, reported and paid. With a whole worker."""

import asyncio
import time

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.messaging.messages import Message, TargetStatus
from dialplane.services.charging.billing import check_ledger
from dialplane.services.eventing.webhooks import set_customer_webhook
from dialplane.services.messaging.message_store import SandboxMessage
from dialplane.services.messaging.messages import MessageRequest, get_message
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.messaging.sandbox_messages import inject_message, list_sent_messages
from tests.effort import PATIENCE_S, business
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_flow, add_number
from tests.fakes.receiver import Receiver
from tests.worker.working import working

OWN, PEER = "+12025550100", "+12025550199"

AUTO_REPLY: list[dict[str, object]] = [
    {
        "type": "condition_variable",
        "option": {
            "condition": "==",
            "variable": "${voipbin.conversation_message.text}",
            "value_type": "string",
            "value_string": "HOURS",
            "false_target_id": "bbbbbbbb-0000-4000-8000-000000000009",
        },
    },
    {"type": "conversation_send", "option": {"conversation_id": "${voipbin.conversation.id}", "text": "9 to 5"}},
    {"id": "bbbbbbbb-0000-4000-8000-000000000009", "type": "stop"},
]


async def _account(database: PostgresDatabase, number: str, actions: list[dict[str, object]]) -> AccountId:
    account_id = await add_account(database)
    await add_credit(database, account_id, 1_000_000, utc_now())
    flow = await add_flow(database, account_id, actions, utc_now())
    await add_number(database, account_id, number, utc_now(), message_flow=flow.id)
    return account_id


async def _sent(database: PostgresDatabase, to: str, *, count: int = 1) -> list[SandboxMessage]:
    async with asyncio.timeout(PATIENCE_S):
        while len(found := await list_sent_messages(database, to=to)) < count:
            await asyncio.sleep(0.01)
    return list(found)


async def _wait_for(database: PostgresDatabase, message: Message, status: TargetStatus) -> Message:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await get_message(database, message.account_id, message.id)
            if found.targets[0].status is status:
                return found
            await asyncio.sleep(0.01)


async def test_text_is_answered_by_its_flow_and_told_in_order(database: PostgresDatabase, dsn: str) -> None:
    async with Receiver.listening() as receiver, working(database, dsn):
        account_id = await _account(database, OWN, AUTO_REPLY)
        async with database.transaction() as tx:
            await set_customer_webhook(tx, account_id, receiver.url(), "POST", utc_now())
        await receiver.wait_for(0)

        started = time.monotonic()
        await inject_message(database, source=PEER, destination=OWN, text="HOURS", now=utc_now())
        (reply,) = await _sent(database, PEER)
        took_s = time.monotonic() - started
        async with asyncio.timeout(PATIENCE_S):
            while receiver.types.count("message_updated") < 2:
                await receiver.wait_for(len(receiver.requests) + 1)

    assert (reply.source, reply.text, reply.segments) == (OWN, "9 to 5", 1)
    assert took_s < business()
    assert receiver.types.index("message_created") < receiver.types.index("activeflow_updated")
    assert next(kind for kind in receiver.types if str(kind).startswith("activeflow")) == "activeflow_created"
    assert "conversation_created" in receiver.types
    assert (await check_ledger(database)).balanced


async def test_text_that_the_flow_does_not_know_is_not_answered(database: PostgresDatabase, dsn: str) -> None:
    async with working(database, dsn):
        await _account(database, OWN, AUTO_REPLY)
        await inject_message(database, source=PEER, destination=OWN, text="hours?", now=utc_now())
        await inject_message(database, source="+12025550198", destination=OWN, text="HOURS", now=utc_now())
        await _sent(database, "+12025550198")

        assert await list_sent_messages(database, to=PEER) == []


async def test_receipts_lead_to_delivered_or_failed_and_rejects_cost_nothing(
    database: PostgresDatabase, dsn: str
) -> None:
    account_id = await _account(database, OWN, [])

    async def send(to: str) -> Message:
        return await send_message(database, account_id, MessageRequest(tel(OWN), (tel(to),), "hi"), utc_now())

    async with working(database, dsn):
        await _wait_for(database, await send(PEER), TargetStatus.DELIVERED)
        await _wait_for(database, await send("+12025550102"), TargetStatus.UNDELIVERED)
        rejected = await _wait_for(database, await send("+12025550107"), TargetStatus.FAILED)

    assert rejected.targets[0].reason == "the simulated carrier rejects messages to this number"
    async with database.reading() as tx:
        purse = await tx.ledger.find_purse(account_id)
    assert purse is not None
    assert (purse.credit, purse.credit_held) == (980_000, 0)


async def test_two_numbers_that_answer_each_other_are_stopped(database: PostgresDatabase, dsn: str) -> None:
    """SMS-7."""
    reply: list[dict[str, object]] = [
        {"type": "conversation_send", "option": {"conversation_id": "${voipbin.conversation.id}", "text": "hello"}}
    ]
    async with working(database, dsn):
        await _account(database, OWN, reply)
        await _account(database, PEER, reply)
        await inject_message(database, source=PEER, destination=OWN, text="hello", now=utc_now())
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with database.reading() as tx:
                    queued = await tx.connection.fetchval(
                        "select (select count(*) from message_targets where status = 'queued')"
                        " + (select count(*) from message_runs)"
                    )
                if not queued:
                    break
                await asyncio.sleep(0.02)

        sent = await list_sent_messages(database, to=PEER)
    assert len(sent) == 5


async def test_run_of_a_worker_that_died_is_driven_again_and_sends_once(database: PostgresDatabase, dsn: str) -> None:
    """AV-6: the second driving makes the same message."""
    twice: list[dict[str, object]] = [
        {"type": "conversation_send", "option": {"text": "one"}},
        {"type": "conversation_send", "option": {"text": "two"}},
    ]
    account_id = await _account(database, OWN, twice)
    await inject_message(database, source=PEER, destination=OWN, text="x", now=utc_now())
    async with database.transaction() as tx:
        (request,) = await tx.messages.claim_runs(4711, now=utc_now(), until=utc_now().replace(year=2100), limit=1)
    key = f"run:{request.run_id}:1"
    first = MessageRequest(tel(OWN), (tel(PEER),), "one", run_id=request.run_id, key=key)
    await send_message(database, account_id, first, utc_now())

    async with working(database, dsn):
        sent = await _sent(database, PEER, count=2)

    assert sorted(each.text for each in sent) == ["one", "two"]


async def _taken(database: PostgresDatabase, account_id: AccountId, request: MessageRequest) -> Message:
    """The message, asked for again where a connection breaks at that moment, as clients do at 503."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await send_message(database, account_id, request, utc_now())
            except Unavailable:
                await asyncio.sleep(0)


async def test_worker_goes_on_when_its_connections_come_back(database: PostgresDatabase, dsn: str) -> None:
    """AV-3."""
    account_id = await _account(database, OWN, AUTO_REPLY)
    async with working(database, dsn):
        await inject_message(database, source=PEER, destination=OWN, text="HOURS", now=utc_now())
        await _sent(database, PEER)
        async with database.reading() as tx:
            await tx.connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        message = await _taken(database, account_id, MessageRequest(tel(OWN), (tel(PEER),), "after"))
        await _wait_for(database, message, TargetStatus.DELIVERED)
