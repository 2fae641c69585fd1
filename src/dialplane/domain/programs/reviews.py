"""What an assistant is asked afterwards: how a talk went, how a prompt could be better, what a timeline says (6.10)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dialplane.domain.ids import AccountId

LONGEST_CONTENT = 65_536
LONGEST_MAKING = timedelta(minutes=5)


class ReviewKind(StrEnum):
    AUDIT = "aiaudit"
    PROPOSAL = "aipromptproposal"
    ANALYSIS = "timeline_analysis"


class ReviewStatus(StrEnum):
    PROGRESSING = "progressing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an assistant says when it is asked. `score`: of an audit, 0 to 100; None where it gave none."""

    content: str
    model: str
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Review:
    id: UUID
    account_id: AccountId
    kind: ReviewKind
    reference_type: str
    reference_id: UUID
    created_at: datetime
    language: str = ""
    status: ReviewStatus = ReviewStatus.PROGRESSING
    engine_model: str = ""
    score: int | None = None
    """Of an audit: 0 to 100."""
    content: str = ""
    error: str = ""
    """Why there is none, in words."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    def seen_at(self, now: datetime) -> "Review":
        """One that nobody makes any more, because its process died, has failed."""
        is_left = self.status is ReviewStatus.PROGRESSING and now > self.created_at + LONGEST_MAKING
        return self.failed("interrupted", self.created_at + LONGEST_MAKING) if is_left else self

    def failed(self, error: str, now: datetime) -> "Review":
        return replace(self, status=ReviewStatus.FAILED, error=error[:1024], updated_at=now)

    def done(self, judgement: Judgement, now: datetime) -> "Review":
        return replace(
            self,
            status=ReviewStatus.DONE,
            content=judgement.content[:LONGEST_CONTENT],
            engine_model=judgement.model[:255],
            score=judgement.score,
            updated_at=now,
        )
