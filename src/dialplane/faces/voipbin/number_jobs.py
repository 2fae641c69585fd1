"""`/v1.0/number_jobs`: work on many numbers at once, how far it is, what became of each, and the way back."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NumberId
from dialplane.domain.labels import LONGEST_TAG, MOST_TAGS
from dialplane.domain.numbering.number_jobs import (
    MOST_NUMBERS,
    MOST_SELECTED,
    JobChange,
    JobId,
    JobKind,
    JobState,
    LineOutcome,
)
from dialplane.domain.numbering.numbers import NumberFilter, NumberKind, NumberStatus
from dialplane.domain.numbering.targets import TargetsChange
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import LARGEST_PAGE, Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.targets import NumberTargets, named_as_written, read_change
from dialplane.services.numbering import number_jobs as service
from dialplane.services.shapes.number_jobs import number_job_line_shape, number_job_shape

_Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TAG)]
_Tags = Annotated[list[_Tag], msgspec.Meta(max_length=MOST_TAGS)]
_Part = Annotated[str, msgspec.Meta(max_length=255)]


class NumberJob(msgspec.Struct):
    """Work on `total` numbers. `waiting` are to do; the others are done, the `same` as before, a `problem`, and after
    an undo `undone` or `kept` (somebody changed it since). An import is `previewed` until it is applied."""

    id: UUID
    customer_id: UUID
    kind: JobKind
    state: JobState
    total: int
    waiting: int
    done: int
    same: int
    problem: int
    undone: int
    kept: int
    tm_create: str | None
    tm_update: str | None
    tm_apply: str | None
    tm_undo: str | None


class NumberJobLine(msgspec.Struct):
    """One number. `line` is that of the file; `field` and `detail` say what is wrong, or why an undo left it."""

    position: int
    line: int
    number: str
    number_id: UUID
    outcome: LineOutcome
    field: str
    detail: str


class NumberSelection(msgspec.Struct):
    """The account's numbers that fit all of this; `{}` are all."""

    status: NumberStatus | None = None
    number_type: NumberKind | None = None
    number: _Part = ""
    """A part of the number."""
    name: _Part = ""
    """A part of the name, in whatever case."""
    tags: _Tags = []


class _Work(msgspec.Struct, kw_only=True):
    """On the numbers of `number_ids`, or on all that fit `filter`: exactly one of the two."""

    number_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MOST_SELECTED)] | None = None
    filter: NumberSelection | None = None


class AssignTargets(_Work, tag_field="kind", tag="assign", kw_only=True):
    """Let the numbers run something else; a target that is left out stays."""

    targets: NumberTargets


class TagNumbers(_Work, tag_field="kind", tag="tag", kw_only=True):
    """Put tags on the numbers, and take tags off."""

    add_tags: _Tags = []
    remove_tags: _Tags = []


class ReleaseNumbers(_Work, tag_field="kind", tag="release", kw_only=True):
    """Give the numbers back; an undo brings them back for 30 days."""


NewNumberJob = AssignTargets | TagNumbers | ReleaseNumbers


@post("/number_jobs", status_code=200, responses=posted(NumberJob, 404))
async def start_job(request: ApiRequest, data: JSONBody[NewNumberJob]) -> Fields:
    """Begin to change many numbers: the first hundred at once, the rest by and by, as the counts tell.

    Ids that are not the account's are passed over. A protected number is a `problem` of a release.
    """
    request.require_manager()
    kind, change = _read_work(data)
    now = await request.billing_now()
    with named_as_written():
        begun = await service.start_job(
            request.database, request.account_id, kind, change, _read_selection(data), now, by=request.actor
        )
    return number_job_shape(await service.go_on(request.database, request.account_id, begun.id, now))


def _read_work(body: NewNumberJob) -> tuple[JobKind, JobChange]:
    """Raises Invalid naming the field, where nothing would change."""
    match body:
        case AssignTargets():
            targets = read_change(body.targets)
            if targets == TargetsChange():
                raise Invalid("targets names at least one of voice, message and refer", field="targets")
            return JobKind.ASSIGN, JobChange(targets=targets)
        case TagNumbers():
            if not body.add_tags and not body.remove_tags:
                raise Invalid("add_tags or remove_tags names at least one tag", field="add_tags")
            return JobKind.TAG, JobChange(add_tags=tuple(body.add_tags), remove_tags=tuple(body.remove_tags))
        case ReleaseNumbers():
            return JobKind.RELEASE, JobChange(release=True)


def _read_selection(body: NewNumberJob) -> list[NumberId] | NumberFilter:
    """Raises Invalid (`number_ids`)."""
    if (body.number_ids is None) == (body.filter is None):
        raise Invalid("Name the numbers by number_ids or by filter, one of the two", field="number_ids")
    if body.filter is None:
        return [NumberId(each) for each in dict.fromkeys(body.number_ids or ())]
    wanted = body.filter
    return NumberFilter(
        statuses=() if wanted.status is None else (wanted.status,),
        kinds=() if wanted.number_type is None else (wanted.number_type,),
        contains=wanted.number,
        name=wanted.name,
        tags=tuple(wanted.tags),
    )


@get("/number_jobs", responses=answers(Paged[NumberJob]))
async def list_jobs(request: ApiRequest, page: Paging) -> Fields:
    """The work on many numbers, newest first: imports too."""
    rows = await service.list_jobs(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, number_job_shape, page)


@get("/number_jobs/{job_id:str}", responses=answers(NumberJob, 404))
async def get_job(request: ApiRequest, job_id: FromPath[UUID]) -> Fields:
    """How far a piece of work is."""
    return number_job_shape(await service.get_job(request.database, request.account_id, JobId(job_id)))


@get("/number_jobs/{job_id:str}/lines", responses=answers(Paged[NumberJobLine], 404))
async def list_lines(
    request: ApiRequest,
    job_id: FromPath[UUID],
    outcome: Annotated[LineOutcome | None, QueryParameter(description="Only lines that came to this.")] = None,
    page_size: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE,
    page_token: Annotated[
        int, QueryParameter(ge=0, le=MOST_NUMBERS * 100, description="`next_page_token` of the page before.")
    ] = 0,
) -> Fields:
    """Its numbers, in their order; those of one outcome where it is named."""
    lines = await service.list_job_lines(
        request.database, request.account_id, JobId(job_id), outcome, after=page_token, limit=page_size + 1
    )
    more = len(lines) > page_size
    return {
        "result": [number_job_line_shape(line) for line in lines[:page_size]],
        "next_page_token": str(lines[page_size - 1].position) if more else "",
    }


@post("/number_jobs/{job_id:str}/apply", status_code=200, responses=posted(NumberJob, 404))
async def apply_job(request: ApiRequest, job_id: FromPath[UUID]) -> Fields:
    """Do what an import's preview shows. Its problems are left out; again changes nothing."""
    request.require_manager()
    now = await request.billing_now()
    begun = await service.apply_job(request.database, request.account_id, JobId(job_id), now)
    return number_job_shape(await service.go_on(request.database, request.account_id, begun.id, now))


@post("/number_jobs/{job_id:str}/undo", status_code=200, responses=posted(NumberJob, 404))
async def undo_job(request: ApiRequest, job_id: FromPath[UUID]) -> Fields:
    """Give each number back what it was, within 30 days. What somebody changed since stays, and says so."""
    request.require_manager()
    now = await request.billing_now()
    begun = await service.undo_job(request.database, request.account_id, JobId(job_id), now)
    return number_job_shape(await service.go_on(request.database, request.account_id, begun.id, now))


router = Router(
    "/",
    route_handlers=[start_job, list_jobs, get_job, list_lines, apply_job, undo_job],
    tags=["Many numbers"],
)
