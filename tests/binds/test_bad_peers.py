"""Peers that do not keep to SMPP, guess, or do not read: they hear what is wrong, and hurt nobody (SMS-1 to SMS-3)."""

import asyncio

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.messages import list_messages
from dialplane.smpp.commands import Command, Status
from dialplane.smpp.pdu import Bind, Pdu
from tests.binds.esme import bound, connected, submit
from tests.binds.node import OWN, PEER, Node, node
from tests.effort import full


@pytest.mark.parametrize("length", [0, 15, 65_537, 2**31, 2**32 - 1])
async def test_length_that_no_pdu_has_is_nacked_and_the_connection_closed(smsc: Node, length: int) -> None:
    """SMS-1."""
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        peer.write(length.to_bytes(4, "big") + bytes(Pdu(Command.ENQUIRE_LINK, 7))[4:])

        assert await peer.read() == Pdu(Command.GENERIC_NACK, 7, Status.INVALID_COMMAND_LENGTH)
        assert await peer.is_closed()


async def test_unknown_command_is_nacked_and_the_session_goes_on(smsc: Node) -> None:
    """SMS-1."""
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        peer.write(bytes.fromhex("00000010000007770000000000000009"))

        assert await peer.read() == Pdu(Command.GENERIC_NACK, 9, Status.INVALID_COMMAND)
        assert (await peer.ask(Command.SUBMIT_SM, submit())).status == Status.OK


async def test_submit_that_is_cut_at_any_octet_is_refused_and_nothing_is_sent(smsc: Node) -> None:
    """SMS-1."""
    whole = bytes(Pdu(Command.SUBMIT_SM, 5, 0, submit()))
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        for end in range(16, len(whole)):
            peer.write(end.to_bytes(4, "big") + whole[4:end])
            answer = await peer.read()
            assert (answer.command, answer.sequence) == (Command.SUBMIT_SM_RESP, 5)
            assert answer.status != Status.OK

    assert await list_messages(smsc.database, smsc.account_id, before=None, limit=10) == []


async def test_requests_before_the_bind_and_against_its_kind_are_refused(smsc: Node) -> None:
    """SMS-2."""
    async with connected(smsc.port) as peer:
        assert (await peer.ask(Command.SUBMIT_SM, submit())).status == Status.WRONG_BIND_STATE
        assert (await peer.ask(Command.UNBIND)).status == Status.WRONG_BIND_STATE
        assert await peer.bind(smsc.system_id, smsc.password, Command.BIND_RECEIVER) == Status.OK
        assert (await peer.ask(Command.SUBMIT_SM, submit())).status == Status.WRONG_BIND_STATE
        assert await peer.bind(smsc.system_id, smsc.password) == Status.ALREADY_BOUND


async def test_fifth_wrong_password_locks_the_address_for_the_right_one_too(smsc: Node) -> None:
    """SMS-2."""
    for system_id in ("kannel", "kannel", "nobody", "kannel", "kannel"):
        async with connected(smsc.port) as peer:
            assert await peer.bind(system_id, "wrong") == Status.INVALID_PASSWORD
            assert await peer.is_closed()

    async with connected(smsc.port) as peer:
        assert await peer.bind(smsc.system_id, smsc.password) == Status.BIND_FAILED


async def test_more_sessions_than_the_system_may_have_are_refused(smsc: Node) -> None:
    """SMS-2."""
    async with (
        bound(smsc.port, smsc.system_id, smsc.password),
        bound(smsc.port, smsc.system_id, smsc.password),
        bound(smsc.port, smsc.system_id, smsc.password),
        bound(smsc.port, smsc.system_id, smsc.password) as last,
    ):
        async with connected(smsc.port) as peer:
            assert await peer.bind(smsc.system_id, smsc.password) == Status.BIND_FAILED
        assert (await last.ask(Command.UNBIND)).status == Status.OK
        assert await last.is_closed()
        async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
            assert (await peer.ask(Command.ENQUIRE_LINK)).status == Status.OK


async def test_messages_above_the_systems_rate_are_throttled_and_those_below_sent(database: object, dsn: str) -> None:
    """SMS-3."""
    async with node(database, dsn, rate=5) as smsc:  # type: ignore[arg-type]
        async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
            for _ in range(40):
                peer.put(Command.SUBMIT_SM, submit(registered_delivery=0))
            answers = [(await peer.read()).status for _ in range(40)]
        sent = await list_messages(smsc.database, smsc.account_id, before=None, limit=50)

    assert set(answers) == {Status.OK, Status.THROTTLED}
    assert len(sent) == answers.count(Status.OK) < 20


async def test_ten_times_the_rate_for_a_minute_is_throttled_and_the_rate_goes_through(
    database: PostgresDatabase, dsn: str
) -> None:
    """SMS-3, at its full length in `make soak`: what is taken is what the rate allows, and nobody else is delayed."""
    rate, seconds = 5, full(1, 60)
    loop = asyncio.get_running_loop()
    async with (
        node(database, dsn, rate=rate) as smsc,
        bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_TRANSMITTER) as peer,
        bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_TRANSMITTER) as bystander,
    ):
        began, answers = loop.time(), list[int]()
        while loop.time() < began + seconds:
            tick = loop.time()
            for _ in range(10 * rate):
                peer.put(Command.SUBMIT_SM, submit(registered_delivery=0))
            assert (await bystander.ask(Command.ENQUIRE_LINK)).status == Status.OK
            answers += [(await peer.read()).status for _ in range(10 * rate)]
            await asyncio.sleep(max(0.0, tick + 1 - loop.time()))  # ten times the rate at most
        lasted = loop.time() - began
        sent = await list_messages(smsc.database, smsc.account_id, before=None, limit=1000)

    assert set(answers) == {Status.OK, Status.THROTTLED}
    assert len(sent) == answers.count(Status.OK) <= rate * (lasted + 1) + 1


async def test_system_that_does_not_read_keeps_its_window_and_delays_nobody(smsc: Node) -> None:
    """SMS-3."""
    async with (
        bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_RECEIVER) as deaf,
        bound(smsc.port, smsc.system_id, smsc.password, Command.BIND_TRANSMITTER) as other,
    ):
        for n in range(15):
            inbound = InboundMessage(PEER, OWN, f"message {n}", carrier_id=str(n))
            await receive_message(smsc.database, inbound, utc_now())
        came = [await deaf.read() for _ in range(10)]  # its window, and it answers none of them
        assert (await other.ask(Command.SUBMIT_SM, submit())).status == Status.OK
        for pdu in came:
            deaf.put(Command.DELIVER_SM_RESP, None, sequence=pdu.sequence)
        rest = [await deaf.read() for _ in range(5)]

    assert [pdu.body.short_message.decode() for pdu in (*came, *rest)] == [  # type: ignore[union-attr]
        f"message {n}" for n in range(15)
    ]


async def test_bind_with_a_name_that_is_too_long_is_refused(smsc: Node) -> None:
    """SMS-1."""
    octets = bytes(Pdu(Command.BIND_TRANSCEIVER, 1, 0, Bind("x", "y")))
    octets = octets[:16] + b"x" * 40 + octets[17:]
    async with connected(smsc.port) as peer:
        peer.write((len(octets)).to_bytes(4, "big") + octets[4:])
        answer = await peer.read()

    assert (answer.command, answer.status) == (Command.BIND_TRANSCEIVER_RESP, Status.INVALID_SYSTEM_ID)


async def test_connection_that_sends_rubbish_is_nacked_and_others_go_on(smsc: Node) -> None:
    """SMS-1."""
    async with bound(smsc.port, smsc.system_id, smsc.password) as peer:
        async with connected(smsc.port) as rubbish:
            rubbish.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await rubbish.read()).command is Command.GENERIC_NACK
            assert await rubbish.is_closed()
        assert (await peer.ask(Command.SUBMIT_SM, submit())).status == Status.OK
