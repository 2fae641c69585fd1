"""Messages: the order of the checks, what is held and charged, conversations, and what an inbound one leads to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dialplane.adapters.carriers.sandbox_messages import SandboxMessageCarrier
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.routing import Refused
from dialplane.domain.charging.ledger import Purse
from dialplane.domain.errors import InsufficientBalance, Invalid, LimitExceeded, NotFound, NotPermitted, Refusal
from dialplane.domain.ids import AccountId, RunId
from dialplane.domain.messaging.messages import Message, MessageExtras, TargetStatus
from dialplane.domain.numbering.numbers import NumberKind, NumberStatus
from dialplane.domain.tenancy.accounts import IdentityStatus
from dialplane.services.charging.billing import check_ledger
from dialplane.services.messaging.conversations import (
    get_conversation,
    list_conversation_messages,
    list_conversations,
    post_to_conversation,
    update_conversation,
)
from dialplane.services.messaging.inbound_messages import InboundMessage, MessageRefused, receive_message
from dialplane.services.messaging.message_sending import (
    Accepted,
    Answered,
    Receipt,
    Rejected,
    answer_many,
    claim_targets,
    record_answer,
    record_no_answer,
    record_receipt,
    record_receipts,
    submission_of,
)
from dialplane.services.messaging.messages import MessageRequest, delete_message, get_message, list_messages
from dialplane.services.messaging.outbound_messages import send_message
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_flow, add_number

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWN, PEER = "+12025550100", "+12025550199"


async def _sender(database: PostgresDatabase, *, credit: int = 1_000_000) -> AccountId:
    account_id = await add_account(database)
    await add_number(database, account_id, OWN, NOW)
    if credit:
        await add_credit(database, account_id, credit, NOW)
    return account_id


def _to(*peers: str, text: str = "hello", source: str = OWN, key: str | None = None) -> MessageRequest:
    return MessageRequest(tel(source), tuple(tel(peer) for peer in peers), text, key=key)


async def _purse(database: PostgresDatabase, account_id: AccountId) -> Purse:
    async with database.reading() as tx:
        purse = await tx.ledger.find_purse(account_id)
    assert purse is not None
    return purse


async def _events(database: PostgresDatabase) -> list[str]:
    async with database.reading() as tx:
        rows = await tx.connection.fetch(
            "select type from events where split_part(type, '_', 1) <> 'number' order by resource_seq"
        )
    return [row["type"] for row in rows]


async def test_message_is_queued_and_its_price_held(database: PostgresDatabase) -> None:
    account_id = await _sender(database)

    message = await send_message(database, account_id, _to(PEER, "+1 (202) 555-0198", text="a" * 161), NOW)

    purse = await _purse(database, account_id)
    assert [(target.destination.target, target.status, target.parts) for target in message.targets] == [
        (PEER, TargetStatus.QUEUED, 2),
        ("+12025550198", TargetStatus.QUEUED, 2),
    ]
    assert (purse.credit, purse.credit_held) == (1_000_000, 40_000)
    assert await get_message(database, account_id, message.id) == message
    assert await _events(database) == [
        "message_created",
        "conversation_created",
        "conversation_message_created",
        "conversation_created",
        "conversation_message_created",
    ]


async def test_carrier_that_took_it_is_charged_once_however_often_it_says_so(database: PostgresDatabase) -> None:
    """LED-5, SMS-5."""
    account_id = await _sender(database)
    message = await send_message(database, account_id, _to(PEER), NOW)
    (queued,) = await claim_targets(database, 1, limit=10, sweep=False, now=NOW)

    for _ in range(3):
        await record_answer(database, queued, Accepted("carrier-1"), NOW)

    purse = await _purse(database, account_id)
    assert (purse.credit, purse.credit_held) == (990_000, 0)
    sent = await get_message(database, account_id, message.id)
    assert (sent.targets[0].status, sent.updated_at) == (TargetStatus.SENT, NOW)
    assert (await check_ledger(database)).balanced


async def test_refused_message_is_not_charged(database: PostgresDatabase) -> None:
    """FRD-9."""
    account_id = await _sender(database)
    message = await send_message(database, account_id, _to(PEER), NOW)
    (queued,) = await claim_targets(database, 1, limit=10, sweep=False, now=NOW)

    await record_answer(database, queued, Rejected("no such number"), NOW)

    purse = await _purse(database, account_id)
    assert (purse.credit, purse.credit_held) == (1_000_000, 0)
    target = (await get_message(database, account_id, message.id)).targets[0]
    assert (target.status, target.reason) == (TargetStatus.FAILED, "no such number")


async def test_receipts_only_move_forward(database: PostgresDatabase) -> None:
    account_id = await _sender(database)
    message = await send_message(database, account_id, _to(PEER), NOW)
    (queued,) = await claim_targets(database, 1, limit=10, sweep=False, now=NOW)
    await record_answer(database, queued, Accepted("carrier-1"), NOW)

    await record_receipt(database, Receipt("carrier-1", TargetStatus.DELIVERED), NOW)
    await record_receipt(database, Receipt("carrier-1", TargetStatus.FAILED, "late"), NOW)
    await record_receipt(database, Receipt("unknown", TargetStatus.FAILED), NOW)

    assert (await get_message(database, account_id, message.id)).targets[0].status is TargetStatus.DELIVERED
    assert (await _events(database))[3:] == [
        "message_updated",
        "conversation_message_updated",
        "message_updated",
        "conversation_message_updated",
    ]


async def test_carrier_that_never_answers_is_given_up_after_five_attempts(database: PostgresDatabase) -> None:
    account_id = await _sender(database)
    message = await send_message(database, account_id, _to(PEER), NOW)
    at = NOW
    for _ in range(5):
        (queued,) = await claim_targets(database, 1, limit=10, sweep=False, now=at)
        await record_no_answer(database, queued, "no answer", at)
        at += timedelta(minutes=1)

    assert await claim_targets(database, 1, limit=10, sweep=False, now=at) == []
    assert (await get_message(database, account_id, message.id)).targets[0].status is TargetStatus.GW_TIMEOUT
    assert (await _purse(database, account_id)).credit_held == 0


@pytest.mark.parametrize(
    ("request_", "refusal", "reason"),
    [
        (_to(), Invalid, ""),
        (_to(PEER, text=""), Invalid, ""),
        (_to(PEER, text="a" * 1601), Invalid, ""),
        (_to(PEER, source="+12025550111"), Invalid, "SOURCE_NOT_OWNED"),
        (_to("12345"), Invalid, ""),
        (MessageRequest(tel(OWN), (Address("sip", "a@b"),), "x"), Invalid, ""),
    ],
)
async def test_bad_request_is_refused_and_nothing_is_held(
    database: PostgresDatabase, request_: MessageRequest, refusal: type[Refusal], reason: str
) -> None:
    account_id = await _sender(database)

    with pytest.raises(refusal) as caught:
        await send_message(database, account_id, request_, NOW)

    assert caught.value.reason == reason
    assert (await _purse(database, account_id)).credit_held == 0
    assert await list_messages(database, account_id, before=None, limit=10) == []


async def test_identity_is_asked_before_money_and_money_before_the_source(database: PostgresDatabase) -> None:
    unverified = await add_account(database, identity_status=IdentityStatus.NONE)
    poor = await add_account(database)

    with pytest.raises(NotPermitted) as not_verified:
        await send_message(database, unverified, _to(PEER), NOW)
    with pytest.raises(InsufficientBalance) as broke:
        await send_message(database, poor, _to("nonsense"), NOW)

    assert not_verified.value.reason == "IDENTITY_VERIFICATION_REQUIRED"
    assert broke.value.reason == "INSUFFICIENT_BALANCE"


async def test_money_that_is_held_cannot_be_spent_twice(database: PostgresDatabase) -> None:
    """LED-4."""
    account_id = await _sender(database, credit=25_000)

    await send_message(database, account_id, _to(PEER), NOW)
    await send_message(database, account_id, _to(PEER), NOW)
    with pytest.raises(InsufficientBalance):
        await send_message(database, account_id, _to(PEER), NOW)


async def test_second_request_of_a_key_is_the_first_ones_message(database: PostgresDatabase) -> None:
    account_id = await _sender(database)

    first = await send_message(database, account_id, _to(PEER, key="run:1"), NOW)
    second = await send_message(database, account_id, _to(PEER, key="run:1"), NOW)

    assert second == first
    assert (await _purse(database, account_id)).credit_held == 10_000


async def test_deleted_message_is_gone_from_the_lists(database: PostgresDatabase) -> None:
    account_id, other = await _sender(database), await add_account(database)
    message = await send_message(database, account_id, _to(PEER), NOW)

    with pytest.raises(NotFound):
        await delete_message(database, other, message.id, NOW)
    deleted = await delete_message(database, account_id, message.id, NOW)

    assert deleted.deleted_at == NOW
    assert await list_messages(database, account_id, before=None, limit=10) == []
    with pytest.raises(NotFound):
        await get_message(database, account_id, message.id)


async def test_inbound_message_is_kept_charged_and_told(database: PostgresDatabase) -> None:
    account_id = await _sender(database)

    message = await receive_message(database, InboundMessage("(202) 555-0199", "12025550100", "hi\0"), NOW)

    assert isinstance(message, Message)
    assert (message.source, message.targets[0].destination) == (tel(PEER), tel(OWN))
    assert (message.raw_source, message.raw_destination, message.text) == ("(202) 555-0199", "12025550100", "hi")
    assert message.targets[0].status is TargetStatus.RECEIVED
    assert (await _purse(database, account_id)).credit == 990_000
    assert await get_message(database, account_id, message.id) == message
    assert await _events(database) == ["message_created", "conversation_created", "conversation_message_created"]


async def test_whatever_a_carrier_brings_is_kept(database: PostgresDatabase) -> None:
    """A carrier that is refused asks again, and then drops the message: empty ones and long ones are messages too."""
    account_id = await _sender(database)
    texts = ["", "Stop. " + "and so on " * 300]

    for text in texts:
        assert isinstance(await receive_message(database, InboundMessage(PEER, OWN, text), NOW), Message)

    inbound = [each for each in await list_messages(database, account_id, before=None, limit=9) if each.run_id is None]
    assert {each.text for each in inbound} >= set(texts)
    with pytest.raises(Invalid):
        await receive_message(database, InboundMessage(PEER, OWN, "x" * 10_001), NOW)


async def test_inbound_message_that_comes_twice_is_one(database: PostgresDatabase) -> None:
    """SIP-11, LED-5."""
    account_id = await _sender(database)
    inbound = InboundMessage(PEER, OWN, "hi", carrier_id="abc")

    first = await receive_message(database, inbound, NOW)
    second = await receive_message(database, inbound, NOW)

    assert second == first
    assert (await _purse(database, account_id)).credit == 990_000
    assert (await _events(database)).count("message_created") == 1


async def test_inbound_message_starts_a_run_of_the_numbers_flow(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    await add_credit(database, account_id, 1_000_000, NOW)
    flow = await add_flow(database, account_id, [{"type": "stop"}], NOW)
    await add_number(database, account_id, OWN, NOW, message_flow=flow.id)

    await receive_message(database, InboundMessage(PEER, OWN, "HOURS"), NOW)

    async with database.transaction() as tx:
        (run,) = await tx.runs.list_for(account_id, before=None, limit=10)
        (request,) = await tx.messages.claim_runs(1, now=NOW, until=NOW, limit=10)
    assert (request.run_id, request.own) == (run.id, OWN)
    assert run.variables["voipbin.conversation_message.text"] == "HOURS"
    assert run.variables["voipbin.conversation.peer.target"] == PEER
    assert (await _events(database))[-1] == "activeflow_created"


@pytest.mark.parametrize(
    ("case", "refused"),
    [
        ("unknown", Refused.UNKNOWN_NUMBER),
        ("suspended", Refused.NUMBER_SUSPENDED),
        ("virtual", Refused.VIRTUAL_FROM_PSTN),
        ("frozen", Refused.ACCOUNT_NOT_ACTIVE),
        ("broke", Refused.INSUFFICIENT_BALANCE),
    ],
)
async def test_message_that_is_not_let_in_is_told_with_its_reason(
    database: PostgresDatabase, case: str, refused: Refused
) -> None:
    account_id = await add_account(database, status="frozen" if case == "frozen" else "active")
    if case != "broke":
        await add_credit(database, account_id, 1_000_000, NOW)
    if case == "virtual":
        await add_number(database, account_id, "+899123456789", NOW, kind=NumberKind.VIRTUAL)
    elif case != "unknown":
        status = NumberStatus.SUSPENDED if case == "suspended" else NumberStatus.ACTIVE
        await add_number(database, account_id, OWN, NOW, status=status)

    destination = "+899123456789" if case == "virtual" else OWN
    outcome = await receive_message(database, InboundMessage(PEER, destination, "hi"), NOW)

    assert isinstance(outcome, MessageRefused)
    assert outcome.refused is refused
    assert outcome.reason
    assert await _events(database) == ([] if case == "unknown" else ["message_refused"])
    assert await list_messages(database, account_id, before=None, limit=10) == []


async def test_both_ways_meet_in_one_conversation(database: PostgresDatabase) -> None:
    account_id = await _sender(database)
    received = await receive_message(database, InboundMessage(PEER, OWN, "hi"), NOW)
    (conversation,) = await list_conversations(database, account_id, before=None, limit=10)

    posted = await post_to_conversation(
        database, account_id, conversation.id, text="hello", now=NOW + timedelta(seconds=1)
    )
    shown = await list_conversation_messages(database, account_id, conversation.id, before=None, limit=10)
    renamed = await update_conversation(database, account_id, conversation.id, name="Ann", now=NOW)

    assert isinstance(received, Message)
    assert [(each.message.id, each.direction) for each in shown] == [
        (posted.message.id, "outgoing"),
        (received.id, "incoming"),
    ]
    assert (conversation.own, conversation.peer) == (tel(OWN), tel(PEER))
    assert await get_conversation(database, account_id, conversation.id) == renamed


async def test_run_that_answers_in_a_loop_is_stopped_at_five_a_minute(database: PostgresDatabase) -> None:
    """SMS-7."""
    account_id = await _sender(database)

    async def reply(at: datetime) -> None:
        request = MessageRequest(tel(OWN), (tel(PEER),), "auto", run_id=RunId(account_id))
        await send_message(database, account_id, request, at)

    for second in range(5):
        await reply(NOW + timedelta(seconds=second))
    with pytest.raises(LimitExceeded, match="loop"):
        await reply(NOW + timedelta(seconds=30))
    await send_message(database, account_id, _to(PEER), NOW + timedelta(seconds=30))
    await reply(NOW + timedelta(seconds=61))


@pytest.mark.parametrize(
    ("peer", "kind", "reason"),
    [
        ("+4930901820", NotPermitted, "RECEIVER_ABROAD"),
        ("+8816512345678", NotPermitted, "RECEIVER_ABROAD"),
        ("+19005550100", NotPermitted, "RECEIVER_ABROAD"),
        ("+442079460000", Invalid, "TO_NOT_REACHABLE"),
    ],
)
async def test_message_goes_to_no_country_premium_number_or_landline_that_it_may_not(
    database: PostgresDatabase, peer: str, kind: type[Refusal], reason: str
) -> None:
    """FRD-1, FRD-9: nothing is held."""
    account_id = await _sender(database)

    with pytest.raises(kind) as refusal:
        await send_message(database, account_id, replace(_to(peer), to_mobiles_only=True), NOW)

    assert (refusal.value.reason, refusal.value.field) == (reason, "destinations[0]")
    assert (await _purse(database, account_id)).credit_held == 0


@pytest.mark.parametrize(("is_ours", "to_mobiles_only"), [(True, True), (False, False)])
async def test_landline_takes_messages_where_it_is_ours_or_nobody_minds(
    database: PostgresDatabase, is_ours: bool, to_mobiles_only: bool
) -> None:
    account_id = await _sender(database)
    if is_ours:
        await add_number(database, account_id, "+442079460000", NOW)
    request = replace(_to("+442079460000"), to_mobiles_only=to_mobiles_only)

    message = await send_message(database, account_id, request, NOW)

    assert message.targets[0].status is TargetStatus.QUEUED


@pytest.mark.parametrize(("most", "status"), [(1, TargetStatus.FAILED), (1_000_000, TargetStatus.QUEUED)])
async def test_message_above_its_highest_price_fails_and_holds_nothing(
    database: PostgresDatabase, most: int, status: TargetStatus
) -> None:
    """Twilio's MaxPrice: 30010."""
    account_id = await _sender(database)
    request = replace(_to(PEER), extras=MessageExtras(max_price_micros=most))

    message = await send_message(database, account_id, request, NOW)

    assert message.targets[0].status is status
    assert message.targets[0].error_code == (30010 if status is TargetStatus.FAILED else 0)
    assert ((await _purse(database, account_id)).credit_held == 0) is (status is TargetStatus.FAILED)


async def test_answers_that_come_together_each_have_their_effect_once(database: PostgresDatabase) -> None:
    """LED-5, FRD-9, SMS-5: two receivers of one message, a deleted one, and one that is answered twice."""
    account_id = await _sender(database)
    both = await send_message(database, account_id, _to(PEER, "+12025550198"), NOW)
    gone = await send_message(database, account_id, _to(PEER, text="gone"), NOW)
    twice = await send_message(database, account_id, _to(PEER, text="twice"), NOW)
    queued = {
        (each.message_id, each.position): each
        for each in await claim_targets(database, 1, limit=10, sweep=False, now=NOW)
    }
    await delete_message(database, account_id, gone.id, NOW)

    async with database.transaction() as tx:
        await answer_many(
            tx,
            [
                Answered(queued[both.id, 0], Accepted("c-1"), NOW),
                Answered(queued[both.id, 1], Rejected("no such number", 30005), NOW),
                Answered(queued[gone.id, 0], Accepted("c-2"), NOW),
                Answered(queued[twice.id, 0], Accepted("c-3"), NOW),
                Answered(queued[twice.id, 0], Rejected("too late"), NOW),
            ],
        )
    await record_receipts(
        database, [Receipt("c-1", TargetStatus.DELIVERED), Receipt("c-1", TargetStatus.UNDELIVERED)], NOW
    )

    shown = await get_message(database, account_id, both.id)
    assert [target.status for target in shown.targets] == [TargetStatus.DELIVERED, TargetStatus.FAILED]
    assert (await get_message(database, account_id, twice.id)).targets[0].status is TargetStatus.SENT
    purse = await _purse(database, account_id)
    assert (purse.credit, purse.credit_held) == (1_000_000 - 3 * 10_000, 0)
    assert (await check_ledger(database)).balanced


async def test_receipt_of_the_simulated_carrier_waits_for_its_answer_to_be_recorded(database: PostgresDatabase) -> None:
    """SMS-5: it is given once, and must not be lost where it overtakes the answer."""
    account_id = await _sender(database)
    message = await send_message(database, account_id, _to(PEER), NOW)
    (queued,) = await claim_targets(database, 1, limit=10, sweep=False, now=NOW)
    carrier, later = SandboxMessageCarrier(database), NOW + timedelta(seconds=5)
    answer = await carrier.submit(submission_of(queued), NOW)

    early = await carrier.receipts(later)
    await record_answer(database, queued, answer, later)
    await record_receipts(database, await carrier.receipts(later), later)

    assert early == []
    assert (await get_message(database, account_id, message.id)).targets[0].status is TargetStatus.DELIVERED
