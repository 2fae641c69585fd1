"""Work on many numbers at once: begun, done in steps, taken back; and files of an account's own numbers."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, Invalid, NotFound, Refusal
from dialplane.domain.ids import AccountId, NumberId, new_id
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.number_jobs import (
    JobChange,
    JobCounts,
    JobKind,
    JobState,
    LineOutcome,
    NumberJob,
)
from dialplane.domain.numbering.numbers import Number, NumberFilter, NumberKind, NumberStatus
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.numbering.targets import FlowTarget, ForwardTarget, HookTarget, TargetsChange
from dialplane.services.numbering.history import list_history
from dialplane.services.numbering.number_files import preview_file, write_csv, write_json
from dialplane.services.numbering.number_jobs import (
    STEP,
    apply_job,
    forget_jobs,
    get_job,
    go_on,
    go_on_with_jobs,
    list_job_lines,
    start_job,
    undo_job,
)
from dialplane.services.numbering.numbers import NumberChange, get_number, list_numbers, update_number
from dialplane.services.numbering.sip_numbers import create_sip_number
from dialplane.services.programs.flows import FlowChange, create_flow, delete_flow
from dialplane.services.transaction import Database
from tests.services.buying import NOW, bought, buyer, stock
from tests.services.life import assert_life_is_whole

BY = Actor(ActorKind.PERSON, new_id(NOW))
DESK = TargetsChange(voice=ForwardTarget(users=("ann",)))
EVERYTHING = NumberFilter()


async def held(database: Database, account_id: AccountId, count: int) -> list[Number]:
    """Virtual numbers, the newest first."""
    async with database.transaction() as tx:
        account = await tx.accounts.get(account_id)
        made = [
            Number(
                NumberId(new_id(NOW + timedelta(seconds=n))), account_id, account.organization_id, f"+899001{n:06}",
                NumberKind.VIRTUAL, NumberStatus.ACTIVE, NOW + timedelta(seconds=n), country="899",
                capabilities=("voice", "sms"),
            )
            for n in range(count)
        ]  # fmt: skip
        await tx.numbers.add_many(made)
    return made[::-1]


async def finished(database: PostgresDatabase, job: NumberJob) -> NumberJob:
    while job.state.is_at_work:
        job = await go_on(database, job.account_id, job.id, NOW)
    return job


async def begin(
    database: PostgresDatabase,
    account_id: AccountId,
    change: JobChange,
    selected: Sequence[Number] | NumberFilter = EVERYTHING,
    *,
    kind: JobKind = JobKind.TAG,
) -> NumberJob:
    chosen = selected if isinstance(selected, NumberFilter) else [number.id for number in selected]
    return await start_job(database, account_id, kind, change, chosen, NOW, by=BY)


async def tags(database: PostgresDatabase, account_id: AccountId) -> list[tuple[str, ...]]:
    return [number.tags for number in await list_numbers(database, account_id, limit=1000)]


async def test_job_changes_what_fits_in_steps_and_is_taken_back(database: PostgresDatabase) -> None:
    """More numbers than a step has: the request does the first one, workers the rest."""
    account_id = await buyer(database)
    await held(database, account_id, STEP + 3)

    job = await begin(database, account_id, JobChange(add_tags=("sales",)))
    gathered = await go_on(database, account_id, job.id, NOW)
    first = await go_on(database, account_id, job.id, NOW)
    assert await go_on_with_jobs(database, NOW)
    assert not await go_on_with_jobs(database, NOW)
    done = await get_job(database, account_id, job.id)
    changed = set(await tags(database, account_id))
    undone = await finished(database, await undo_job(database, account_id, job.id, NOW))

    assert (job.counts, job.wanted) == (JobCounts(), EVERYTHING)
    assert (gathered.counts, gathered.wanted) == (JobCounts(waiting=STEP + 3), None)
    assert (first.counts, first.left) == (JobCounts(waiting=3, done=STEP), 3)
    assert (done.state, done.counts) == (JobState.APPLIED, JobCounts(done=STEP + 3))
    assert changed == {("sales",)}
    assert (undone.state, undone.counts) == (JobState.UNDONE, JobCounts(undone=STEP + 3))
    assert set(await tags(database, account_id)) == {()}


async def test_selected_numbers_change_and_strangers_ids_are_passed_over(database: PostgresDatabase) -> None:
    account_id, other = await buyer(database), await buyer(database)
    mine = await held(database, account_id, 3)
    stranger = await create_sip_number(database, other, NumberOrder("1234"), NOW)

    job = await begin(database, account_id, JobChange(targets=DESK), [*mine[:2], stranger], kind=JobKind.ASSIGN)
    done = await finished(database, job)

    targets = [(await get_number(database, account_id, number.id)).targets.voice for number in mine]
    assert done.counts == JobCounts(done=2)
    assert targets == [DESK.voice, DESK.voice, None]
    told = await list_history(database, account_id, mine[0].id)
    assert (told[0].what, told[0].actor, [change.field for change in told[0].changes]) == ("updated", BY, ["voice"])
    with pytest.raises(NotFound):
        await get_job(database, other, job.id)
    with pytest.raises(Invalid):
        await begin(database, account_id, JobChange(add_tags=("x",)), [stranger])


async def test_undo_leaves_what_somebody_changed_since(database: PostgresDatabase) -> None:
    """Only the fields that the job wrote are looked at: another name is no obstacle."""
    account_id = await buyer(database)
    first, second = await held(database, account_id, 2)
    job = await finished(database, await begin(database, account_id, JobChange(add_tags=("sales",))))
    await update_number(database, account_id, first.id, NumberChange(tags=("sales", "mine")), NOW)
    await update_number(database, account_id, second.id, NumberChange(name="Front desk"), NOW)

    undone = await finished(database, await undo_job(database, account_id, job.id, NOW))

    kept = await list_job_lines(database, account_id, job.id, LineOutcome.KEPT)
    assert undone.counts == JobCounts(undone=1, kept=1)
    assert [(line.number, line.detail) for line in kept] == [(first.number, "somebody changed it since")]
    assert await tags(database, account_id) == [("sales", "mine"), ()]
    assert (await get_number(database, account_id, second.id)).name == "Front desk"


async def test_released_numbers_come_back_and_protected_ones_stay(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, "+14155550100", "+14155550101")
    loose = await bought(database, account_id, "+14155550100")
    safe = await bought(database, account_id, "+14155550101")
    short = await create_sip_number(database, account_id, NumberOrder("1234"), NOW)
    await update_number(database, account_id, safe.id, NumberChange(protected=True), NOW)

    job = await finished(database, await begin(database, account_id, JobChange(release=True), kind=JobKind.RELEASE))
    left = [number.number for number in await list_numbers(database, account_id)]
    await create_sip_number(database, account_id, NumberOrder("1234"), NOW)  # takes the text again
    undone = await finished(database, await undo_job(database, account_id, job.id, NOW))

    lines = await list_job_lines(database, account_id, job.id)
    problems = [line for line in lines if line.outcome in (LineOutcome.PROBLEM, LineOutcome.KEPT)]
    assert left == [safe.number]
    assert job.counts == JobCounts(done=2, problem=1)
    assert undone.counts == JobCounts(undone=1, kept=1, problem=1)
    assert {line.number: line.field for line in problems} == {safe.number: "protected", "1234": "number"}
    assert (await get_number(database, account_id, loose.id)).status is NumberStatus.ACTIVE
    assert short.id not in {number.id for number in await list_numbers(database, account_id)}
    await assert_life_is_whole(database)


async def test_change_that_one_number_cannot_take_is_its_own_problem(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    full, empty = await held(database, account_id, 2)
    await update_number(database, account_id, full.id, NumberChange(tags=tuple(f"t{n}" for n in range(50))), NOW)

    job = await finished(database, await begin(database, account_id, JobChange(add_tags=("one more",))))

    problems = await list_job_lines(database, account_id, job.id, LineOutcome.PROBLEM)
    assert job.counts == JobCounts(done=1, problem=1)
    assert [(line.number, line.field) for line in problems] == [(full.number, "tags")]
    assert (await get_number(database, account_id, empty.id)).tags == ("one more",)


async def test_job_that_cannot_be_is_refused_before_it_begins(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await held(database, account_id, 1)
    flow = TargetsChange(voice=FlowTarget(new_id(NOW)))

    for change, selected in (
        (JobChange(targets=flow), EVERYTHING),
        (JobChange(add_tags=("x" * 65,)), EVERYTHING),
        (JobChange(add_tags=("x",)), NumberFilter(name="nobody")),
        (JobChange(add_tags=("x",)), ()),
    ):
        with pytest.raises(Refusal):
            await begin(database, account_id, change, selected)

    assert not await go_on_with_jobs(database, NOW)


async def test_undo_does_not_bring_back_a_flow_that_is_gone(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    (number,) = await held(database, account_id, 1)
    flow = await create_flow(database, account_id, FlowChange(name="Old"), NOW)
    await update_number(database, account_id, number.id, NumberChange(call_flow_id=flow.id), NOW)
    job = await finished(database, await begin(database, account_id, JobChange(targets=DESK), kind=JobKind.ASSIGN))
    await delete_flow(database, account_id, flow.id, NOW)

    undone = await finished(database, await undo_job(database, account_id, job.id, NOW))

    assert undone.counts == JobCounts(kept=1)
    with pytest.raises(Conflict):
        await undo_job(database, account_id, job.id, NOW)


async def test_jobs_are_forgotten_when_they_can_no_longer_be_undone(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await held(database, account_id, 1)
    job = await finished(database, await begin(database, account_id, JobChange(add_tags=("x",))))
    await preview_file(database, account_id, b"number,name\n+899001000000,Desk\n", NOW, by=BY)
    later = NOW + timedelta(days=31)

    assert await forget_jobs(database, later) == 2
    assert await forget_jobs(database, later) == 0
    assert await list_job_lines(database, account_id, job.id) == []
    with pytest.raises(Conflict):
        await undo_job(database, account_id, job.id, later)


# --- files -----------------------------------------------------------------------------------------------------------


async def lines(database: PostgresDatabase, job: NumberJob) -> list[tuple[str, LineOutcome, str]]:
    found = await list_job_lines(database, job.account_id, job.id)
    return [(line.number, line.outcome, line.detail) for line in found]


async def test_file_is_shown_before_it_is_applied_and_taken_back(database: PostgresDatabase) -> None:
    """Columns are guessed by their headings, whatever they are called; problems stand beside their line."""
    account_id = await buyer(database)
    second, first = await held(database, account_id, 2)
    flow = await create_flow(database, account_id, FlowChange(name="Front desk"), NOW)
    body = (
        "Phone Number;Label;Tags;Voice target;SMS;metadata.site;Colour\r\n"
        f"{first.number};Desk;sales, berlin;flow:Front desk;POST https://example.com/sms;Berlin;red\r\n"
        f"{second.number};;;;;;\r\n"
        "+14155559999;Stranger;;;;;\r\n"
        f"{first.number};Twice;;;;;\r\n"
        f"{second.number};;;flow:nobody;;;\r\n"
    ).encode()

    shown = await preview_file(database, account_id, body, NOW, by=BY)
    before = await get_number(database, account_id, first.id)
    await apply_job(database, account_id, shown.id, NOW)
    done = await finished(database, await apply_job(database, account_id, shown.id, NOW))
    changed = await get_number(database, account_id, first.id)
    await finished(database, await undo_job(database, account_id, shown.id, NOW))

    assert shown.reading is not None
    assert shown.reading.columns["calls"] == "Voice target"
    assert shown.reading.ignored == ["Colour"]
    assert shown.counts == JobCounts(waiting=1, same=1, problem=3)
    assert [detail for _, outcome, detail in await lines(database, shown) if outcome is LineOutcome.PROBLEM] == [
        "it is not one of your numbers",
        f"{first.number} stands in line 2 too",
        f"{second.number} stands in line 3 too",
    ]
    assert before.name == ""
    assert done.counts == JobCounts(done=1, same=1, problem=3)
    assert (changed.name, changed.tags, changed.metadata) == ("Desk", ("sales", "berlin"), {"site": "Berlin"})
    assert changed.targets.voice == FlowTarget(flow.id)
    assert changed.targets.message == HookTarget("https://example.com/sms")
    again = await get_number(database, account_id, first.id)
    assert replace(again, updated_at=None) == replace(first, updated_at=None)


async def test_what_is_written_is_read_back_and_changes_nothing(database: PostgresDatabase) -> None:
    """CSV and JSON; a formula stays a text, a number in the metadata stays a number."""
    account_id = await buyer(database)
    (number,) = await held(database, account_id, 1)
    await create_sip_number(
        database, account_id, NumberOrder("*77#", name="=cmd()", targets=DESK.over(number.targets)), NOW
    )
    change = NumberChange(name='A "quoted", name', tags=("a", "b"), metadata={"floor": 3, "open": True}, protected=True)
    await update_number(database, account_id, number.id, change, NOW)

    csv = "".join([part async for part in write_csv(database, account_id, EVERYTHING)])
    text = "".join([part async for part in write_json(database, account_id, EVERYTHING)])
    from_csv = await preview_file(database, account_id, csv.encode(), NOW, by=BY)
    from_json = await preview_file(database, account_id, text.encode(), NOW, by=BY)

    assert csv.splitlines()[0].startswith("number,name,detail,tags,calls,messages,protected,metadata.floor")
    assert "'=cmd()" in csv
    assert {each["number"]: each["calls"] for each in json.loads(text)["items"]} == {
        number.number: "none",
        "*77#": "users:ann",
    }
    assert (from_csv.counts, from_json.counts) == (JobCounts(same=2), JobCounts(same=2))


async def test_cells_say_what_is_wrong_with_them(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await held(database, account_id, 6)
    body = (
        "number,tags,calls,messages,protected,name\n"
        f"+899001000000,{'x' * 65},,,,\n"
        "+899001000001,,call me,,,\n"
        "+899001000002,,,users:ann,,\n"
        "+899001000003,,,,perhaps,\n"
        f"+899001000004,,,,,{'x' * 256}\n"
        "+899001000005,,,,,,too,many\n"
    ).encode()

    shown = await preview_file(database, account_id, body, NOW, by=BY)

    found = await list_job_lines(database, account_id, shown.id)
    assert [line.field for line in found] == ["tags", "calls", "messages", "protected", "name", "csv"]
    assert shown.counts == JobCounts(problem=6)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"number\n", b"colour\nred\n", b"[1", b"a\0b"])
async def test_file_that_cannot_be_read_leaves_nothing(database: PostgresDatabase, body: bytes) -> None:
    account_id = await buyer(database)

    with pytest.raises(Invalid):
        await preview_file(database, account_id, body, NOW, by=BY)

    async with database.reading() as tx:
        assert await tx.number_jobs.list_for(account_id, before=None, limit=10) == []
