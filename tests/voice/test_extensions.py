"""Phones that register as extensions, call virtual numbers, each other and the PSTN, and cannot speak for others."""

import asyncio

import pytest

from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.numbering.targets import ForwardTarget
from dialplane.phone.softphone import Softphone
from dialplane.services.charging.billing import get_balance
from dialplane.voice.useragent.agent import Source
from dialplane.voice.useragent.challenge import Credentials
from tests.effort import PATIENCE_S
from tests.voice.platform import VoiceNode

ANSWER: dict[str, object] = {"type": "answer"}
SEND_DIGIT: dict[str, object] = {"type": "digits_send", "option": {"digits": "7"}}


async def register(node: VoiceNode, phone: Softphone, name: str, password: str = "secret") -> int:
    credentials = Credentials(name, password)
    answer = await phone.register(f"sip:{name}@127.0.0.1", server=node.server, credentials=credentials)
    return answer.status


async def test_extension_registers_with_its_password_only(node: VoiceNode) -> None:
    await node.extension("1001", "secret")
    async with node.phone() as phone:
        assert await register(node, phone, "1001", "wrong") == 401
        assert await register(node, phone, "9999", "secret") == 401
        assert await register(node, phone, "1001", "secret") == 200


async def test_registered_phone_calls_a_virtual_number_and_hears_its_flow(node: VoiceNode) -> None:
    await node.number("+899100000001", ANSWER, SEND_DIGIT)
    await node.extension("1001", "secret")
    await node.give_tokens(100)
    before = (await get_balance(node.database, node.account_id)).purse
    async with node.phone() as phone:
        assert await register(node, phone, "1001") == 200
        call = await node.dial_as(phone, "1001", "secret", "+899100000001")
        assert await call.wait_digits(1) == "7"
        await call.ended.wait()

    record = await node.ended_call()

    after = (await get_balance(node.database, node.account_id)).purse
    assert (record.source.type, record.source.target_name) == ("extension", "1001")
    assert before.tokens - after.tokens == 1
    assert before.credit == after.credit


async def test_extension_without_password_is_no_pstn_caller(node: VoiceNode) -> None:
    """CVE-12: naming an extension in From without proving it gets a challenge, not a call."""
    await node.number("+12025550143", ANSWER)
    await node.extension("1001", "secret")
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143", caller="1001")
        assert not await call.wait_answered()

    assert call.end is not None
    assert call.end.status == 407
    assert await node.calls() == []


@pytest.mark.parametrize("by_id", [True, False], ids=["a flow that connects", "dialling its name"])
async def test_two_extensions_talk(node: VoiceNode, by_id: bool) -> None:
    await node.extension("1001", "secret")
    bob_id = await node.extension("1002", "secret")
    connect = {"type": "connect", "option": {"destinations": [{"type": "extension", "target": str(bob_id)}]}}
    await node.number("+899100000001", ANSWER, connect)
    async with node.phone(node.speaking_party("This is Bob.")) as bob, node.phone() as alice:
        assert await register(node, bob, "1002") == 200
        assert await register(node, alice, "1001") == 200
        call = await node.dial_as(alice, "1001", "secret", "+899100000001" if by_id else "1002")
        assert await call.wait_answered()
        await call.ended.wait()

    assert (await node.ended_call()).hangup_reason is HangupReason.NORMAL
    _, outgoing = await node.calls()
    assert outgoing.progressing_at is not None


async def test_number_that_forwards_to_a_user_rings_the_users_phone_and_shows_the_caller(node: VoiceNode) -> None:
    await node.extension("1002", "secret")
    number = await node.bare_number("+12025550143")
    await node.forward(number, ForwardTarget(users=("1002",)))
    async with node.phone(node.speaking_party("This is Bob.")) as bob, node.phone() as phone:
        assert await register(node, bob, "1002") == 200
        call = await node.ring(phone, "+12025550143", caller="+12125550111")
        assert await call.wait_answered()
        await call.ended.wait()

    _, outgoing = await node.calls()
    assert outgoing.source == tel("+12125550111")


async def test_extension_that_is_not_registered_fails_the_connect(node: VoiceNode) -> None:
    bob_id = await node.extension("1002", "secret")
    connect = {"type": "connect", "option": {"destinations": [{"type": "extension", "target": str(bob_id)}]}}
    await node.number("+12025550143", ANSWER, connect, SEND_DIGIT)
    async with node.phone() as phone:
        call = await node.ring(phone, "+12025550143")
        assert await call.wait_digits(1) == "7"
        await call.ended.wait()

    _, outgoing = await node.calls()
    assert outgoing.cause_text == "The extension 1002 is not registered"


async def test_extension_calls_the_pstn_with_the_accounts_number(node: VoiceNode) -> None:
    await node.number("+12025550143", ANSWER)
    await node.extension("1001", "secret")
    async with node.phone() as phone:
        assert await register(node, phone, "1001") == 200
        call = await node.dial_as(phone, "1001", "secret", "+12025550106")
        assert await call.wait_answered()
        await call.ended.wait()

    _, outgoing = await node.calls()
    assert outgoing.destination.target == "+12025550106"
    assert outgoing.source.target == "+12025550143"


async def test_registration_is_taken_back(node: VoiceNode) -> None:
    bob_id = await node.extension("1002", "secret")
    async with node.phone(node.speaking_party("Never heard.")) as bob:
        assert await register(node, bob, "1002") == 200
        gone = await bob.register(
            "sip:1002@127.0.0.1", server=node.server, credentials=Credentials("1002", "secret"), expires_s=0
        )
        assert gone.status == 200

    assert await node.bindings(bob_id) == []


async def test_stranger_with_a_text_reaches_the_numbers_conversation(node: VoiceNode) -> None:
    """SIP MESSAGE to a number is an inbound message."""
    await node.number("+12025550143", ANSWER)
    async with node.phone() as phone:
        known = await phone.send_text(
            f"sip:+12025550143@127.0.0.1:{node.server.port}", caller="<sip:+12125550111@127.0.0.1>", text="HOURS",
            server=Source("127.0.0.1", node.server.port, "udp"),
        )  # fmt: skip
        unknown = await phone.send_text(
            f"sip:+12025559999@127.0.0.1:{node.server.port}", caller="<sip:+12125550111@127.0.0.1>", text="HOURS",
            server=Source("127.0.0.1", node.server.port, "tcp"),
        )  # fmt: skip

    assert (known.status, unknown.status) == (202, 404)
    async with asyncio.timeout(PATIENCE_S):
        while "message_created" not in await node.events():
            await asyncio.sleep(0.02)
