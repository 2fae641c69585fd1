"""Work on many numbers at once: begun on a selection, done in steps that survive a crash, and taken back.

Each step is one transaction with the job's row locked: the request that asked for it, and every worker, may do the next
one. Files are read in `numbering/number_files.py`.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.errors import Conflict, Invalid, NotFound, Refusal
from dialplane.domain.ids import AccountId, NumberId, new_id
from dialplane.domain.numbering.history import Actor
from dialplane.domain.numbering.number_jobs import (
    LONGEST_DETAIL,
    LONGEST_FIELD,
    MOST_SELECTED,
    PREVIEW_KEPT,
    UNDO_KEPT,
    JobChange,
    JobCounts,
    JobId,
    JobKind,
    JobLine,
    JobState,
    LineOutcome,
    NumberFacts,
    NumberJob,
    facts_of,
    given_back,
    with_facts,
)
from dialplane.domain.numbering.numbers import Number, NumberFilter, NumberStatus
from dialplane.domain.numbering.targets import Targets
from dialplane.services.numbering.number_life import give_up, take_back
from dialplane.services.numbering.numbers import (
    check_new_targets,
    check_targets,
    number_not_found,
    require_live,
    save_number,
)
from dialplane.services.tenancy.account_locks import hold_active_alone
from dialplane.services.transaction import Database, Transaction

STEP = 100
"""Numbers that one transaction changes: some 200 ms, in which nobody else may change them."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of the number at a position."""

    position: int
    outcome: LineOutcome
    was: NumberFacts | None = None
    field: str = ""
    detail: str = ""


class NumberJobStore(Protocol):
    """Port: jobs and their lines."""

    async def add(self, job: NumberJob) -> None: ...

    async def save(self, job: NumberJob) -> None: ...

    async def find(self, account_id: AccountId, job_id: JobId, *, lock: bool = False) -> NumberJob | None: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[NumberJob]:
        """Newest first; made before `before`."""
        ...

    async def at_work(self) -> NumberJob | None:
        """One that is under way, locked; those that others have locked are left out."""
        ...

    async def add_lines(self, job_id: JobId, lines: Sequence[JobLine]) -> None: ...

    async def add_selected(self, job_id: JobId, account_id: AccountId, number_ids: Collection[NumberId]) -> int:
        """Lines that wait for those of the numbers that the account holds; how many they are."""
        ...

    async def add_fitting(self, job_id: JobId, account_id: AccountId, wanted: NumberFilter) -> int:
        """Lines that wait for all of the account's numbers that fit, newest first; how many they are."""
        ...

    async def count_fitting(self, account_id: AccountId, wanted: NumberFilter, *, at_most: int) -> int:
        """How many of the account's numbers fit; counting ends at `at_most`."""
        ...

    async def count(self, job_id: JobId) -> JobCounts: ...

    async def list_lines(self, job_id: JobId, outcome: LineOutcome | None, *, after: int, limit: int) -> list[JobLine]:
        """Lines of this outcome (of any, where it is None) after the position `after`."""
        ...

    async def lock_numbers(self, account_id: AccountId, number_ids: Collection[NumberId]) -> Mapping[NumberId, Number]:
        """The account's numbers among these, whatever their status, locked in the order of their ids."""
        ...

    async def note(self, job_id: JobId, noted: Sequence[Noted]) -> None:
        """Write down what became of lines. What a number was stays, where nothing new is said of it."""
        ...

    async def forget(self, *, previewed_before: datetime, applied_before: datetime, limit: int) -> int:
        """Delete files that were only looked at, and the lines of jobs done long ago; how many they were."""
        ...


# --- beginning -------------------------------------------------------------------------------------------------------


async def start_job(
    database: Database,
    account_id: AccountId,
    kind: JobKind,
    change: JobChange,
    selected: Collection[NumberId] | NumberFilter,
    now: datetime,
    *,
    by: Actor,
) -> NumberJob:
    """Begin to change the selected numbers, by `go_on` or a worker. Ids that are not the account's are passed over.

    Raises Invalid where nothing is selected or too much is named, and what `check_targets` raises.
    """
    change.over(NumberFacts())
    async with database.transaction() as tx:
        await _check_targets(tx, account_id, change)
        job = NumberJob(JobId(new_id(now)), account_id, kind, JobState.APPLYING, by, now, now, change)
        await tx.number_jobs.add(job)
        begun = await _gathered(tx, job, selected)
        if begun.wanted is None and not begun.left:
            raise Invalid("Select at least one number", reason="INVALID_ARGUMENT", field="number")
        await tx.number_jobs.save(begun)
    return begun


async def _gathered(tx: Transaction, job: NumberJob, selected: Collection[NumberId] | NumberFilter) -> NumberJob:
    """With its lines; where they are more than one step has, making them is a step of its own."""
    if not isinstance(selected, NumberFilter):
        if len(selected) > MOST_SELECTED:
            raise Invalid(f"Name at most {MOST_SELECTED} numbers", reason="INVALID_ARGUMENT", field="number")
        found = await tx.number_jobs.add_selected(job.id, job.account_id, selected)
        return replace(job, counts=JobCounts(waiting=found))
    if await tx.number_jobs.count_fitting(job.account_id, selected, at_most=STEP + 1) > STEP:
        return replace(job, wanted=selected)
    return await _with_lines(tx, job, selected)


async def _with_lines(tx: Transaction, job: NumberJob, wanted: NumberFilter) -> NumberJob:
    found = await tx.number_jobs.add_fitting(job.id, job.account_id, wanted)
    return replace(job, wanted=None, counts=JobCounts(waiting=found))


async def _check_targets(tx: Transaction, account_id: AccountId, change: JobChange) -> None:
    """What is written, not what stays."""
    await check_targets(tx, account_id, change.targets.over(Targets()))


async def apply_job(database: Database, account_id: AccountId, job_id: JobId, now: datetime) -> NumberJob:
    """Begin to do what a preview shows. Beginning again changes nothing. Raises NotFound, Conflict after an undo."""
    async with database.transaction() as tx:
        job = await _lock(tx, account_id, job_id)
        if not job.may_start():
            return job
        started = replace(job, state=JobState.APPLYING, reached=0, updated_at=now)
        await tx.number_jobs.save(started)
    return started


async def undo_job(database: Database, account_id: AccountId, job_id: JobId, now: datetime) -> NumberJob:
    """Begin to give each number back what it was, and to take back those that were released. What somebody changed
    since stays. Raises NotFound, Conflict where nothing was done, long ago, or it was undone before."""
    async with database.transaction() as tx:
        job = await _lock(tx, account_id, job_id)
        job.check_undo(now)
        started = replace(job, state=JobState.UNDOING, reached=0, updated_at=now)
        await tx.number_jobs.save(started)
    return started


# --- reading ---------------------------------------------------------------------------------------------------------


async def get_job(database: Database, account_id: AccountId, job_id: JobId) -> NumberJob:
    """Raises NotFound (JOB_NOT_FOUND) for another account's too."""
    async with database.reading() as tx:
        return _given(await tx.number_jobs.find(account_id, job_id))


async def list_jobs(
    database: Database, account_id: AccountId, *, before: datetime | None = None, limit: int = 100
) -> list[NumberJob]:
    """Newest first."""
    async with database.reading() as tx:
        return await tx.number_jobs.list_for(account_id, before=before, limit=limit)


async def list_job_lines(
    database: Database,
    account_id: AccountId,
    job_id: JobId,
    outcome: LineOutcome | None = None,
    *,
    after: int = 0,
    limit: int = 100,
) -> list[JobLine]:
    """One page in their order, after the position `after`. Raises NotFound."""
    async with database.reading() as tx:
        _given(await tx.number_jobs.find(account_id, job_id))
        return await tx.number_jobs.list_lines(job_id, outcome, after=after, limit=limit)


# --- going on --------------------------------------------------------------------------------------------------------


async def go_on(database: Database, account_id: AccountId, job_id: JobId, now: datetime) -> NumberJob:
    """Take the next step; the job as it stands then. Nothing happens where nothing is under way."""
    async with database.transaction() as tx:
        return await _step(tx, await _lock(tx, account_id, job_id), now)


async def go_on_with_jobs(database: Database, now: datetime) -> bool:
    """A worker's turn: one step of one job that nobody else is at; whether there was one."""
    async with database.transaction() as tx:
        job = await tx.number_jobs.at_work()
        if job is None:
            return False
        await _step(tx, job, now)
    return True


async def forget_jobs(database: Database, now: datetime, *, limit: int = 10) -> int:
    """Forget files that nobody applied, and the lines of jobs that can no longer be undone; how many."""
    async with database.transaction() as tx:
        return await tx.number_jobs.forget(
            previewed_before=now - PREVIEW_KEPT, applied_before=now - UNDO_KEPT, limit=limit
        )


async def _step(tx: Transaction, job: NumberJob, now: datetime) -> NumberJob:
    """One step with a locked job."""
    if not job.state.is_at_work:
        return job
    if job.wanted is not None:
        gathered = replace(await _with_lines(tx, job, job.wanted), updated_at=now)
        await tx.number_jobs.save(gathered)
        return gathered
    applying = job.state is JobState.APPLYING
    wanted = LineOutcome.WAITING if applying else LineOutcome.DONE
    lines = await tx.number_jobs.list_lines(job.id, wanted, after=job.reached, limit=STEP)
    noted = await (_apply(tx, job, lines, now) if applying else _take_back(tx, job, lines, now))
    await tx.number_jobs.note(job.id, noted)
    reached = lines[-1].position if lines else job.reached
    moved = replace(job, counts=_moved(job.counts, wanted, noted), reached=reached, updated_at=now)
    if not moved.left:
        moved = (
            replace(moved, state=JobState.APPLIED, applied_at=now)
            if applying
            else replace(moved, state=JobState.UNDONE, undone_at=now)
        )
    await tx.number_jobs.save(moved)
    return moved


def _moved(counts: JobCounts, wanted: LineOutcome, noted: Sequence[Noted]) -> JobCounts:
    """The counts after lines that were `wanted` became what was noted."""
    changed = asdict(counts)
    for outcome, many in Counter(each.outcome for each in noted).items():
        changed[outcome.value] += many
        changed[wanted.value] -= many
    return JobCounts(**changed)


# --- one number ------------------------------------------------------------------------------------------------------


async def _apply(tx: Transaction, job: NumberJob, lines: Sequence[JobLine], now: datetime) -> list[Noted]:
    numbers = await _lock_numbers(tx, job, lines)
    checked: set[Targets] = set()
    return [await _change(tx, job, line, _live(numbers, line), checked, now) for line in lines]


async def _change(
    tx: Transaction, job: NumberJob, line: JobLine, number: Number | None, checked: set[Targets], now: datetime
) -> Noted:
    """`checked`: targets of this step of which it is known that they can be."""
    if number is None:
        return Noted(line.position, LineOutcome.PROBLEM, field="number", detail="the number is no longer yours")
    change, was = line.change or job.change, facts_of(number)
    try:
        if change.release:
            await give_up(tx, number, job.by, now)
            return Noted(line.position, LineOutcome.DONE, was)
        facts = change.over(was)
        if facts == was:
            return Noted(line.position, LineOutcome.SAME)
        await _check_once(tx, number, facts, checked)
    except Refusal as refusal:
        return _refused(line, LineOutcome.PROBLEM, refusal)
    await save_number(tx, number, with_facts(number, facts, now), "updated", job.by, now, events=("number_updated",))
    return Noted(line.position, LineOutcome.DONE, was)


async def _check_once(tx: Transaction, number: Number, facts: NumberFacts, checked: set[Targets]) -> None:
    """Many numbers get the same targets: each is looked for once in a step. Raises as `check_targets` does."""
    if facts.targets == number.targets or facts.targets in checked:
        return
    await check_new_targets(tx, number, facts.targets)
    checked.add(facts.targets)


async def _take_back(tx: Transaction, job: NumberJob, lines: Sequence[JobLine], now: datetime) -> list[Noted]:
    if job.change.release:
        try:
            await hold_active_alone(tx, job.account_id)  # before the numbers, as everywhere
        except Refusal as refusal:
            return [_refused(line, LineOutcome.KEPT, refusal) for line in lines]
    numbers = await _lock_numbers(tx, job, lines)
    return [await _give_back(tx, job, line, numbers, now) for line in lines]


async def _give_back(
    tx: Transaction, job: NumberJob, line: JobLine, numbers: Mapping[NumberId, Number], now: datetime
) -> Noted:
    number = numbers.get(line.number_id) if line.number_id else None
    try:
        if number is None:
            raise number_not_found()
        if job.change.release:
            await take_back(tx, number, job.by, now)
            return Noted(line.position, LineOutcome.UNDONE)
        was = line.was or NumberFacts()
        back = given_back(was, (line.change or job.change).over(was), facts_of(require_live(number)))
        if back is None:
            raise Conflict("somebody changed it since", reason="STATE_INVALID")
        returned = with_facts(number, back, now)
        await check_new_targets(tx, number, returned.targets)
    except Refusal as refusal:
        return _refused(line, LineOutcome.KEPT, refusal)
    await save_number(tx, number, returned, "updated", job.by, now, events=("number_updated",))
    return Noted(line.position, LineOutcome.UNDONE)


async def _lock_numbers(tx: Transaction, job: NumberJob, lines: Sequence[JobLine]) -> Mapping[NumberId, Number]:
    """All of the step at once and in one order, so that two jobs with the same numbers do not wait for each other."""
    return await tx.number_jobs.lock_numbers(job.account_id, [line.number_id for line in lines if line.number_id])


def _live(numbers: Mapping[NumberId, Number], line: JobLine) -> Number | None:
    number = numbers.get(line.number_id) if line.number_id else None
    return None if number is None or number.status is NumberStatus.RELEASED else number


def _refused(line: JobLine, outcome: LineOutcome, refusal: Refusal) -> Noted:
    return Noted(line.position, outcome, field=refusal.field[:LONGEST_FIELD], detail=refusal.message[:LONGEST_DETAIL])


async def _lock(tx: Transaction, account_id: AccountId, job_id: JobId) -> NumberJob:
    return _given(await tx.number_jobs.find(account_id, job_id, lock=True))


def _given(job: NumberJob | None) -> NumberJob:
    if job is None:
        raise NotFound("There is no such work", reason="JOB_NOT_FOUND")
    return job
