"""Audits of talks, proposals of prompts and analyses of timelines: ordered at once, made in the background, kept."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Invalid, NotFound, Refusal
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.domain.programs.review_rules import PROMPT
from dialplane.domain.programs.reviews import Review, ReviewKind
from dialplane.services.calling.timelines import call_timeline
from dialplane.services.programs.aicalls import get_aicall, past_turns
from dialplane.services.programs.ais import get_ai
from dialplane.services.programs.assistants import MAX_MATERIAL, Assistants
from dialplane.services.resources import Resource
from dialplane.services.shapes.reviews import review_shape
from dialplane.services.transaction import Database

MOST_TALKS = 20
"""Of one assistant, the newest, that a proposal is made of."""
_PAGE = 100

REVIEWS = Resource("review", lambda tx: tx.reviews, review_shape, public=False)
REFERENCES = {ReviewKind.AUDIT: "aicall", ReviewKind.PROPOSAL: "ai", ReviewKind.ANALYSIS: "call"}


async def order_review(
    database: Database, account_id: AccountId, kind: ReviewKind, reference_id: UUID, language: str, now: datetime
) -> Review:
    """Raises NotFound (AICALL_NOT_FOUND, AI_NOT_FOUND, CALL_NOT_FOUND), Invalid where there is nothing to review."""
    await _material(database, account_id, kind, reference_id)
    review = Review(new_id(now), account_id, kind, REFERENCES[kind], reference_id, now, language)
    return await REVIEWS.create(database, review)


async def make_review(
    database: Database, assistants: Assistants, review: Review, clock: Callable[[], datetime]
) -> Review:
    """Ask the assistant and keep what it says, or why it says nothing."""
    try:
        material = await _material(database, review.account_id, review.kind, review.reference_id)
        judgement = await assistants.review(review.kind, material, language=review.language)
        made = review.done(judgement, clock())
    except Refusal as refusal:
        made = review.failed(refusal.message, clock())
    async with database.transaction() as tx:
        if await tx.reviews.find(review.account_id, review.id, lock=True) is None:
            return made
        return await REVIEWS.save(tx, made, "updated", clock())


async def list_reviews(
    database: Database, account_id: AccountId, kind: ReviewKind, *, before: datetime | None, limit: int, now: datetime
) -> Sequence[Review]:
    """Newest first; those made before `before`."""
    rows = await REVIEWS.list_for(database, account_id, before=before, limit=limit, kind=kind.value)
    return [row.seen_at(now) for row in rows]


async def get_review(
    database: Database, account_id: AccountId, kind: ReviewKind, review_id: UUID, now: datetime
) -> Review:
    """Raises NotFound, of one of another kind too."""
    found = await REVIEWS.get(database, account_id, review_id)
    if found.kind is not kind:
        raise NotFound("There is no such review", reason="REVIEW_NOT_FOUND")
    return found.seen_at(now)


async def delete_review(
    database: Database, account_id: AccountId, kind: ReviewKind, review_id: UUID, now: datetime
) -> Review:
    """Raises NotFound."""
    await get_review(database, account_id, kind, review_id, now)
    return await REVIEWS.delete(database, account_id, review_id, now)


async def _material(database: Database, account_id: AccountId, kind: ReviewKind, reference_id: UUID) -> str:
    """What the assistant is given, in lines. Raises NotFound, Invalid where there is nothing."""
    match kind:
        case ReviewKind.AUDIT:
            lines = await _talk(database, account_id, reference_id)
        case ReviewKind.PROPOSAL:
            lines = await _talks_of(database, account_id, reference_id)
        case _:
            lines = await _timeline(database, account_id, reference_id)
    if not lines:
        raise Invalid("There is nothing to review", field="reference_id")
    return "\n".join(lines)[:MAX_MATERIAL]


async def _talk(database: Database, account_id: AccountId, aicall_id: UUID) -> list[str]:
    aicall = await get_aicall(database, account_id, aicall_id)
    return [f"{who}: {' '.join(text.split())}" for who, text in await past_turns(database, aicall)]


async def _talks_of(database: Database, account_id: AccountId, ai_id: UUID) -> list[str]:
    """The prompt, and the newest talks of the assistant."""
    ai = await get_ai(database, account_id, ai_id)
    lines = [f"{PROMPT}{line}" for line in ai.init_prompt.splitlines()]
    async with database.reading() as tx:
        talks = await tx.aicalls.list_aicalls(account_id, before=None, limit=_PAGE)
    of_ai = [talk for talk in talks if talk.assistance_id == ai_id][:MOST_TALKS]
    for talk in reversed(of_ai):
        lines += await _talk(database, account_id, talk.id)
    return lines


async def _timeline(database: Database, account_id: AccountId, call_id: UUID) -> list[str]:
    happened = await call_timeline(database, account_id, CallId(call_id))
    return [f"{each.at:%H:%M:%S} {each.kind} {each.type} {json.dumps(each.data, default=str)}" for each in happened]
