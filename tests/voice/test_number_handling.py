"""What numbers do with real calls before their target runs: refuse, divert, label, keep hours, try another target."""

import asyncio
from dataclasses import replace

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.schedules import DAY_MINUTES, Span
from dialplane.domain.calling.screening import Consequence, Deed, Screening
from dialplane.domain.calling.trust import TrunkTrust
from dialplane.domain.charging.call_billing import hold_key
from dialplane.domain.ids import NumberId, utc_now
from dialplane.domain.numbering.handling import EmergencyAddress, Handling, Hours, Split
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import DocumentTarget, FlowTarget
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling.schedules import ScheduleChange, create_schedule
from dialplane.services.calling.trunks import list_trunks
from dialplane.services.calling.trust import set_trunk_trust
from dialplane.services.numbering.handling import (
    get_handling,
    roll_back_splits,
    set_account_screening,
    set_handling,
)
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"
ANSWER: dict[str, object] = {"type": "answer"}
HANGUP: dict[str, object] = {"type": "hangup"}
ALWAYS = ((Span(0, DAY_MINUTES),),) * 7
HOME = EmergencyAddress("Acme", "1 Main St", "Oakland", "US")


async def handle(node: VoiceNode, number: Number, part: Screening | Hours | Split | EmergencyAddress) -> None:
    await set_handling(node.database, node.account_id, number.id, part, utc_now())


async def call(node: VoiceNode, caller: str = "+12125550111") -> PhoneCall:
    async with node.phone() as phone:
        placed = await node.ring(phone, NUMBER, caller=caller)
        await placed.ended.wait()
    return placed


async def last(node: VoiceNode) -> Call:
    return await node.ended_call((await node.calls())[-1].id)


async def test_denied_caller_hears_the_status_and_is_not_charged(node: VoiceNode) -> None:
    """FRD-9: it stands among the account's calls, with the reason."""
    number = await node.number(NUMBER, ANSWER, HANGUP)
    await handle(node, number, Screening(deny=("+1212*",), denied=Consequence(status=608)))

    refused, let_in = await call(node), await call(node, "+13105550111")

    assert refused.end is not None
    assert (refused.end.status, refused.end.text) == (608, "Rejected")
    assert let_in.answered.is_set()
    (record, _) = await node.calls()
    assert record.metadata["refusal"] == {
        "reason": "CALLER_NOT_WANTED",
        "message": "+1212* is on the deny list",
    }
    async with node.database.reading() as tx:
        holds = await tx.connection.fetchval("select count(*) from holds where key = $1", hold_key(record.id))
    assert holds == 0


async def test_spam_is_diverted_or_labelled(node: VoiceNode) -> None:
    number = await node.number(NUMBER, ANSWER, HANGUP)
    elsewhere = await node.flow(ANSWER, {"type": "beep"}, HANGUP)
    diverted = Consequence(Deed.DIVERT, target=FlowTarget(elsewhere.id))
    await set_account_screening(node.database, node.account_id, Screening(spam_score=40, spam=diverted), utc_now())

    await call(node, "anonymous")
    assert await node.run_of(await last(node)) == ("ended", ["answer", "beep", "hangup"])

    await handle(node, number, Screening(spam_score=20))
    await call(node, "+12025550199")  # a neighbour
    labelled = await last(node)
    assert (labelled.details.caller_verdict, labelled.details.spam_score) == ("spam", 20)
    assert await node.run_of(labelled) == ("ended", ["answer", "hangup"])
    for _ in range(3):
        await call(node, "+13105550111")
    assert (await last(node)).details.spam_score == 0, "two came before it"
    await call(node, "+13105550111")
    assert (await last(node)).details.spam_score == 15


async def test_closed_number_runs_its_other_target_and_says_so(node: VoiceNode) -> None:
    number = await node.number(NUMBER, ANSWER, HANGUP)
    closed = await node.flow(ANSWER, {"type": "beep"}, HANGUP)
    never = await create_schedule(node.database, node.account_id, ScheduleChange("never"), utc_now())
    always = await create_schedule(node.database, node.account_id, ScheduleChange("always", week=ALWAYS), utc_now())

    await handle(node, number, Hours(never.id, FlowTarget(closed.id)))
    await call(node)
    record = await last(node)
    assert record.details.hours == "closed"
    assert await node.run_of(record) == ("ended", ["answer", "beep", "hangup"])

    await handle(node, number, Hours(always.id, FlowTarget(closed.id)))
    await call(node)
    assert await node.run_of(await last(node)) == ("ended", ["answer", "hangup"])

    await handle(node, number, Hours(never.id))
    await call(node)
    record = await last(node)
    assert await node.run_of(record) == ("ended", ["answer", "hangup"])
    async with node.database.reading() as tx:
        variables = await tx.connection.fetchval("select variables from runs where id = $1", record.run_id)
    assert variables["voipbin.call.hours"] == "closed"


async def test_share_that_fails_is_rolled_back_and_told(node: VoiceNode) -> None:
    number = await node.number(NUMBER, ANSWER, HANGUP)
    broken = DocumentTarget("http://127.0.0.1:1/nobody")
    split = Split(broken, 50, utc_now(), failed_percent=25, least_calls=3)
    await handle(node, number, split)

    tried: list[Call] = []
    while len(tried) < 3:
        assert await roll_back_splits(node.database, utc_now()) == 0, "too few calls to conclude anything"
        await call(node)
        record = await last(node)
        is_tried = split.takes(record.id)
        assert ((record.route or {})["target"] == {"type": "flow", "flow_id": str(_flow(number))}) is not is_tried
        tried += [record] if is_tried else []

    assert await roll_back_splits(node.database, utc_now()) == 1
    assert await get_handling(node.database, node.account_id, number.id) == Handling()
    assert await roll_back_splits(node.database, utc_now()) == 0
    async with node.database.reading() as tx:
        data = await tx.connection.fetchval("select data from events where type = 'number_split_rolled_back'")
    assert (data["number"], data["split"]["ended"], data["split"]["failed"]) == (NUMBER, 3, 3)


async def test_share_that_does_well_goes_on(node: VoiceNode) -> None:
    number = await node.number(NUMBER, ANSWER, HANGUP)
    good = await node.flow(ANSWER, {"type": "beep"}, HANGUP)
    split = Split(FlowTarget(good.id), 99, utc_now(), least_calls=1)
    await handle(node, number, split)
    while not split.takes((await _one(node)).id):
        pass

    assert await roll_back_splits(node.database, utc_now()) == 0
    assert (await get_handling(node.database, node.account_id, NumberId(number.id))).split is not None


async def test_emergency_call_is_refused_in_clear_words_where_it_is_not_set_up(node: VoiceNode) -> None:
    """No pattern and no short number of the account takes what its own phones dial for help."""
    await node.number(NUMBER, ANSWER, HANGUP)
    await node.extension("1001", "secret-1001")
    async with node.phone() as phone:
        for dialled in ("911", "112", "933"):
            placed = await node.dial_as(phone, "1001", "secret-1001", dialled)
            await placed.ended.wait()
            assert placed.end is not None
            assert (placed.end.status, placed.end.text) == (403, "Emergency Calls Not Set Up")
    reasons = {str(each.metadata["refusal"]) for each in await node.calls()}
    assert len(reasons) == 1
    assert "No trunk of this platform takes emergency calls" in reasons.pop()


async def test_emergency_call_goes_out_free_from_a_number_with_an_address(node: VoiceNode) -> None:
    number = await node.number(NUMBER, ANSWER, HANGUP)
    await node.extension("1001", "secret-1001")
    called: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def take(incoming: PhoneCall) -> None:
        assert incoming.sip is not None
        called.put_nowait((incoming.dialled, incoming.sip.request.from_.uri))
        incoming.answer()
        await incoming.ended.wait()

    async with node.phone(take) as rescuers, node.phone() as phone:
        (trunk,) = await list_trunks(node.database)
        async with node.database.transaction() as tx:
            await tx.trunks.update(replace(trunk, port=rescuers.agent.port))
        await set_trunk_trust(node.database, trunk.id, TrunkTrust(takes_emergency=True), utc_now())

        without = await node.dial_as(phone, "1001", "secret-1001", "911")
        await without.ended.wait()
        await handle(node, number, HOME)
        await node.spend_everything()
        placed = await node.dial_as(phone, "1001", "secret-1001", "911")
        assert await placed.wait_answered()
        placed.hang_up()
        await placed.ended.wait()

    assert without.end is not None
    assert without.end.status == 403
    dialled, shown = await called.get()
    assert (dialled, shown.partition("@")[0]) == ("911", f"sip:{NUMBER}")
    outgoing = next(each for each in await node.calls() if each.destination.target == "911" and each.master_call_id)
    assert outgoing.cost_type == ""


def _flow(number: Number) -> object:
    assert isinstance(number.targets.voice, FlowTarget)
    return number.targets.voice.flow_id


async def _one(node: VoiceNode) -> Call:
    await call(node)
    return await last(node)
