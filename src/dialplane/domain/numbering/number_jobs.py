"""Work on many numbers at once: what shall become of each, how far it is, and what each was before.

```
previewed (a file only) -> applying -> applied -> undoing -> undone
```
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from dialplane.domain.errors import Conflict
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.labels import check_tags, merge_metadata
from dialplane.domain.numbering.history import Actor
from dialplane.domain.numbering.numbers import Number, NumberFilter
from dialplane.domain.numbering.targets import Targets, TargetsChange
from dialplane.domain.supply.imports import Reading

JobId = NewType("JobId", UUID)

MOST_NUMBERS = 100_000
"""Of one file."""

MOST_SELECTED = 1000
"""Named one by one; a selection by what fits has as many as there are."""

PREVIEW_KEPT = timedelta(days=1)
UNDO_KEPT = timedelta(days=30)
"""As long as a released number can be taken back."""

LONGEST_NUMBER = 255
LONGEST_FIELD = 64
LONGEST_DETAIL = 500


class JobKind(StrEnum):
    ASSIGN = "assign"
    TAG = "tag"
    RELEASE = "release"
    IMPORT = "import"


class JobState(StrEnum):
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"

    @property
    def is_at_work(self) -> bool:
        return self in (JobState.APPLYING, JobState.UNDOING)


class LineOutcome(StrEnum):
    """What became of one number."""

    WAITING = "waiting"
    DONE = "done"
    SAME = "same"
    """There was nothing to change."""
    PROBLEM = "problem"
    UNDONE = "undone"
    KEPT = "kept"
    """The undo has left it, because somebody changed it since."""


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What of a number jobs change."""

    name: str = ""
    detail: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, object] = field(default_factory=dict)
    protected: bool = False
    targets: Targets = field(default_factory=Targets)


def facts_of(number: Number) -> NumberFacts:
    return NumberFacts(number.name, number.detail, number.tags, number.metadata, number.protected, number.targets)


def with_facts(number: Number, facts: NumberFacts, now: datetime) -> Number:
    return replace(
        number,
        name=facts.name,
        detail=facts.detail,
        tags=facts.tags,
        metadata=facts.metadata,
        protected=facts.protected,
        targets=facts.targets,
        updated_at=now,
    )


def given_back(was: NumberFacts, became: NumberFacts, now: NumberFacts) -> NumberFacts | None:
    """What a number has `now`, with each field that a job changed as it `was`; None where one of them is no longer what
    the job made of it."""
    kept = _given_back(was, became, now, ("name", "detail", "tags", "metadata", "protected"))
    targets = _given_back(was.targets, became.targets, now.targets, ("voice", "message", "refer"))
    return None if kept is None or targets is None else replace(now, **kept, targets=replace(now.targets, **targets))


def _given_back(was: object, became: object, now: object, names: Sequence[str]) -> dict[str, Any] | None:
    changed = [name for name in names if getattr(was, name) != getattr(became, name)]
    if any(getattr(now, name) != getattr(became, name) for name in changed):
        return None
    return {name: getattr(was, name) for name in changed}


@dataclass(frozen=True, slots=True)
class JobChange:
    """What shall become of a number; None leaves a field as it is."""

    name: str | None = None
    detail: str | None = None
    tags: tuple[str, ...] | None = None
    """In the place of all that there are."""
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    """Laid over what is there; a key whose value is None goes."""
    protected: bool | None = None
    targets: TargetsChange = field(default_factory=TargetsChange)
    release: bool = False

    def over(self, facts: NumberFacts) -> NumberFacts:
        """The facts after the change. Raises Invalid where there would be too many tags or keys."""
        tags = facts.tags if self.tags is None else self.tags
        tags = tuple(dict.fromkeys(tag for tag in (*tags, *self.add_tags) if tag not in self.remove_tags))
        check_tags(tags)
        return NumberFacts(
            name=facts.name if self.name is None else self.name,
            detail=facts.detail if self.detail is None else self.detail,
            tags=tags,
            metadata=merge_metadata(facts.metadata, self.metadata),
            protected=facts.protected if self.protected is None else self.protected,
            targets=self.targets.over(facts.targets),
        )


NOTHING = JobChange()


@dataclass(frozen=True, slots=True)
class JobLine:
    """One number of a job."""

    position: int
    """From 1."""
    number: str
    """As it was written, where it could not be read."""
    outcome: LineOutcome
    line: int = 0
    """Of the file."""
    number_id: NumberId | None = None
    change: JobChange | None = None
    """None: the job's own."""
    was: NumberFacts | None = None
    field: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How many numbers have each outcome."""

    waiting: int = 0
    done: int = 0
    same: int = 0
    problem: int = 0
    undone: int = 0
    kept: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.done + self.same + self.problem + self.undone + self.kept


@dataclass(frozen=True, slots=True)
class NumberJob:
    """One piece of work."""

    id: JobId
    account_id: AccountId
    kind: JobKind
    state: JobState
    by: Actor
    created_at: datetime
    updated_at: datetime
    change: JobChange = NOTHING
    wanted: NumberFilter | None = None
    """Which numbers it is for, as long as they are not its lines yet."""
    reading: Reading | None = None
    """How the file was understood, where it is one."""
    counts: JobCounts = JobCounts()
    reached: int = 0
    """The position up to which what is under way has come."""
    applied_at: datetime | None = None
    undone_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many numbers what is under way has still to do."""
        match self.state:
            case JobState.UNDOING:
                return self.counts.done
            case JobState.APPLYING | JobState.PREVIEWED:
                return self.counts.waiting
        return 0

    def may_start(self) -> bool:
        """Whether it is still to be begun; starting again is no fault. Raises Conflict after an undo."""
        if self.state in (JobState.UNDOING, JobState.UNDONE):
            raise Conflict("It was taken back: begin anew to do it again", reason="STATE_INVALID")
        return self.state is JobState.PREVIEWED

    def check_undo(self, now: datetime) -> None:
        """Raises Conflict unless it was applied, not long ago, and not taken back."""
        if self.state is not JobState.APPLIED or self.applied_at is None:
            raise Conflict(f"It is {self.state}: only what was done can be taken back", reason="STATE_INVALID")
        if now >= self.applied_at + UNDO_KEPT:
            raise Conflict(f"It was done over {UNDO_KEPT.days} days ago", reason="STATE_INVALID")
