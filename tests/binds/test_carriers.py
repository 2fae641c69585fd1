"""Our bind to a carrier: what it takes, answers, reports and brings (SMS-3 to SMS-6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from smpp.pdu.pdu_types import (
    CommandId,
    CommandStatus,
    EsmClass,
    EsmClassGsmFeatures,
    EsmClassMode,
    EsmClassType,
    MessageState,
)

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.messaging.concatenation import Header, read_header
from dialplane.domain.messaging.gsm import Language, Tables, decode
from dialplane.domain.messaging.messages import Direction, Message, MessageExtras, TargetStatus
from dialplane.domain.messaging.smpp_accounts import LongMessages
from dialplane.domain.messaging.smpp_carriers import Binds, BindState
from dialplane.services.charging.billing import check_ledger, get_balance
from dialplane.services.messaging.messages import MessageRequest, get_message, list_messages
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.messaging.smpp_carriers import (
    SmppCarrierChange,
    add_smpp_carrier,
    change_smpp_carrier,
    look_at_smpp_carrier,
    look_at_smpp_carriers,
)
from tests.binds.centre import Centre, centre
from tests.binds.node import OWN, PEER, Node, node, smpp_process
from tests.effort import PATIENCE_S, full

LONG = "Grüße aus Köln, " * 25


async def carry(database: PostgresDatabase, smsc: Centre, **change: object) -> UUID:
    """Set the centre up as the carrier of the operator's own numbers."""
    given = {"name": "trunk", "host": "127.0.0.1", "port": smsc.port, "system_id": "us", "password": "secret"}
    change = given | change
    return (await add_smpp_carrier(database, SmppCarrierChange(**change), utc_now())).id  # type: ignore[arg-type]


@asynccontextmanager
async def carried(database: PostgresDatabase, dsn: str, smsc: Centre, **change: object) -> AsyncIterator[Node]:
    """The platform with a bind to the centre that stands."""
    async with node(database, dsn) as made:
        await carry(database, smsc, **change)
        await smsc.wait_bound(2 if change.get("binds") is Binds.SEPARATE else 1)
        yield made


async def send(at: Node, text: str, *, destination: str = PEER) -> Message:
    request = MessageRequest(tel(OWN), (tel(destination),), text)
    return await send_message(at.database, at.account_id, request, utc_now())


async def became(at: Node, message: Message, *statuses: TargetStatus) -> Message:
    """The message, once it has one of the statuses."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await get_message(at.database, at.account_id, message.id)
            if found.targets[0].status in statuses:
                return found
            await asyncio.sleep(0.02)  # the store has no event for tests


async def received(database: PostgresDatabase, account_id: AccountId, count: int) -> list[Message]:
    """What came in, the oldest first, once there is so much."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            listed = await list_messages(database, account_id, before=None, limit=100)
            found = [each for each in reversed(listed) if each.direction is Direction.INBOUND]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)  # likewise


async def test_message_is_taken_charged_once_and_delivered(database: PostgresDatabase, dsn: str) -> None:
    """SMS-5; the receipt names the message in decimal, the answer in hexadecimal."""
    async with (
        centre(name=lambda n: f"{n + 0xAB00:08X}", receipt_name=lambda n: str(n + 0xAB00)) as smsc,
        carried(database, dsn, smsc) as at,
    ):
        before = await get_balance(database, at.account_id)
        message = await became(at, await send(at, "hello {you} €"), TargetStatus.DELIVERED)
        (submitted,) = smsc.submits
        after = await get_balance(database, at.account_id)

    assert (submitted.source, submitted.destination) == (OWN[1:], PEER[1:])
    assert submitted.octets == b"hello \x1b(you\x1b) \x1be"
    assert message.targets[0].sent_at is not None
    assert before.purse.credit - after.purse.credit == 10_000
    assert (await check_ledger(database)).balanced
    assert smsc.unbound == 1  # AV-1


@pytest.mark.parametrize(("way", "count"), [(LongMessages.UDH, 3), (LongMessages.SAR, 3), (LongMessages.PAYLOAD, 1)])
async def test_long_message_goes_in_parts_and_is_delivered_with_the_last(
    database: PostgresDatabase, dsn: str, way: LongMessages, count: int
) -> None:
    """SMS-6: headers, parameters or the whole in one."""
    async with centre() as smsc, carried(database, dsn, smsc, long_messages=way) as at:
        message = await became(at, await send(at, LONG), TargetStatus.DELIVERED)

    header = 6 if way is LongMessages.UDH else 0
    assert len(smsc.submits) == count
    assert message.targets[0].parts == 3
    assert decode(b"".join(each.octets[header:] for each in smsc.submits)) == LONG


async def test_undelivered_message_has_the_networks_error(database: PostgresDatabase, dsn: str) -> None:
    async with centre(final=MessageState.UNDELIVERABLE) as smsc, carried(database, dsn, smsc) as at:
        message = await became(at, await send(at, "hello"), TargetStatus.UNDELIVERED)

    assert message.targets[0].error_code == 30003


async def test_throttled_segment_is_offered_again_and_a_refused_message_is_not_charged(
    database: PostgresDatabase, dsn: str
) -> None:
    """SMS-3."""
    statuses = [CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_ROK, CommandStatus.ESME_RINVDSTADR]
    async with (
        centre(status=lambda n: statuses[n]) as smsc,
        carried(database, dsn, smsc) as at,
    ):
        before = (await get_balance(database, at.account_id)).purse.credit
        await became(at, await send(at, "throttled"), TargetStatus.DELIVERED)
        refused = await became(at, await send(at, "refused"), TargetStatus.FAILED)
        after = (await get_balance(database, at.account_id)).purse

    assert len(smsc.submits) == 3
    assert "0x0B" in refused.targets[0].reason
    assert (before - after.credit, after.credit_held) == (10_000, 0)


async def test_segments_beyond_the_window_wait_for_answers(database: PostgresDatabase, dsn: str) -> None:
    """SMS-3, SMS-4: a centre that does not answer has a window's worth, and gets it once more when it is back."""
    async with centre(is_mute=True) as smsc, carried(database, dsn, smsc, window=3) as at:
        messages = [await send(at, f"message {n}") for n in range(8)]
        first = list(await smsc.wait_for(3))
        smsc.is_mute = False
        smsc.cut()
        for message in messages:
            await became(at, message, TargetStatus.DELIVERED)
        every = list(smsc.submits)

    assert len(first) == 3
    counted = {each.octets: sum(other.octets == each.octets for other in every) for each in every}
    assert counted == {
        f"message {n}".encode(): 2 if f"message {n}".encode() in {e.octets for e in first} else 1 for n in range(8)
    }
    assert len({(each.octets, each.reference) for each in every}) == 8  # the same reference at both times


async def test_messages_wait_for_a_carrier_that_is_away(database: PostgresDatabase, dsn: str) -> None:
    """SMS-4: and go by the process that finds it back."""
    async with node(database, dsn) as at, centre() as smsc:
        held = await carry(database, smsc, port=1)
        message = await send(at, "patience")
        async with asyncio.timeout(PATIENCE_S):
            while (seen := await look_at_smpp_carrier(database, held)).standing is None or seen.waiting == 0:
                await asyncio.sleep(0.02)  # the store has no event for tests
        assert seen.standing.state in (BindState.LOST, BindState.CONNECTING)
        async with database.transaction() as tx:
            await tx.connection.execute("update smpp_carriers set port = $1", smsc.port)
        await became(at, message, TargetStatus.DELIVERED)


async def test_bind_is_held_by_one_process_and_taken_over_when_it_goes(database: PostgresDatabase, dsn: str) -> None:
    async with centre() as smsc, carried(database, dsn, smsc) as at, smpp_process(database, dsn):
        await became(at, await send(at, "one"), TargetStatus.DELIVERED)
        assert len(smsc.binds) == 1


async def test_inbound_message_is_taken_once_in_parts_and_through_lost_answers(
    database: PostgresDatabase, dsn: str
) -> None:
    """SMS-5, SMS-6."""
    has_header = EsmClass(EsmClassMode.DEFAULT, EsmClassType.DEFAULT)
    parts = {"sar_msg_ref_num": 9, "sar_total_segments": 2}
    async with centre() as smsc, carried(database, dsn, smsc) as at:
        smsc.deliver(PEER, OWN, b"hi there", sequence=70, esm_class=has_header)
        await received(database, at.account_id, 1)
        smsc.cut()
        await smsc.wait_bound(2)
        smsc.deliver(PEER, OWN, b"hi there", sequence=70, esm_class=has_header)
        smsc.deliver(PEER, OWN, b"second ", sequence=72, sar_segment_seqnum=2, **parts)
        smsc.deliver(PEER, OWN, b"first ", sequence=71, sar_segment_seqnum=1, **parts)
        smsc.deliver(PEER, "+12025550444", b"nobody's", sequence=73)
        answered = [await smsc.answers.get() for _ in range(4)]
        inbound = await received(database, at.account_id, 2)

    assert {each.status for each in answered} == {CommandStatus.ESME_ROK}
    assert [each.text for each in inbound] == ["hi there", "first second "]
    assert inbound[0].source == tel(PEER)


async def test_separate_binds_hear_receipts_by_parameters(database: PostgresDatabase, dsn: str) -> None:
    async with centre() as smsc, carried(database, dsn, smsc, binds=Binds.SEPARATE) as at:
        final, smsc.final = smsc.final, None
        message = await send(at, "hello")
        await became(at, message, TargetStatus.SENT)
        smsc.final = final
        smsc.report(0, is_text=False)
        await became(at, message, TargetStatus.DELIVERED)

    assert [each.id for each in smsc.binds] == [CommandId.bind_receiver, CommandId.bind_transmitter]


async def test_many_messages_through_lost_connections_are_each_charged_once(
    database: PostgresDatabase, dsn: str
) -> None:
    """SMS-4, SMS-5: the connection is cut again and again in the middle of the window."""
    count = full(60, 1000)
    async with centre() as smsc, carried(database, dsn, smsc) as at:
        before = (await get_balance(database, at.account_id)).purse.credit
        messages = [await send(at, f"message {n}", destination=f"+1202555{1000 + n * 7}") for n in range(count)]
        for cut in range(10, count, 20):
            await smsc.wait_for(cut)
            smsc.cut()
        for message in messages:
            await became(at, message, TargetStatus.SENT, TargetStatus.DELIVERED)
        after = (await get_balance(database, at.account_id)).purse

    assert {each.octets for each in smsc.submits} == {f"message {n}".encode() for n in range(count)}
    assert (before - after.credit, after.credit_held) == (10_000 * count, 0)


async def test_national_tables_cost_what_they_take_where_the_carrier_has_them(
    database: PostgresDatabase, dsn: str
) -> None:
    """3GPP TS 23.038 annex A: a hundred characters of Turkish are two segments in UCS-2, and one with a table."""
    text = "Işığı gören şaşırdı, çünkü ğ. " * 3 + "Güle güle!"
    async with centre() as smsc, carried(database, dsn, smsc, national_tables=True) as at:
        sent = await became(at, await send(at, text), TargetStatus.DELIVERED)
        (submitted,) = smsc.submits
        await change_smpp_carrier(database, await _only(database), SmppCarrierChange(national_tables=False), utc_now())
        await smsc.wait_bound(2)
        wide = await became(at, await send(at, text), TargetStatus.DELIVERED)

        smsc.deliver(
            PEER,
            OWN,
            submitted.octets,
            esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.DEFAULT, {EsmClassGsmFeatures.UDHI_INDICATOR_SET}),
        )
        [brought] = await received(database, at.account_id, 1)

    header, length = read_header(submitted.octets)
    assert decode(submitted.octets[length:], header.tables) == text
    assert header == Header(tables=Tables(single=Language.TURKISH))
    assert (sent.targets[0].parts, wide.targets[0].parts) == (1, 2)
    assert (brought.text, brought.targets[0].parts) == (text, 1)


async def test_text_that_is_to_go_in_ucs2_goes_so_though_it_need_not(database: PostgresDatabase, dsn: str) -> None:
    """Restcomm reference 4.7 and 7: `Encoding=UCS-2` is data coding 8."""
    text = "plain " * 12
    async with centre() as smsc, carried(database, dsn, smsc) as at:
        request = MessageRequest(tel(OWN), (tel(PEER),), text, extras=MessageExtras(is_wide=True))
        message = await send_message(at.database, at.account_id, request, utc_now())
        sent = await became(at, message, TargetStatus.DELIVERED)

    parts = [read_header(each.octets) for each in smsc.submits]
    octets = b"".join(each.octets[length:] for each, (_, length) in zip(smsc.submits, parts, strict=True))
    assert (sent.targets[0].parts, octets.decode("utf-16-be")) == (2, text)


async def _only(database: PostgresDatabase) -> UUID:
    [seen] = await look_at_smpp_carriers(database)
    return seen.carrier.id
