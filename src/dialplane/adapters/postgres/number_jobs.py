"""Work on many numbers at once, in Postgres."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.postgres.numbers import read_number
from dialplane.adapters.postgres.targets import read_targets, write_targets
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.number_jobs import (
    JobChange,
    JobCounts,
    JobId,
    JobKind,
    JobLine,
    JobState,
    LineOutcome,
    NumberFacts,
    NumberJob,
)
from dialplane.domain.numbering.numbers import Number, NumberFilter, NumberKind, NumberStatus
from dialplane.domain.numbering.targets import UNWRITTEN, Targets, TargetsChange, Unwritten
from dialplane.domain.supply.imports import Reading
from dialplane.services.numbering.number_jobs import Noted

_SQL = queries("number_jobs")

_COLUMNS = ("job_id", "position", "line", "number_id", "number", "change", "outcome", "field", "detail")


class PostgresNumberJobStore:
    """Fulfils `services.numbering.number_jobs.NumberJobStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, job: NumberJob) -> None:
        await self._connection.execute(
            _SQL["add"], job.id, job.account_id, job.kind, job.state, _write_change(job.change), _write_wanted(job),
            _write_reading(job),
            asdict(job.counts), job.reached, job.by.kind, job.by.id, job.created_at, job.updated_at, job.applied_at,
            job.undone_at,
        )  # fmt: skip

    async def save(self, job: NumberJob) -> None:
        await self._connection.execute(
            _SQL["save"], job.id, job.state, _write_wanted(job), _write_reading(job), asdict(job.counts), job.reached,
            job.updated_at, job.applied_at, job.undone_at,
        )  # fmt: skip

    async def find(self, account_id: AccountId, job_id: JobId, *, lock: bool = False) -> NumberJob | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, job_id)
        return None if row is None else _job(row)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[NumberJob]:
        return [_job(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, before, limit)]

    async def at_work(self) -> NumberJob | None:
        row = await self._connection.fetchrow(_SQL["at_work"])
        return None if row is None else _job(row)

    async def add_lines(self, job_id: JobId, lines: Sequence[JobLine]) -> None:
        await self._connection.copy_records_to_table(
            "number_job_lines",
            columns=_COLUMNS,
            records=[
                (
                    job_id, each.position, each.line, each.number_id, each.number,
                    None if each.change is None else _write_change(each.change), each.outcome.value, each.field,
                    each.detail,
                )
                for each in lines
            ],
        )  # fmt: skip

    async def add_selected(self, job_id: JobId, account_id: AccountId, number_ids: Collection[NumberId]) -> int:
        return _inserted(await self._connection.execute(_SQL["add_selected"], job_id, account_id, list(number_ids)))

    async def add_fitting(self, job_id: JobId, account_id: AccountId, wanted: NumberFilter) -> int:
        return _inserted(await self._connection.execute(_SQL["add_fitting"], job_id, account_id, *_asked(wanted)))

    async def count_fitting(self, account_id: AccountId, wanted: NumberFilter, *, at_most: int) -> int:
        return int(await self._connection.fetchval(_SQL["count_fitting"], account_id, *_asked(wanted), at_most))

    async def count(self, job_id: JobId) -> JobCounts:
        rows = await self._connection.fetch(_SQL["count"], job_id)
        return JobCounts(**{row["outcome"]: row["count"] for row in rows})

    async def list_lines(self, job_id: JobId, outcome: LineOutcome | None, *, after: int, limit: int) -> list[JobLine]:
        if outcome is None:
            rows = await self._connection.fetch(_SQL["list_lines"], job_id, after, limit)
        else:
            rows = await self._connection.fetch(_SQL["list_lines_of"], job_id, after, limit, outcome)
        return [_line(row) for row in rows]

    async def lock_numbers(self, account_id: AccountId, number_ids: Collection[NumberId]) -> Mapping[NumberId, Number]:
        rows = await self._connection.fetch(_SQL["lock_numbers"], account_id, list(number_ids))
        return {number.id: number for number in map(read_number, rows)}

    async def note(self, job_id: JobId, noted: Sequence[Noted]) -> None:
        await self._connection.execute(
            _SQL["note"], job_id, [each.position for each in noted], [each.outcome.value for each in noted],
            [None if each.was is None else _write_facts(each.was) for each in noted], [each.field for each in noted],
            [each.detail for each in noted],
        )  # fmt: skip

    async def forget(self, *, previewed_before: datetime, applied_before: datetime, limit: int) -> int:
        previews = await self._connection.fetch(_SQL["forget_previews"], previewed_before, limit)
        applied = await self._connection.fetch(_SQL["forget_lines"], applied_before, limit)
        return len(previews) + len(applied)


def _asked(wanted: NumberFilter) -> tuple[object, ...]:
    return (wanted.statuses, wanted.kinds, wanted.contains, wanted.name, wanted.tags, wanted.capabilities)


def _inserted(status: str) -> int:
    """Of `INSERT 0 12`."""
    return int(status.rpartition(" ")[2])


def _job(row: asyncpg.Record) -> NumberJob:
    reading = row["reading"]
    return NumberJob(
        id=JobId(row["id"]),
        account_id=AccountId(row["account_id"]),
        kind=JobKind(row["kind"]),
        state=JobState(row["state"]),
        by=Actor(ActorKind(row["actor"]), row["actor_id"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        change=_read_change(row["change"]),
        wanted=None if row["wanted"] is None else _read_wanted(row["wanted"]),
        reading=None if reading is None else Reading(**reading),
        counts=JobCounts(**row["counts"]),
        reached=row["reached"],
        applied_at=row["applied_at"],
        undone_at=row["undone_at"],
    )


def _line(row: asyncpg.Record) -> JobLine:
    return JobLine(
        position=row["position"],
        number=row["number"],
        outcome=LineOutcome(row["outcome"]),
        line=row["line"],
        number_id=None if row["number_id"] is None else NumberId(row["number_id"]),
        change=None if row["change"] is None else _read_change(row["change"]),
        was=None if row["was"] is None else _read_facts(row["was"]),
        field=row["field"],
        detail=row["detail"],
    )


def _write_reading(job: NumberJob) -> dict[str, object] | None:
    return None if job.reading is None else asdict(job.reading)


def _write_wanted(job: NumberJob) -> dict[str, object] | None:
    return None if job.wanted is None else asdict(job.wanted)


def _read_wanted(kept: dict[str, Any]) -> NumberFilter:
    return NumberFilter(
        statuses=tuple(map(NumberStatus, kept["statuses"])),
        kinds=tuple(map(NumberKind, kept["kinds"])),
        contains=kept["contains"],
        name=kept["name"],
        tags=tuple(kept["tags"]),
        capabilities=tuple(kept["capabilities"]),
    )


def _write_change(change: JobChange) -> dict[str, object]:
    voice, message, refer = write_targets(change.targets.over(Targets()))
    shapes = {"voice": voice, "message": message, "refer": refer}
    return {
        "name": change.name,
        "detail": change.detail,
        "tags": change.tags,
        "add_tags": change.add_tags,
        "remove_tags": change.remove_tags,
        "metadata": dict(change.metadata),
        "protected": change.protected,
        "release": change.release,
        "targets": {
            name: shape for name, shape in shapes.items() if not isinstance(getattr(change.targets, name), Unwritten)
        },
    }


def _read_change(kept: dict[str, Any]) -> JobChange:
    written = kept["targets"]
    targets = read_targets(written.get("voice"), written.get("message"), written.get("refer"))
    return JobChange(
        name=kept["name"],
        detail=kept["detail"],
        tags=None if kept["tags"] is None else tuple(kept["tags"]),
        add_tags=tuple(kept["add_tags"]),
        remove_tags=tuple(kept["remove_tags"]),
        metadata=kept["metadata"],
        protected=kept["protected"],
        targets=TargetsChange(
            voice=targets.voice if "voice" in written else UNWRITTEN,
            message=targets.message if "message" in written else UNWRITTEN,
            refer=targets.refer if "refer" in written else UNWRITTEN,
        ),
        release=kept["release"],
    )


def _write_facts(facts: NumberFacts) -> dict[str, object]:
    voice, message, refer = write_targets(facts.targets)
    return {
        "name": facts.name,
        "detail": facts.detail,
        "tags": facts.tags,
        "metadata": facts.metadata,
        "protected": facts.protected,
        "voice": voice,
        "message": message,
        "refer": refer,
    }


def _read_facts(kept: dict[str, Any]) -> NumberFacts:
    return NumberFacts(
        name=kept["name"],
        detail=kept["detail"],
        tags=tuple(kept["tags"]),
        metadata=kept["metadata"],
        protected=kept["protected"],
        targets=read_targets(kept["voice"], kept["message"], kept["refer"]),
    )
