"""What systems ask of messages that they handed over: query_sm, cancel_sm, replace_sm, and submit_multi (SMPP 3.4
sections 4.5 and 4.8 to 4.10)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialplane.domain.ids import utc_now
from dialplane.domain.messaging.concatenation import Header, Part
from dialplane.services.charging.billing import check_ledger
from dialplane.services.messaging.messages import list_messages
from dialplane.smpp.addresses import Address
from dialplane.smpp.commands import Command, Status
from dialplane.smpp.orders import Cancel, Query, QueryResult, Replace
from dialplane.smpp.pdu import UDH_INDICATOR, MultiMessage, MultiResult, Named, Pdu, ShortMessage
from dialplane.smpp.receipts import State, read_receipt
from dialplane.smpp.times import write_time
from tests.binds.esme import Esme, bound, submit
from tests.binds.node import OWN, PEER, Node

SOURCE, DESTINATION = Address(OWN[1:], 1, 1), Address(PEER[1:], 1, 1)
ELSEWHERE = Address("12025550111", 1, 1)


def _later() -> str:
    return write_time(utc_now() + timedelta(hours=1))


def _with(message: ShortMessage, octets: bytes) -> ShortMessage:
    return replace(message, short_message=octets)


async def _submitted(peer: Esme, text: str = "hello", *, destination: str = PEER, **fields: object) -> str:
    answer = await peer.ask(Command.SUBMIT_SM, replace(submit(text, destination=destination), **fields))  # type: ignore[arg-type]
    assert isinstance(answer.body, Named)
    return answer.body.name


async def _state(peer: Esme, message_id: str) -> int:
    answer = await peer.ask(Command.QUERY_SM, Query(message_id, SOURCE))
    assert isinstance(answer.body, QueryResult)
    assert answer.body.message_id == message_id
    return answer.body.state


async def _receipt(peer: Esme) -> tuple[str, State]:
    """The next one."""
    asked = await peer.read()
    peer.put(Command.DELIVER_SM_RESP, Named(""), sequence=asked.sequence)
    receipt = read_receipt(asked.body)  # type: ignore[arg-type]
    assert receipt is not None
    return receipt.message_id, receipt.state


async def _texts(smsc: Node) -> list[tuple[str, str]]:
    """Text and status of every message, the oldest first."""
    listed = await list_messages(smsc.database, smsc.account_id, before=None, limit=100)
    return [(each.text, each.targets[0].status.value) for each in reversed(listed)]


async def test_query_tells_where_a_message_stands_and_when_it_ended(smsc: Node) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        waiting = await _submitted(peer, schedule=_later())
        message_id = await _submitted(peer)
        assert await _receipt(peer) == (message_id, State.DELIVERED)

        assert await _state(peer, waiting) == State.ENROUTE
        answer = await peer.ask(Command.QUERY_SM, Query(message_id, SOURCE))

    assert isinstance(answer.body, QueryResult)
    assert (answer.body.state, answer.body.error) == (State.DELIVERED, 0)
    assert answer.body.final_at.startswith(f"{utc_now():%y%m}")
    assert len(answer.body.final_at) == 16


@pytest.mark.parametrize(
    ("message_id", "source", "status"),
    [
        ("nothing", SOURCE, Status.INVALID_MESSAGE_ID),
        ("0" * 32, SOURCE, Status.INVALID_MESSAGE_ID),
        ("", ELSEWHERE, Status.INVALID_SOURCE),
    ],
)
async def test_orders_about_what_is_not_there_or_of_another_source_are_refused(
    smsc: Node, message_id: str, source: Address, status: Status
) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        named = message_id or await _submitted(peer, schedule=_later(), registered_delivery=0)
        query = await peer.ask(Command.QUERY_SM, Query(named, source))
        cancel = await peer.ask(Command.CANCEL_SM, Cancel(named, source, DESTINATION))
        replaced = await peer.ask(Command.REPLACE_SM, Replace(named, source, b"other"))

    assert [each.status for each in (query, cancel, replaced)] == [status] * 3
    assert "other" not in dict(await _texts(smsc))


async def test_cancelled_message_never_goes_out_is_paid_back_and_told_as_deleted(smsc: Node) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        message_id = await _submitted(peer, schedule=_later())
        peer.put(Command.CANCEL_SM, Cancel(message_id, SOURCE, DESTINATION), sequence=77)
        told = [await peer.read(), await peer.read()]  # in either order
        again = await peer.ask(Command.CANCEL_SM, Cancel(message_id, SOURCE, DESTINATION))

        assert Pdu(Command.CANCEL_SM_RESP, 77) in told
        [receipt] = [read_receipt(each.body) for each in told if each.command is Command.DELIVER_SM]  # type: ignore[arg-type]
        assert receipt is not None
        assert (receipt.message_id, receipt.state) == (message_id, State.DELETED)
        assert again.status == Status.CANCEL_FAILED
        assert await _state(peer, message_id) == State.DELETED
    assert await _texts(smsc) == [("hello", "canceled")]
    assert (await check_ledger(smsc.database)).holds_open == 0


async def test_cancel_without_an_id_takes_all_that_waits_between_the_two_parties(smsc: Node) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        for text in ("one", "two"):
            await _submitted(peer, text, schedule=_later(), registered_delivery=0)
        await _submitted(peer, "other", schedule=_later(), registered_delivery=0, destination="+12025550111")
        first = await peer.ask(Command.CANCEL_SM, Cancel("", SOURCE, DESTINATION))
        second = await peer.ask(Command.CANCEL_SM, Cancel("", SOURCE, DESTINATION))

    assert (first.status, second.status) == (Status.OK, Status.CANCEL_FAILED)
    assert await _texts(smsc) == [("one", "canceled"), ("two", "canceled"), ("other", "scheduled")]


async def test_cancelled_part_takes_the_message_that_is_not_whole_with_it(smsc: Node) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        parts = [bytes(Header(Part(7, 2, number))) + text for number, text in ((1, b"one "), (2, b"two"))]
        message = submit(esm_class=UDH_INDICATOR, registered_delivery=0)
        first = await peer.ask(Command.SUBMIT_SM, _with(message, parts[0]))
        assert isinstance(first.body, Named)
        assert await _state(peer, first.body.name) == State.ENROUTE
        assert (await peer.ask(Command.CANCEL_SM, Cancel(first.body.name, SOURCE, DESTINATION))).status == Status.OK
        await peer.ask(Command.SUBMIT_SM, _with(message, parts[1]))

    assert await _texts(smsc) == []


async def test_replaced_message_has_the_new_text_one_charge_and_the_same_id(smsc: Node) -> None:
    """The replacement is read in the alphabet of the first (4.10): this one is UCS-2."""
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        message = submit(schedule=_later(), data_coding=8)
        answer = await peer.ask(Command.SUBMIT_SM, _with(message, "שלום".encode("utf-16-be")))
        assert isinstance(answer.body, Named)
        name = answer.body.name
        replaced = Replace(name, SOURCE, "עולם".encode("utf-16-be"), registered_delivery=1)
        assert (await peer.ask(Command.REPLACE_SM, replaced)).status == Status.OK
        assert await _texts(smsc) == [("שלום", "canceled"), ("עולם", "scheduled")]

        soon = Replace(name, SOURCE, "עכשיו".encode("utf-16-be"), schedule="000000000000000R", registered_delivery=1)
        assert (await peer.ask(Command.REPLACE_SM, soon)).status == Status.OK
        assert await _receipt(peer) == (name, State.DELIVERED)
        assert (await peer.ask(Command.REPLACE_SM, soon)).status == Status.REPLACE_FAILED

    ledger = await check_ledger(smsc.database)
    assert (ledger.balanced, ledger.holds_open) == (True, 0)


async def test_submit_with_the_replace_flag_keeps_back_what_still_waits(smsc: Node) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        await _submitted(peer, "old", schedule=_later(), registered_delivery=0)
        await _submitted(peer, "new", schedule=_later(), registered_delivery=0, replace_if_present=1)

    assert await _texts(smsc) == [("old", "canceled"), ("new", "scheduled")]


async def test_submit_multi_reaches_everybody_and_names_whom_it_does_not(smsc: Node) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        others = (DESTINATION, Address("12", 1, 1), ELSEWHERE)
        answer = await peer.ask(Command.SUBMIT_MULTI, MultiMessage(submit(), others))
        assert isinstance(answer.body, MultiResult)
        told = {await _receipt(peer) for _ in range(2)}

        assert answer.status == Status.OK
        assert answer.body.refused == ((Address("12", 1, 1), Status.INVALID_DESTINATION),)
        assert told == {(answer.body.name, State.DELIVERED)}
        assert await _state(peer, answer.body.name) == State.DELIVERED

    [message] = await list_messages(smsc.database, smsc.account_id, before=None, limit=10)
    assert [each.destination.target for each in message.targets] == [PEER, "+12025550111"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (MultiMessage(submit()), Status.INVALID_DESTINATION_COUNT),
        (MultiMessage(submit(), (DESTINATION,) * 101), Status.INVALID_DESTINATION_COUNT),
        (MultiMessage(submit(), (DESTINATION,), ("friends",)), Status.INVALID_LIST_NAME),
        (MultiMessage(submit(), (Address("12", 1, 1),)), Status.INVALID_DESTINATION),
    ],
)
async def test_submit_multi_that_nobody_would_get_is_refused(smsc: Node, body: MultiMessage, status: Status) -> None:
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        assert (await peer.ask(Command.SUBMIT_MULTI, body)).status == status

    assert await _texts(smsc) == []


async def test_receiver_may_neither_query_nor_cancel(smsc: Node) -> None:
    """SMS-2: section 2.3."""
    async with bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_RECEIVER) as peer:
        orders = (
            (Command.QUERY_SM, Query("1", SOURCE)),
            (Command.CANCEL_SM, Cancel("1", SOURCE, DESTINATION)),
            (Command.REPLACE_SM, Replace("1", SOURCE)),
            (Command.SUBMIT_MULTI, MultiMessage(submit(), (DESTINATION,))),
        )
        for command, body in orders:
            assert (await peer.ask(command, body)).status == Status.WRONG_BIND_STATE
