"""Restcomm's clients as phones: a document of their own for the calls that they place."""

import asyncio
from urllib.parse import parse_qsl

import pytest

from dialplane.adapters.carriers.messages import RoutedMessages
from dialplane.adapters.carriers.sandbox_messages import SandboxMessageCarrier
from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.calls import CallStatus, HangupReason
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import MessageId, utc_now
from dialplane.domain.messaging.messages import Target, TargetStatus
from dialplane.domain.numbering.number_settings import FetchChange
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.targets import DocumentTarget, Targets
from dialplane.domain.programs.sources import DocumentText
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.phone.softphone import PhoneCall, Softphone
from dialplane.services.calling.call_orders import complete_call
from dialplane.services.calling.calls import get_call
from dialplane.services.calling.clients import ClientChange, create_client
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.messaging.client_messages import send_to_anybody
from dialplane.services.messaging.messages import MessageRequest, get_message, list_messages
from dialplane.services.numbering.sip_numbers import create_sip_number
from dialplane.services.tenancy.administration import set_status
from dialplane.voice.useragent.challenge import Credentials
from tests.effort import PATIENCE_S
from tests.fakes.receiver import Receiver
from tests.voice.platform import VoiceNode
from tests.worker.working import working


async def test_client_with_a_document_runs_it_whatever_it_dials(node: VoiceNode) -> None:
    """Restcomm reference 4.8 and 6.1."""
    async with Receiver.listening() as server:
        server.body = b"<Response><Say>This is your desk.</Say><Hangup/></Response>"
        server.headers = {"Content-Type": "application/xml"}
        change = ClientChange(password="1234aBcd!", voice=FetchChange(url=server.url()))
        await create_client(node.database, node.account_id, "alice", change, utc_now())
        async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
            call = await node.dial_as(phone, "alice", "1234aBcd!", "what-ever")
            assert await call.wait_answered()
            await call.ended.wait()

        asked = dict(parse_qsl(server.requests[0].body.decode()))
    assert (asked["From"], asked["To"]) == ("alice", "what-ever")


async def test_call_by_the_api_rings_all_phones_of_a_client_and_the_first_that_answers_has_it(node: VoiceNode) -> None:
    """Restcomm reference 4.4: a client with several registrations is called on all of them."""
    rang, answers, cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()
    taken: list[PhoneCall] = []

    async def only_rings(call: PhoneCall) -> None:
        call.ring()
        rang.set()
        await call.ended.wait()
        cancelled.set()

    async def answers_when_told(call: PhoneCall) -> None:
        call.ring()
        await answers.wait()
        call.answer()
        taken.append(call)
        await call.ended.wait()

    await create_client(node.database, node.account_id, "bob", ClientChange(password="1234aBcd!"), utc_now())
    async with node.phone(only_rings) as desk, node.phone(answers_when_told) as mobile, asyncio.timeout(PATIENCE_S):
        for phone in (desk, mobile):
            await phone.register("sip:bob@127.0.0.1", server=node.server, credentials=Credentials("bob", "1234aBcd!"))
        program = DocumentText("<Response><Pause length='20'/></Response>")
        request = CallRequest(tel("+12125550111"), (Address("extension", "bob"),), program=program)
        (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls
        await rang.wait()
        answers.set()
        await cancelled.wait()
        while (await get_call(node.database, node.account_id, call.id)).status is not CallStatus.PROGRESSING:
            await asyncio.sleep(0.02)
        await complete_call(node.database, node.account_id, call.id, utc_now())
        record = await node.ended_call(call.id)
        await taken[0].ended.wait()

    assert record.progressing_at is not None
    assert len(await node.calls()) == 1


async def test_call_to_a_client_all_of_whose_phones_refuse_ends_as_the_last_of_them(node: VoiceNode) -> None:
    async def is_busy(call: PhoneCall) -> None:
        call.reject(486)

    await create_client(node.database, node.account_id, "bob", ClientChange(password="1234aBcd!"), utc_now())
    async with node.phone(is_busy) as desk, node.phone(is_busy) as mobile, asyncio.timeout(PATIENCE_S):
        for phone in (desk, mobile):
            await phone.register("sip:bob@127.0.0.1", server=node.server, credentials=Credentials("bob", "1234aBcd!"))
        request = CallRequest(tel("+12125550111"), (Address("extension", "bob"),), program=DocumentText("<Response/>"))
        (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls
        record = await node.ended_call(call.id)

    assert (record.hangup_reason, record.sip_code) == (HangupReason.BUSY, 486)


async def test_caller_from_outside_reaches_a_client_by_the_domain_that_it_called(node: VoiceNode) -> None:
    """Restcomm reference 6.1, step 7."""
    rang: list[str] = []

    async def take(call: PhoneCall) -> None:
        assert call.sip is not None
        rang.append(call.sip.request.from_.uri)
        call.answer()
        await call.ended.wait()

    await create_client(node.database, node.account_id, "bob", ClientChange(password="1234aBcd!"), utc_now())
    async with node.phone(take) as bobs, node.phone() as phone, asyncio.timeout(PATIENCE_S):
        await bobs.register("sip:bob@127.0.0.1", server=node.server, credentials=Credentials("bob", "1234aBcd!"))
        call = await node.ring(phone, "bob")
        assert await call.wait_answered()
        call.hang_up()
        stranger = await node.ring(phone, "nobody")
        await stranger.ended.wait()

    assert rang == ["sip:+12125550111@127.0.0.1"]
    assert stranger.end is not None
    assert stranger.end.status == 404


async def test_client_that_is_registered_nowhere_is_not_found_and_its_call_has_failed(node: VoiceNode) -> None:
    """Restcomm reference 6.1, step 6, and 4.4."""
    for name in ("alice", "bob"):
        await create_client(node.database, node.account_id, name, ClientChange(password="1234aBcd!"), utc_now())
    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.dial_as(phone, "alice", "1234aBcd!", "bob")
        await call.ended.wait()
        request = CallRequest(tel("+12125550111"), (Address("extension", "bob"),), program=DocumentText("<Response/>"))
        (ordered,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls
        record = await node.ended_call(ordered.id)

    assert call.end is not None
    assert call.end.status == 404
    assert (record.hangup_reason, record.sip_code) == (HangupReason.FAILED, 404)


async def test_text_of_a_client_is_passed_on_to_another_and_answered_as_that_answers(node: VoiceNode) -> None:
    """Restcomm reference 6.3."""
    for name in ("alice", "bob", "carol"):
        await create_client(node.database, node.account_id, name, ClientChange(password="1234aBcd!"), utc_now())

    async def text(phone: Softphone, name: str, words: str) -> int:
        answer = await phone.agent.request(
            "MESSAGE",
            target=f"sip:{name}@127.0.0.1:{node.server.port}",
            caller="<sip:alice@127.0.0.1>",
            destination=node.server,
            body=words.encode(),
            content_type="text/plain",
            credentials=Credentials("alice", "1234aBcd!"),
        )
        return answer.status

    async with node.phone() as bobs, node.phone() as phone, asyncio.timeout(PATIENCE_S):
        await bobs.register("sip:bob@127.0.0.1", server=node.server, credentials=Credentials("bob", "1234aBcd!"))

        assert await text(phone, "bob", "Lunch?") == 200
        assert bobs.messages.get_nowait() == ("sip:alice@127.0.0.1", "Lunch?")
        assert await text(phone, "carol", "Lunch?") == 404, "she is registered nowhere"
        assert await text(phone, "+12025550188", "Hello out there") == 403, "the account has no number to send from"
        await node.bare_number("+12025550143")
        assert await text(phone, "+12025550188", "Hello out there") == 202
        sent = await list_messages(node.database, node.account_id, before=None, limit=10)
        assert [(each.source.target, each.text) for each in sent] == [("+12025550143", "Hello out there")]
        assert await text(phone, "bob", " ") == 406

        await set_status(node.database, node.account_id, AccountStatus.SUSPENDED, now=utc_now())
        assert await text(phone, "bob", "Lunch?") == 403


async def test_client_that_writes_to_a_number_gets_its_documents_answer(node: VoiceNode, dsn: str) -> None:
    """Restcomm reference 5.6: the reply goes to the sender; from a SIP number too."""
    await create_client(node.database, node.account_id, "bob", ClientChange(password="1234aBcd!"), utc_now())
    document = b"<Response><Sms>Lunch at one</Sms></Response>"
    carrier = RoutedMessages(node.database, NoCarriers(), SandboxMessageCarrier(node.database))
    async with (
        Receiver.listening() as server,
        working(node.database, dsn, carrier=carrier),
        node.phone() as bobs,
        asyncio.timeout(PATIENCE_S),
    ):
        server.headers, server.body = {"Content-Type": "text/xml"}, document
        wanted = NumberOrder(number="1234", targets=Targets(message=DocumentTarget(server.url())))
        await create_sip_number(node.database, node.account_id, wanted, utc_now())
        await bobs.register("sip:bob@127.0.0.1", server=node.server, credentials=Credentials("bob", "1234aBcd!"))
        answer = await bobs.agent.request(
            "MESSAGE",
            target=f"sip:1234@127.0.0.1:{node.server.port}",
            caller="<sip:bob@127.0.0.1>",
            destination=node.server,
            body=b"Lunch?",
            content_type="text/plain",
            credentials=Credentials("bob", "1234aBcd!"),
        )
        heard = await bobs.messages.get()

    assert answer.status == 202
    assert heard == ("sip:1234@127.0.0.1", "Lunch at one")


async def test_client_of_a_suspended_account_reaches_nobody(node: VoiceNode) -> None:
    """Restcomm reference 6.1, step 2."""
    await create_client(node.database, node.account_id, "alice", ClientChange(password="1234aBcd!"), utc_now())
    await set_status(node.database, node.account_id, AccountStatus.SUSPENDED, now=utc_now())

    async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
        call = await node.dial_as(phone, "alice", "1234aBcd!", "+12025550177")
        await call.ended.wait()

    assert call.end is not None
    assert call.end.status == 403


class NoCarriers:
    async def find_messages(self, name: str) -> None:
        """No account at a carrier of the web is set up."""
        del name


async def test_message_of_the_account_reaches_its_client_and_has_the_status_that_it_answers(
    node: VoiceNode, dsn: str
) -> None:
    """Restcomm reference 4.7: 200 is sent, and who is registered nowhere is not reached. It costs nothing."""
    for name in ("bob", "carol"):
        await create_client(node.database, node.account_id, name, ClientChange(password="1234aBcd!"), utc_now())
    await node.bare_number("+12025550143")

    async def send(name: str, source: Address) -> MessageId:
        request = MessageRequest(source, (Address("extension", name),), f"Lunch, {name}?")
        return (await send_to_anybody(node.database, node.account_id, request, utc_now())).id

    async def end(message_id: MessageId) -> Target:
        while (target := (await get_message(node.database, node.account_id, message_id)).targets[0]).status.is_waiting:
            await asyncio.sleep(0.02)  # the store has no event for tests
        return target

    carrier = RoutedMessages(node.database, NoCarriers(), SandboxMessageCarrier(node.database))
    async with working(node.database, dsn, carrier=carrier), node.phone() as bobs, asyncio.timeout(PATIENCE_S):
        await bobs.register("sip:bob@127.0.0.1", server=node.server, credentials=Credentials("bob", "1234aBcd!"))
        by_number = await end(await send("bob", tel("+12025550143")))
        by_client = await end(await send("bob", Address("extension", "carol")))
        unreached = await end(await send("carol", tel("+12025550143")))
        heard = [bobs.messages.get_nowait() for _ in range(2)]
        with pytest.raises(Invalid, match="nobody"):
            await send("nobody", tel("+12025550143"))

    assert [by_number.status, by_client.status] == [TargetStatus.SENT, TargetStatus.SENT]
    assert (unreached.status, unreached.error_code) == (TargetStatus.FAILED, 30003)
    assert [text for _, text in heard] == ["Lunch, bob?"] * 2
    assert [sender.partition("@")[0] for sender, _ in heard] == ["sip:+12025550143", "sip:carol"]
    assert await node.database.pool.fetchval("select count(*) from ledger_entries where reference_type = 'sms'") == 0
