"""Sessions that end in the middle: nothing is lost and nothing is there twice (SMS-4 to SMS-6)."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.domain.ids import utc_now
from dialplane.domain.messaging.concatenation import Header, Part
from dialplane.services.charging.billing import check_ledger
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.messages import list_messages
from dialplane.services.messaging.short_messages import Content
from dialplane.services.messaging.smpp_accounts import (
    SmppAccountChange,
    create_smpp_account,
    delete_smpp_account,
)
from dialplane.services.messaging.smpp_submits import Handed, take_submit
from dialplane.smpp.commands import Command, Status
from dialplane.smpp.fields import Tag
from dialplane.smpp.pdu import UDH_INDICATOR, Named, ShortMessage
from tests.binds.esme import bound, connected, submit
from tests.binds.node import OWN, PEER, Node
from tests.effort import full
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number


async def _sent(smsc: Node, limit: int = 1000) -> list[str]:
    """Texts of what was sent, the oldest first."""
    listed = await list_messages(smsc.database, smsc.account_id, before=None, limit=limit)
    return [each.text for each in reversed(listed) if each.direction == "outbound"]


def _named(answer: object) -> str:
    body = answer.body  # type: ignore[attr-defined]
    assert isinstance(body, Named)
    return body.name


async def test_submit_that_is_sent_again_after_its_answer_was_lost_is_one_message(smsc: Node) -> None:
    """SMS-5: the connection is cut between submit_sm and its answer, again and again."""
    count = full(6, 1000)
    for n in range(count):
        async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
            peer.put(Command.SUBMIT_SM, submit(f"message {n}"), sequence=n + 2)
            await peer.writer.drain()
            peer.cut()
        async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
            # A gateway such as Kannel sends it with a new number.
            sequence = n + 2 if n % 2 else 100_000 + n
            assert (await peer.ask(Command.SUBMIT_SM, submit(f"message {n}"), sequence=sequence)).status == Status.OK
            assert (await peer.ask(Command.UNBIND)).status == Status.OK

    assert await _sent(smsc) == [f"message {n}" for n in range(count)]
    ledger = await check_ledger(smsc.database)
    assert ledger.balanced


async def test_resend_with_the_same_number_or_reference_is_one_message_though_it_was_answered(smsc: Node) -> None:
    """SMS-5: the answer reached the host of the system, and perhaps not the system."""
    tlvs = {Tag.USER_MESSAGE_REFERENCE: b"\0\7"}
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        first = await peer.ask(Command.SUBMIT_SM, submit("by number"), sequence=50)
        second = await peer.ask(Command.SUBMIT_SM, submit("by reference", tlvs=tlvs), sequence=51)
        peer.cut()
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        again = await peer.ask(Command.SUBMIT_SM, submit("by number"), sequence=50)
        other = await peer.ask(Command.SUBMIT_SM, submit("by reference", tlvs=tlvs), sequence=900)

    assert [_named(again), _named(other)] == [_named(first), _named(second)]
    assert await _sent(smsc) == ["by number", "by reference"]


async def test_equal_messages_of_live_or_orderly_ended_sessions_are_messages_of_their_own(smsc: Node) -> None:
    """SMS-5 does not make one of what a system means as two."""
    async with (
        bound(smsc.port, smsc.system_id, smsc.password) as one,
        bound(smsc.port, smsc.system_id, smsc.password) as two,
    ):
        for peer in (one, two, one):
            assert (await peer.ask(Command.SUBMIT_SM, submit("same"))).status == Status.OK
        await one.ask(Command.UNBIND)
        await two.ask(Command.UNBIND)
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        assert (await peer.ask(Command.SUBMIT_SM, submit("same"))).status == Status.OK

    assert await _sent(smsc) == ["same"] * 4


async def test_message_waits_for_a_session_and_comes_again_where_its_answer_is_lost(smsc: Node) -> None:
    """SMS-4: requeued once, the same message."""
    await receive_message(smsc.database, InboundMessage(PEER, OWN, "while away"), utc_now())
    async with bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_RECEIVER) as peer:
        first = await peer.read()
        peer.cut()
    async with bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_RECEIVER) as peer:
        again = await peer.read()
        peer.put(Command.DELIVER_SM_RESP, None, sequence=again.sequence)
        await receive_message(smsc.database, InboundMessage(PEER, OWN, "next"), utc_now())
        after = await peer.read()

    assert (first.command, first.body) == (Command.DELIVER_SM, again.body)
    assert isinstance(after.body, ShortMessage)
    assert after.body.short_message == b"next"


async def test_receipt_waits_for_a_receiver_and_names_the_message_both_ways(smsc: Node) -> None:
    """SMS-4: the sender is a transmitter, which hears nothing."""
    async with bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_TRANSMITTER) as peer:
        taken = _named(await peer.ask(Command.SUBMIT_SM, submit("hello")))
        await peer.ask(Command.UNBIND)
    async with bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_RECEIVER) as peer:
        receipt = (await peer.read()).body

    assert isinstance(receipt, ShortMessage)
    assert (receipt.source.digits, receipt.destination.digits) == (PEER[1:], OWN[1:])
    assert (receipt.is_receipt, receipt.tlvs[Tag.RECEIPTED_MESSAGE_ID]) == (True, taken.encode() + b"\0")
    assert receipt.tlvs[Tag.MESSAGE_STATE] == b"\2"
    assert receipt.short_message.startswith(f"id:{taken} sub:001 dlvrd:001 submit date:".encode())
    assert receipt.short_message.endswith(b" stat:DELIVRD err:000 text:hello")


def _part(number: int, text: str, *, total: int = 3, destination: str = PEER) -> ShortMessage:
    header = bytes(Header(Part(7, total, number)))
    message = submit("", destination=destination, esm_class=UDH_INDICATOR)
    return ShortMessage(
        message.source, message.destination, header + text.encode(), esm_class=UDH_INDICATOR, registered_delivery=1
    )


async def test_parts_are_one_message_in_any_order_over_sessions_and_each_has_its_receipt(smsc: Node) -> None:
    """SMS-6."""
    ids = []
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        ids.append(_named(await peer.ask(Command.SUBMIT_SM, _part(3, "three"))))
        ids.append(_named(await peer.ask(Command.SUBMIT_SM, _part(1, "one "), sequence=50)))
        await peer.ask(Command.SUBMIT_SM, _part(2, "other ", destination="+12025550188"))
        peer.cut()
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        again = await peer.ask(Command.SUBMIT_SM, _part(1, "one "), sequence=50)
        ids.append(_named(await peer.ask(Command.SUBMIT_SM, _part(2, "two "))))
        receipts = set()
        for _ in range(3):
            pdu = await peer.read()
            assert isinstance(pdu.body, ShortMessage)
            receipts.add(pdu.body.tlvs[Tag.RECEIPTED_MESSAGE_ID].decode().rstrip("\0"))

    assert _named(again) == ids[1]
    assert receipts == set(ids)
    assert await _sent(smsc) == ["one two three"]


async def test_part_that_comes_a_day_later_begins_a_message_of_its_own(database: PostgresDatabase) -> None:
    """SMS-6: the wait is 24 h, by a clock that the test moves."""
    account_id = await add_account(database)
    now = utc_now()
    await add_number(database, account_id, OWN, now)
    await add_credit(database, account_id, 1_000_000, now)
    issued = await create_smpp_account(database, Argon2Hasher(), account_id, "parts", SmppAccountChange(), now)
    late, later = now + timedelta(hours=24), now + timedelta(hours=25)

    async def take(number: int, text: str, at: datetime, source: str = OWN) -> None:
        content = Content(source, PEER, text, Part(7, 2, number))
        handed = Handed(uuid4(), number, None, f"{number}{text}{source}".encode(), content)
        await take_submit(database, issued.account, handed, at)

    await take(1, "lost ", now)
    await take(2, "late", late)
    listed = await list_messages(database, account_id, before=None, limit=10)
    await take(1, "just in time, ", later)

    assert listed == []
    [made] = await list_messages(database, account_id, before=None, limit=10)
    assert made.text == "just in time, late"


async def test_character_that_is_cut_between_two_parts_is_whole_in_the_message(smsc: Node) -> None:
    """SMS-6: Kannel, for one, cuts a text by octets."""

    def part(reference: int, number: int, octets: bytes, coding: int) -> ShortMessage:
        header = bytes(Header(Part(reference, 2, number)))
        return replace(submit("", esm_class=UDH_INDICATOR), short_message=header + octets, data_coding=coding)

    pair = "a😀b".encode("utf-16-be")
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        await peer.ask(Command.SUBMIT_SM, part(1, 2, pair[4:], 8))
        await peer.ask(Command.SUBMIT_SM, part(1, 1, pair[:4], 8))
        await peer.ask(Command.SUBMIT_SM, part(2, 1, b"5 \x1b", 0))
        await peer.ask(Command.SUBMIT_SM, part(2, 2, b"e each", 0))

    assert await _sent(smsc) == ["a😀b", "5 € each"]


async def test_reference_that_is_used_again_joins_no_parts_of_two_messages(smsc: Node) -> None:
    """SMS-6: of a message whose second part was lost nothing gets into the next one; a part that comes twice counts
    once."""
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        for number, text in ((1, "lost "), (1, "new "), (1, "new "), (2, "text")):
            await peer.ask(Command.SUBMIT_SM, _part(number, text, total=2))

    assert await _sent(smsc) == ["new text"]


async def test_parts_with_parameters_and_payloads_are_read_and_too_many_parts_refused(smsc: Node) -> None:
    """SMS-6."""

    def sar(number: int, total: int, text: str) -> ShortMessage:
        tlvs = {
            Tag.SAR_MSG_REF_NUM: b"\1\2",
            Tag.SAR_TOTAL_SEGMENTS: bytes((total,)),
            Tag.SAR_SEGMENT_SEQNUM: bytes((number,)),
        }
        return submit(text, tlvs=tlvs)

    long = "x" * 300
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        answers = [
            await peer.ask(Command.SUBMIT_SM, sar(2, 2, "b")),
            await peer.ask(Command.SUBMIT_SM, sar(1, 2, "a")),
            await peer.ask(Command.SUBMIT_SM, submit("", tlvs={Tag.MESSAGE_PAYLOAD: long.encode()})),
            await peer.ask(Command.DATA_SM, submit("", tlvs={Tag.MESSAGE_PAYLOAD: b"data"})),
            await peer.ask(Command.SUBMIT_SM, sar(1, 11, "too many")),
            await peer.ask(Command.SUBMIT_SM, submit("", esm_class=UDH_INDICATOR, tlvs={Tag.MESSAGE_PAYLOAD: b"\x40"})),
        ]

    assert [each.status for each in answers] == [
        *[Status.OK] * 4,
        Status.INVALID_MESSAGE_LENGTH,
        Status.INVALID_ESM_CLASS,
    ]
    assert await _sent(smsc) == ["ab", long, "data"]


async def test_unbind_waits_for_what_was_asked_before(smsc: Node) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        wanted = [peer.put(Command.SUBMIT_SM, submit(f"message {n}")) for n in range(5)]
        peer.put(Command.UNBIND)
        answers = [await peer.read() for _ in range(6)]
        assert await peer.is_closed()

    assert {each.sequence for each in answers[:5]} == set(wanted)
    assert answers[5].command is Command.UNBIND_RESP


async def test_deleted_system_is_unbound_from_and_let_in_no_more(smsc: Node) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        await delete_smpp_account(smsc.database, smsc.account_id, smsc.smpp_account_id, utc_now())
        unbind = await peer.read()
        peer.put(Command.UNBIND_RESP, None, sequence=unbind.sequence)
        assert unbind.command is Command.UNBIND
        assert await peer.is_closed()
    async with connected(smsc.port) as peer:
        assert await peer.bind(smsc.system_id, smsc.password) == Status.INVALID_PASSWORD
