"""XML documents on real calls: a phone rings a number, its server is asked, and the caller hears what it says."""

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from dialplane.domain.charging.ledger import ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.ids import new_id, utc_now
from dialplane.domain.money import Micros
from dialplane.domain.numbering.applications import Script
from dialplane.domain.numbering.number_settings import NumberSettings
from dialplane.domain.numbering.targets import ApplicationTarget, DocumentTarget, Targets
from dialplane.domain.programs.notifications import NotificationQuery
from dialplane.phone.softphone import PhoneCall
from dialplane.services.charging.rates import DEFAULT_DECK, change_rate_deck
from dialplane.services.messaging.messages import list_messages
from dialplane.services.numbering.applications import create_application
from dialplane.services.programs.notifications import list_notifications
from tests.effort import PATIENCE_S
from tests.voice.documents import Page, document_number, document_server
from tests.voice.platform import VoiceNode
from tests.worker.working import working

NUMBER = "+12025550143"
HELLO = '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello World, this is a document.</Say></Response>'


async def test_hello_world_is_heard_and_the_call_is_hung_up(node: VoiceNode, tmp_path: Path) -> None:
    """Restcomm's hello-world document, over real SIP and RTP."""
    async with document_server({"/demos/hello-world.xml": HELLO}) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url("/demos/hello-world.xml")))

        call = await node.ring(phone, NUMBER)
        await call.record(tmp_path / "heard.wav")
        assert await call.wait_answered()
        await call.ended.wait()

        record = await node.ended_call()
        (asked,) = server.asked("/demos/hello-world.xml")
    assert node.listen(tmp_path / "heard.wav").sounding_ms > 800
    assert asked["CallSid"] == f"CA{record.id.hex}"
    assert (asked["From"], asked["To"], asked["CallStatus"]) == ("+12125550111", NUMBER, "ringing")
    assert (asked["Direction"], asked["ApiVersion"]) == ("inbound", "2012-04-24")
    assert await node.run_of(record) == ("ended", ["document", "Say"])


async def test_three_levels_of_menu_are_walked_by_keys_of_both_kinds(node: VoiceNode) -> None:
    """Gather by RFC 4733 and by SIP INFO, three documents deep; the status is told of each."""

    def menu(action: str) -> str:
        return (
            f'<Response><Gather numDigits="1" action="{action}"><Say>Please choose.</Say></Gather>'
            "<Say>Nothing was entered.</Say></Response>"
        )

    pages: dict[str, Page] = {
        "/start": menu("/second"),
        "/second": menu("/third"),
        "/third": "<Response><Hangup/></Response>",
    }
    async with document_server(pages) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url(), status_url=server.url("/status")))
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()

        await call.send_digits("3")
        await server.receiver.wait_for(2)
        assert call.sip is not None
        call.sip.send_info(b"Signal=7\r\nDuration=160\r\n", "application/dtmf-relay")
        await server.receiver.wait_for(3)
        await call.ended.wait()
        record = await node.ended_call()

    assert [server.asked(path)[0].get("Digits") for path in pages] == [None, "3", "7"]
    assert server.asked("/third")[0]["CallStatus"] == "in-progress"
    assert (await node.run_of(record))[1] == ["document", "Gather", "document", "Gather", "document", "Hangup"]


async def test_rejected_caller_gets_busy_and_is_never_answered(node: VoiceNode) -> None:
    async with document_server({"/start": '<Response><Reject reason="busy"/></Response>'}) as server:
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        async with node.phone() as phone:
            call = await node.ring(phone, NUMBER)

            assert not await call.wait_answered()
            assert call.end is not None
            assert call.end.status == 486
    assert (await node.ended_call()).progressing_at is None


async def test_failing_document_is_asked_of_the_fallback_and_noted(node: VoiceNode) -> None:
    async with document_server({"/start": 500, "/fallback": HELLO}) as server, node.phone() as phone:
        target = DocumentTarget(server.url(), fallback_url=server.url("/fallback"), fallback_method="GET")
        await document_number(node, NUMBER, target)

        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        await call.ended.wait()

        assert [request.method for request in server.receiver.requests] == ["POST", "GET"]
        assert server.asked("/fallback")[0]["To"] == NUMBER


async def test_missing_document_is_a_404_with_its_reason(node: VoiceNode) -> None:
    async with document_server({}) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url()))

        call = await node.ring(phone, NUMBER)

        assert not await call.wait_answered()
        assert call.end is not None
        assert call.end.status == 404
    record = await node.ended_call()
    assert "answered 404" in (await _error_of(node, record.run_id))


async def _error_of(node: VoiceNode, run_id: object) -> str:
    while True:
        async with node.database.reading() as tx:
            run = await tx.runs.find(node.account_id, run_id)  # type: ignore[arg-type]  # the call's own
        if run is not None and run.ended_at is not None:
            return run.error
        await asyncio.sleep(0.02)


async def test_name_of_the_caller_is_looked_up_where_the_number_wants_it(node: VoiceNode) -> None:
    async with node.database.transaction() as tx:
        await tx.caller_names.save_many({"+12125550111": "Ann Example"})
    await change_rate_deck(node.database, DEFAULT_DECK, [Rate(CostType.CALLER_ID_LOOKUP, Micros(10_000))], utc_now())
    async with document_server({"/start": HELLO}) as server, node.phone() as phone:
        settings = NumberSettings(caller_id_lookup=True)
        await document_number(node, NUMBER, DocumentTarget(server.url()), settings)

        call = await node.ring(phone, NUMBER)
        await call.wait_answered()
        await call.ended.wait()

        assert server.asked("/start")[0]["CallerName"] == "Ann Example"
    async with node.database.reading() as tx:
        entries = await tx.ledger.list_entries(node.account_id, before=None, limit=20)
    looked_up = [entry for entry in entries if entry.reference_type is ReferenceType.CALLER_ID_LOOKUP]
    assert [(entry.amount_micros, entry.reference_id) for entry in looked_up] == [(-10_000, (await node.calls())[0].id)]


async def test_number_tells_its_status_callback_of_the_calls_life_in_order(node: VoiceNode, dsn: str) -> None:
    """The seed's RINGING, IN_PROGRESS and COMPLETED, delivered by a worker and signed with the account's token."""
    pages: dict[str, Page] = {"/start": HELLO, "/status": ""}
    async with document_server(pages) as server, node.phone() as phone, working(node.database, dsn):
        await document_number(node, NUMBER, DocumentTarget(server.url(), status_url=server.url("/status?tenant=7")))
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        await call.ended.wait()
        async with asyncio.timeout(PATIENCE_S):
            while len(server.asked("/status")) < 3:
                await server.receiver.wait_for(len(server.receiver.requests) + 1)
        async with node.database.reading() as tx:
            account = await tx.accounts.get(node.account_id)

    told = server.asked("/status")
    assert [(each["CallStatus"], each["SequenceNumber"], each["tenant"]) for each in told] == [
        ("ringing", "0", "7"), ("in-progress", "1", "7"), ("completed", "2", "7"),
    ]  # fmt: skip
    assert {each["CallSid"] for each in told} == {server.asked("/start")[0]["CallSid"]}
    for request in server.receiver.requests:
        form = dict(parse_qsl(request.body.decode()))
        url = f"http://127.0.0.1:{server.receiver.port}{request.path}"
        assert RequestValidator(account.auth_token).validate(url, form, request.headers["X-Twilio-Signature"])


async def test_status_callback_names_the_call_that_the_caller_was_joined_with(node: VoiceNode) -> None:
    """The seed's `OutboundCallSid`."""
    answered: asyncio.Queue[PhoneCall] = asyncio.Queue()

    async def take(call: PhoneCall) -> None:
        call.answer()
        answered.put_nowait(call)
        await call.ended.wait()

    async with document_server({}) as server, node.phone() as phone, node.phone(take) as other:
        server.pages["/start"] = f"<Response><Dial><Sip>sip:bob@127.0.0.1:{other.agent.port}</Sip></Dial></Response>"
        await document_number(node, NUMBER, DocumentTarget(server.url(), status_url=server.url("/status")))
        async with asyncio.timeout(PATIENCE_S):
            caller = await node.ring(phone, NUMBER)
            bob = await answered.get()
            while "1" not in bob.heard_digits:
                await caller.send_digits("1")
            bob.hang_up()
            await caller.ended.wait()
            (outgoing,) = (await node.ended_call()).chained_call_ids
    async with node.database.transaction() as tx:
        rows = await tx.connection.fetch("select data from events where type = 'status_callback' order by resource_seq")

    told = [dict(row["data"]["form"]).get("OutboundCallSid") for row in rows]
    assert told == [None, None, f"CA{outgoing.hex}"]


async def test_application_goes_before_the_addresses_of_the_number(node: VoiceNode) -> None:
    async with document_server({"/app": HELLO}) as server, node.phone() as phone:
        application = await create_application(
            node.database,
            node.account_id,
            lambda made: replace(made, voice=Script(server.url("/app"), "GET")),
            name="menu",
            now=utc_now(),
        )
        number = await node.bare_number(NUMBER)
        pointing = replace(number, targets=Targets(voice=ApplicationTarget(application.id)))
        async with node.database.transaction() as tx:
            await tx.numbers.save(pointing)

        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        await call.ended.wait()

        (asked,) = server.receiver.requests
        record = await node.ended_call()
    assert (asked.method, asked.path.partition("?")[0]) == ("GET", "/app")
    assert record.route is not None
    document = record.route["document"]
    assert isinstance(document, dict)
    assert document["url"] == server.url("/app")


async def test_application_that_is_gone_is_said_in_the_calls_record(node: VoiceNode) -> None:
    number = await node.bare_number(NUMBER)
    async with node.database.transaction() as tx:
        await tx.numbers.save(replace(number, targets=Targets(voice=ApplicationTarget(new_id(utc_now())))))
    async with node.phone() as phone:
        call = await node.ring(phone, NUMBER)
        await call.ended.wait()

    assert (await node.ended_call()).cause_text == "the number's application is gone or has no address for calls"


async def test_redirected_request_keeps_its_parameters_and_relative_addresses_follow(node: VoiceNode) -> None:
    async with document_server({"/moved/start": "<Response><Redirect>next</Redirect></Response>"}) as server:
        server.pages["/moved/next"] = HELLO
        old = await document_number(node, NUMBER, DocumentTarget(server.url("/old")))
        server.moves["/old"] = "/moved/start"
        async with node.phone() as phone:
            call = await node.ring(phone, NUMBER)
            assert await call.wait_answered()
            await call.ended.wait()

    assert old.number == NUMBER
    assert [request.method for request in server.receiver.requests] == ["POST"] * 3
    assert server.asked("/moved/start") == server.asked("/old")
    assert len(server.asked("/moved/next")) == 1


async def test_caller_who_hangs_up_while_recording_is_told_to_the_action(node: VoiceNode) -> None:
    pages: dict[str, Page] = {
        "/start": '<Response><Record playBeep="false" action="/done"/></Response>',
        "/done": HELLO,
    }
    async with document_server(pages) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        await call.play(await node.prompts.say("Please call me back", language="en-US", gender="", voice_id=""))

        call.hang_up()
        await server.receiver.wait_for(2)

        (told,) = server.asked("/done")
    assert (told["Digits"], told["CallStatus"]) == ("hangup", "completed")
    assert float(told["RecordingDuration"]) > 0.5
    assert f"/Recordings/{told['RecordingSid']}.wav" in told["RecordingUrl"]


async def test_text_message_in_a_call_is_queued_and_told_to_its_action(node: VoiceNode) -> None:
    pages: dict[str, Page] = {"/start": '<Response><Sms action="/done">Hi there</Sms></Response>', "/done": HELLO}
    async with document_server(pages) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        await call.ended.wait()

        (told,) = server.asked("/done")
        (message,) = await list_messages(node.database, node.account_id, before=None, limit=10)
    assert (told["SmsStatus"], told["SmsSid"]) == ("sent", f"SM{message.id.hex}")
    assert (message.source.target, message.targets[0].destination.target) == (NUMBER, "+12125550111")


async def test_fault_of_a_document_stands_with_its_call(node: VoiceNode) -> None:
    async with document_server({"/start": "<Response><Say>Hello</Say><Fax>x</Fax></Response>"}) as server:
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        async with node.phone() as phone:
            call = await node.ring(phone, NUMBER)
            await call.ended.wait()
    record = await node.ended_call()

    query = NotificationQuery(call_id=record.id)
    (note,), _ = await list_notifications(node.database, node.account_id, query)

    assert (note.error_code, note.call_id, note.api_version) == (14199, record.id, "2012-04-24")


async def test_prompt_that_a_gather_cannot_have_is_noted(node: VoiceNode) -> None:
    gather = '<Response><Gather timeout="1"{}><Play>/none.wav</Play></Gather></Response>'
    pages = {"/start": gather.format(' action="/next" numDigits="1"'), "/next": gather.format(' input="speech"')}
    async with document_server({**pages}) as server, node.phone() as phone:
        await document_number(node, NUMBER, DocumentTarget(server.url()))
        call = await node.ring(phone, NUMBER)
        assert await call.wait_answered()
        await call.send_digits("1")
        await call.ended.wait()

    notes, _ = await list_notifications(node.database, node.account_id, NotificationQuery())

    assert [note.error_code for note in notes] == [13325, 13325]


async def test_number_that_runs_nothing_is_noted_for_its_owner(node: VoiceNode) -> None:
    await node.bare_number(NUMBER)
    async with node.phone() as phone:
        call = await node.ring(phone, NUMBER)
        await call.ended.wait()

    (note,), _ = await list_notifications(node.database, node.account_id, NotificationQuery())

    assert call.end is not None
    assert call.end.status == 404
    assert (note.error_code, note.call_id) == (11007, (await node.ended_call()).id)
