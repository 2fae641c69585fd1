"""Answering machines on real calls: the simulated carrier's machine and its person (README, Simulated carrier)."""

from dialplane.domain.addresses import tel
from dialplane.domain.call_manners import CallManner
from dialplane.domain.calls import HangupReason
from dialplane.domain.ids import utc_now
from dialplane.domain.programs.recognition import DetectMachine
from dialplane.services.outgoing import CallRequest, create_calls
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
    request = CallRequest(tel(OWN), (tel("+12025550100"),), actions=[{"type": "beep"}], manner=manner)
    (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls

    record = await node.ended_call(call.id)

    assert record.details.answered_by == "human"
    assert await node.run_of(record) == ("ended", ["beep"])
