"""Consent: heard before any flow, on the record, and heeded by everything that is sent (SMS-7, FRD-6, user asks L)."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.errors import NotPermitted
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.consent import ConsentSettings, Wish, Words
from dialplane.domain.messaging.messages import Message, MessageExtras, TargetStatus
from dialplane.services.messaging.consent import list_consent_records, note_consent, save_consent_settings
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.message_records import cancel_message, release_message
from dialplane.services.messaging.message_sending import (
    Accepted,
    Receipt,
    claim_targets,
    record_answer,
    record_receipt,
    why_not,
)
from dialplane.services.messaging.messages import MessageRequest, get_message, list_messages
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.messaging.sender_pools import create_pool
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_flow, add_number

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
OWN, SECOND, PEER = "+12025550100", "+12025550101", "+12125550187"


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    account_id = await add_account(database)
    await add_number(database, account_id, OWN, NOW)
    await add_number(database, account_id, SECOND, NOW)
    await add_credit(database, account_id, 10_000_000, NOW)
    return account_id


async def says(database: PostgresDatabase, text: str, *, to: str = OWN, at: datetime = NOW) -> None:
    received = await receive_message(database, InboundMessage(PEER, to, text), at)
    assert isinstance(received, Message)


async def sent(
    database: PostgresDatabase, account_id: AccountId, *peers: str, source: str = OWN, at: datetime = NOW
) -> Message:
    wish = MessageRequest(tel(source), tuple(tel(peer) for peer in peers or (PEER,)), "hello")
    return await send_message(database, account_id, wish, at)


async def is_refused(database: PostgresDatabase, account_id: AccountId, *, source: str = OWN) -> bool:
    try:
        await sent(database, account_id, source=source)
    except NotPermitted as refusal:
        return refusal.reason == "RECIPIENT_OPTED_OUT"
    return False


async def texts(database: PostgresDatabase, account_id: AccountId) -> list[str]:
    return [message.text for message in await list_messages(database, account_id, before=None, limit=50)]


async def test_stop_is_answered_once_and_holds_until_start(database: PostgresDatabase, account_id: AccountId) -> None:
    await says(database, "Stop. Thank you")
    await says(database, "STOP!")
    refused = await is_refused(database, account_id)
    await says(database, "start")
    again = await sent(database, account_id)

    written = await texts(database, account_id)
    assert refused
    assert again.targets[0].status is TargetStatus.QUEUED
    assert sum(text.startswith("You have successfully been unsubscribed") for text in written) == 1
    assert sum(text.startswith("You have successfully been re-subscribed") for text in written) == 1
    records = await list_consent_records(database, account_id, PEER, before=None, limit=10)
    assert sorted(record.wish for record in records) == [Wish.START, Wish.STOP, Wish.STOP]


async def test_word_of_consent_runs_no_flow_and_an_ordinary_one_does(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    flow = await add_flow(database, account_id, [{"type": "stop"}], NOW)
    await add_number(database, account_id, "+12025550102", NOW, message_flow=flow.id)

    for text in ("STOP", "START", "HELP", "Don't stop"):
        await says(database, text, to="+12025550102")

    async with database.transaction() as tx:
        runs = await tx.messages.claim_runs(1, now=NOW, until=NOW, limit=10)
    assert len(runs) == 1


async def test_start_of_somebody_who_never_stopped_is_left_to_the_flow(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    flow = await add_flow(database, account_id, [{"type": "stop"}], NOW)
    await add_number(database, account_id, "+12025550102", NOW, message_flow=flow.id)

    await says(database, "START", to="+12025550102")

    async with database.transaction() as tx:
        assert len(await tx.messages.claim_runs(1, now=NOW, until=NOW, limit=10)) == 1


async def test_help_is_given_once_a_minute(database: PostgresDatabase, account_id: AccountId) -> None:
    for second in (0, 10, 70):
        await says(database, "HELP", at=NOW + timedelta(seconds=second))

    written = await texts(database, account_id)
    assert written.count("Reply STOP to unsubscribe. Msg&Data Rates May Apply.") == 2


async def test_opt_out_holds_for_all_numbers_without_a_pool_and_for_no_pool(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    await add_number(database, account_id, "+12025550102", NOW)
    await create_pool(database, account_id, "alerts", ["+12025550102"], number_rate=0, destination_rate=0, now=NOW)

    await says(database, "stop")

    assert await is_refused(database, account_id)
    assert await is_refused(database, account_id, source=SECOND)
    assert not await is_refused(database, account_id, source="+12025550102")


async def test_opt_out_of_a_pool_leaves_the_other_numbers_and_stopall_none(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    await create_pool(database, account_id, "alerts", [SECOND], number_rate=0, destination_rate=0, now=NOW)

    await says(database, "stop", to=SECOND)
    only_pool = await is_refused(database, account_id), await is_refused(database, account_id, source=SECOND)
    await says(database, "STOPALL", to=SECOND)
    everything = await is_refused(database, account_id), await is_refused(database, account_id, source=SECOND)

    assert only_pool == (False, True)
    assert everything == (True, True)


async def test_other_accounts_are_not_touched(database: PostgresDatabase, account_id: AccountId) -> None:
    other = await add_account(database)
    await add_number(database, other, "+13035550100", NOW)
    await add_credit(database, other, 1_000_000, NOW)

    await says(database, "stop")

    assert not await is_refused(database, other, source="+13035550100")


async def test_of_several_receivers_only_the_one_who_opted_out_is_refused_and_not_charged(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    await note_consent(database, account_id, PEER, Wish.STOP, None, "by telephone", NOW)

    message = await sent(database, account_id, PEER, "+13035550111")

    stored = await get_message(database, account_id, message.id)
    assert [(target.status, target.error_code) for target in stored.targets] == [
        (TargetStatus.FAILED, 21610),
        (TargetStatus.QUEUED, 0),
    ]
    async with database.reading() as tx:
        purse = await tx.ledger.find_purse(account_id)
    assert purse is not None
    assert purse.credit_held == 10_000


async def test_message_that_was_queued_before_the_stop_does_not_go_out(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    await sent(database, account_id)
    await says(database, "STOP")

    claimed = await claim_targets(database, 1, limit=10, sweep=False, now=NOW)

    reasons = {queued.text[:8]: why_not(queued, NOW) for queued in claimed}
    assert reasons["You have"] is None
    assert reasons["hello"] is not None
    assert reasons["hello"].error_code == 21610


async def test_own_words_and_answers_count(database: PostgresDatabase, account_id: AccountId) -> None:
    settings = ConsentSettings(words=Words(stop=("Arrêt",)), stop_answer="Au revoir", help_answer="")
    await save_consent_settings(database, account_id, settings, NOW)

    await says(database, "ARRÊT!")
    await says(database, "help")

    assert "Au revoir" in await texts(database, account_id)
    assert len(await texts(database, account_id)) == 3
    assert await is_refused(database, account_id)


async def test_consent_may_be_switched_off(database: PostgresDatabase, account_id: AccountId) -> None:
    await save_consent_settings(database, account_id, ConsentSettings(is_on=False), NOW)

    await says(database, "STOP")

    assert await texts(database, account_id) == ["STOP"]
    assert not await is_refused(database, account_id)


async def test_record_can_be_neither_changed_nor_removed(database: PostgresDatabase, account_id: AccountId) -> None:
    await says(database, "STOP")

    for statement in ("delete from consent_records", "update consent_records set wish = 'START'"):
        with pytest.raises(asyncpg.RaiseError):
            async with database.transaction() as tx:
                await tx.connection.execute(statement)


async def test_two_numbers_that_answer_each_other_are_soon_quiet(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """SMS-7: each side's answers are read by the other, and none of them is a word of consent."""
    for text in ("STOP", "START", "HELP"):
        await says(database, text, to=SECOND)

    answers = [text for text in await texts(database, account_id) if text not in ("STOP", "START", "HELP")]
    before = len(await texts(database, account_id))
    for text in answers:
        await receive_message(database, InboundMessage(SECOND, OWN, text), NOW)

    assert len(answers) == 3
    assert len(await texts(database, account_id)) == before + 3


async def test_sixth_consecutive_number_is_held_until_it_is_released(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """FRD-6."""
    made = [await sent(database, account_id, f"+4479000000{n:02}") for n in range(7)]

    assert [message.targets[0].status for message in made] == [TargetStatus.QUEUED] * 5 + [TargetStatus.HELD] * 2
    assert len(await claim_targets(database, 1, limit=10, sweep=False, now=NOW)) == 5
    await release_message(database, account_id, made[5].id, NOW)
    canceled = await cancel_message(database, account_id, made[6].id, NOW)
    (released,) = await claim_targets(database, 1, limit=10, sweep=False, now=NOW)
    assert released.message_id == made[5].id
    assert canceled.targets[0].status is TargetStatus.CANCELED
    async with database.reading() as tx:
        held = await tx.connection.fetchval("select count(*) from events where type = 'message_held'")
        purse = await tx.ledger.find_purse(account_id)
    assert held == 2
    assert purse is not None
    assert purse.credit_held == 60_000


async def test_answers_to_consecutive_numbers_that_wrote_are_no_pumping(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    """FRD-6: made-up numbers write to nobody."""
    peers = [f"+4479000000{n:02}" for n in range(8)]
    for peer in peers:
        await receive_message(database, InboundMessage(peer, OWN, "hi"), NOW)

    answers = [await sent(database, account_id, peer) for peer in peers]
    beside = await sent(database, account_id, "+447900000008")

    assert {message.targets[0].status for message in (*answers, beside)} == {TargetStatus.QUEUED}


async def test_strangers_wait_where_hardly_anything_arrives(database: PostgresDatabase, account_id: AccountId) -> None:
    """FRD-6: less than a tenth of fifty."""
    for n in range(50):
        await sent(database, account_id, f"+4479{n:02}000000")
    for n, queued in enumerate(await claim_targets(database, 1, limit=100, sweep=False, now=NOW)):
        await record_answer(database, queued, Accepted(f"c{n}"), NOW)
        status = TargetStatus.DELIVERED if n < 4 else TargetStatus.UNDELIVERED
        await record_receipt(database, Receipt(f"c{n}", status), NOW)

    stranger = await sent(database, account_id, "+447988000000")
    known = await sent(database, account_id, "+447900000000")

    assert stranger.targets[0].status is TargetStatus.HELD
    assert known.targets[0].status is TargetStatus.QUEUED


async def test_message_waits_out_the_quiet_hours_of_its_receiver(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    await save_consent_settings(database, account_id, ConsentSettings(quiet_from="21:00", quiet_to="08:00"), NOW)
    night = datetime(2026, 3, 2, 3, tzinfo=UTC)  # 22:00 in New York

    waiting = await sent(database, account_id, at=night)
    reply = MessageRequest(tel(OWN), (tel(PEER),), "at once", extras=MessageExtras(origin="reply"))
    answered = await send_message(database, account_id, reply, night)

    assert (waiting.targets[0].status, answered.targets[0].status) == (TargetStatus.SCHEDULED, TargetStatus.QUEUED)
    at_eight = datetime(2026, 3, 2, 13, tzinfo=UTC)
    before = await claim_targets(database, 1, limit=9, sweep=False, now=at_eight - timedelta(seconds=1))
    due = await claim_targets(database, 1, limit=9, sweep=False, now=at_eight + timedelta(seconds=60))
    assert [queued.text for queued in before] == ["at once"]
    assert "hello" in [queued.text for queued in due]
