"""XML documents on real calls: a phone rings a number, its server is asked, and the caller hears what it says."""

import asyncio
from pathlib import Path

from dialplane.domain.number_settings import NumberSettings
from dialplane.domain.targets import DocumentTarget
from tests.voice.documents import document_number, document_server
from tests.voice.platform import VoiceNode

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

    pages = {"/start": menu("/second"), "/second": menu("/third"), "/third": "<Response><Hangup/></Response>"}
    async with document_server({**pages}) as server, node.phone() as phone:
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
    async with document_server({"/start": HELLO}) as server, node.phone() as phone:
        settings = NumberSettings(caller_id_lookup=True)
        await document_number(node, NUMBER, DocumentTarget(server.url()), settings)

        call = await node.ring(phone, NUMBER)
        await call.wait_answered()
        await call.ended.wait()

        assert server.asked("/start")[0]["CallerName"] == "Ann Example"
