"""The SMPP process is killed in the middle of windows: nothing is lost and nothing is there twice (SMS-4, SMS-5)."""

import contextlib

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.services.charging.billing import check_ledger, get_balance
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.messages import list_messages
from dialplane.smpp.commands import Command, Status
from dialplane.smpp.pdu import ShortMessage
from tests.binds.centre import centre
from tests.binds.esme import Esme, bound, submit
from tests.binds.node import OWN, PEER, Node, peopled
from tests.binds.process import killable
from tests.binds.test_carriers import became, carry, send
from tests.ports import free_port

COUNT = 24
TEXTS = [f"message {n}" for n in range(COUNT)]


async def _submit(peer: Esme, left: set[str], start: int) -> set[str]:
    """Hand over what is left; what was answered with OK before the end of the connection."""
    asked = {peer.put(Command.SUBMIT_SM, submit(text), sequence=start + n): text for n, text in enumerate(sorted(left))}
    answered: set[str] = set()
    with contextlib.suppress(EOFError, ConnectionError):
        while len(answered) < len(asked):
            pdu = await peer.read()
            if pdu.command is Command.SUBMIT_SM_RESP:
                assert pdu.status == Status.OK
                answered.add(asked[pdu.sequence])
            if len(answered) == 5 and start == 1:
                break
    return answered


async def _sent(at: Node) -> list[str]:
    listed = await list_messages(at.database, at.account_id, before=None, limit=1000)
    return sorted(each.text for each in listed if each.direction == "outbound")


async def test_what_systems_hand_over_is_sent_once_though_the_process_is_killed(
    database: PostgresDatabase, dsn: str
) -> None:
    port, left = free_port(), set(TEXTS)
    async with peopled(database, dsn) as at:
        async with killable(dsn, port) as process, bound(port, at.system_id, at.password) as peer:
            left -= await _submit(peer, left, 1)
            process.kill()
            await process.wait()
        async with killable(dsn, port), bound(port, at.system_id, at.password) as peer:
            left -= await _submit(peer, left, 1000)  # as Kannel does: the same messages, numbered anew
        sent = await _sent(at)

    assert left == set()
    assert sent == sorted(TEXTS)
    assert (await check_ledger(database)).balanced


async def test_what_systems_are_to_hear_comes_again_with_the_next_process(database: PostgresDatabase, dsn: str) -> None:
    port = free_port()
    heard: list[bytes] = []
    async with peopled(database, dsn) as at:
        for text in TEXTS:
            await receive_message(database, InboundMessage(PEER, OWN, text), utc_now())
        async with killable(dsn, port) as process, bound(port, at.system_id, at.password) as peer:
            for _ in range(5):
                pdu = await peer.read()
                assert isinstance(pdu.body, ShortMessage)
                heard.append(pdu.body.short_message)
                peer.put(Command.DELIVER_SM_RESP, None, sequence=pdu.sequence)
            await peer.writer.drain()
            process.kill()
            await process.wait()
        async with killable(dsn, port), bound(port, at.system_id, at.password) as peer:
            while {*heard} != {text.encode() for text in TEXTS}:
                pdu = await peer.read()
                assert isinstance(pdu.body, ShortMessage)
                heard.append(pdu.body.short_message)
                peer.put(Command.DELIVER_SM_RESP, None, sequence=pdu.sequence)

    # Of the window that was open some were answered, and the process died before it could note it.
    assert len(heard) <= COUNT + 10


async def test_what_a_carrier_is_to_take_is_taken_and_charged_once(database: PostgresDatabase, dsn: str) -> None:
    async with centre() as smsc, peopled(database, dsn) as at:
        await carry(database, smsc, window=5)
        before = (await get_balance(database, at.account_id)).purse.credit
        async with killable(dsn, free_port()) as process:
            messages = [await send(at, text, destination=f"+1202555{1000 + n * 7}") for n, text in enumerate(TEXTS)]
            await smsc.wait_for(7)
            process.kill()
            await process.wait()
        async with killable(dsn, free_port()):
            for message in messages:
                await became(at, message, TargetStatus.SENT, TargetStatus.DELIVERED)
        after = (await get_balance(database, at.account_id)).purse

    assert {each.octets for each in smsc.submits} == {text.encode() for text in TEXTS}
    # What was on its way comes again with its reference: a centre knows by it that it has the message.
    assert len({(each.octets, each.reference) for each in smsc.submits}) == COUNT
    assert len(smsc.submits) <= COUNT + 5
    assert (before - after.credit, after.credit_held) == (10_000 * COUNT, 0)
