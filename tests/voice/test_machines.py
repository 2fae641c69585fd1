"""Answering machines on real calls: the simulated carrier's machine and its person (README, Simulated carrier)."""

import asyncio

from dialplane.domain.addresses import tel
from dialplane.domain.calling.call_manners import CallManner
from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.ids import utc_now
from dialplane.domain.programs.recognition import DetectMachine
from dialplane.domain.programs.sources import TWILIO_VERSION, DocumentSource, DocumentText, StatusCallback
from dialplane.services.calling.call_orders import complete_call
from dialplane.services.calling.outgoing import CallRequest, create_calls
from tests.effort import PATIENCE_S
from tests.voice.documents import document_server
from tests.voice.platform import VoiceNode

OWN = "+12025550143"


async def test_machine_is_hung_up_on_with_the_reason_amd(node: VoiceNode) -> None:
    """VoIPBIN reference 3.5, amd: `machine_handle` hangup."""
    await node.bare_number(OWN)
    amd: dict[str, object] = {"type": "amd", "option": {"machine_handle": "hangup", "async": False}}
    request = CallRequest(tel(OWN), (tel("+12025550104"),), actions=[amd, {"type": "beep"}])
    (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls

    record = await node.ended_call(call.id)

    assert (record.hangup_reason, record.details.answered_by) == (HangupReason.AMD, "machine_start")
    assert await node.run_of(record) == ("ended", ["amd"])


async def test_person_is_told_from_a_machine_before_the_program_begins(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    manner = CallManner(machine=DetectMachine(), time_limit_s=20)
    async with document_server({"/start": "<Response><Hangup/></Response>"}) as server:
        program = DocumentSource(server.url())
        request = CallRequest(
            tel(OWN), (tel("+12025550100"),), program=program, manner=manner, api_version=TWILIO_VERSION
        )
        (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls
        record = await node.ended_call(call.id)

    [asked] = server.asked("/start")
    assert record.details.answered_by == "human"
    assert (asked["AnsweredBy"], int(asked["MachineDetectionDuration"]) > 0) == ("human", True)
    assert asked["CallStatus"] == "in-progress"


async def test_asynchronous_detection_tells_its_own_callback_while_the_program_runs(node: VoiceNode) -> None:
    """Twilio's `AsyncAmd` and `AsyncAmdStatusCallback`."""
    await node.bare_number(OWN)
    callback = StatusCallback("http://example.org/amd", api_version=TWILIO_VERSION)
    manner = CallManner(machine=DetectMachine(wait=False, greeting_ms=1_000, status=callback))
    program = DocumentText("<Response><Pause length='60'/></Response>")
    request = CallRequest(tel(OWN), (tel("+12025550104"),), program=program, manner=manner, api_version=TWILIO_VERSION)
    (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls

    async with asyncio.timeout(PATIENCE_S):
        while not (forms := await told_of(node)):
            await asyncio.sleep(0.05)
    await complete_call(node.database, node.account_id, call.id, utc_now())
    await node.ended_call(call.id)

    [told] = forms
    assert list(told) == ["CallSid", "AccountSid", "AnsweredBy", "MachineDetectionDuration"]
    assert told["AnsweredBy"] == "machine_start"
    assert int(told["MachineDetectionDuration"]) >= 1_000


async def told_of(node: VoiceNode) -> list[dict[str, str]]:
    """The forms of the callbacks about calls."""
    async with node.database.reading() as tx:
        rows = await tx.connection.fetch("select data from events where type = 'status_callback' order by id")
    return [dict(row["data"]["form"]) for row in rows]
