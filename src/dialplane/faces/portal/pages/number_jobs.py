"""Work on many numbers: how far it is, what became of each, the way back; and the import of a file (point 3)."""

from collections.abc import Mapping
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.number_jobs import JobId, JobKind, JobLine, JobState, LineOutcome, NumberJob
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.import_columns import column_choices, guessed, read_columns
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_cursor, read_moment_cursor
from dialplane.faces.portal.targets_as_text import message_words, voice_words
from dialplane.faces.portal.uploads import read_upload
from dialplane.services.numbering.number_files import FIELDS, METADATA, preview_file, read_file_again
from dialplane.services.numbering.number_jobs import apply_job, get_job, go_on, list_job_lines, list_jobs, undo_job

_JOBS = "/projects/{project:uuid}/numbers/jobs"
_JOB = f"{_JOBS}/{{job:uuid}}"

KINDS = {
    JobKind.ASSIGN: "Targets",
    JobKind.TAG: "Tags",
    JobKind.RELEASE: "Release",
    JobKind.IMPORT: "Import",
}
STATES = {
    JobState.PREVIEWED: ("To look at", ""),
    JobState.APPLYING: ("Under way", "wait"),
    JobState.APPLIED: ("Done", "good"),
    JobState.UNDOING: ("Being taken back", "wait"),
    JobState.UNDONE: ("Taken back", ""),
}
OUTCOMES = {
    LineOutcome.WAITING: ("to do", ""),
    LineOutcome.DONE: ("done", "good"),
    LineOutcome.SAME: ("no change", ""),
    LineOutcome.PROBLEM: ("problem", "bad"),
    LineOutcome.UNDONE: ("taken back", ""),
    LineOutcome.KEPT: ("stays", "wait"),
}


@page(_JOBS, deed=Deed.VIEW)
async def show_jobs(request: PortalRequest) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_jobs(request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1)
    path = request.at("/numbers/jobs")
    table = page_of(found, lambda each: each.created_at.isoformat(), path=path, filters={}, cursor=cursor)
    return await show(request, "number_jobs.html", table=table, kinds=KINDS, states=STATES)


@page(_JOB, deed=Deed.VIEW)
async def show_job(request: PortalRequest, job: FromPath[UUID]) -> Response[str]:
    """How far it is, and its numbers, those of one outcome where one is asked for."""
    found = await get_job(request.database, request.account_id, JobId(job))
    return await _show(request, found, Form(guessed(found.reading) if found.reading else {}))


async def _show(request: PortalRequest, found: NumberJob, form: Form) -> Response[str]:
    wanted = next((each for each in LineOutcome if each == request.fields.get("outcome")), None)
    cursor = read_cursor(request.fields.get("after"))
    lines = await list_job_lines(
        request.database,
        request.account_id,
        found.id,
        wanted,
        after=int(cursor) if cursor.isdecimal() and len(cursor) < 10 else 0,
        limit=PAGE + 1,
    )
    filters = {"outcome": "" if wanted is None else wanted.value}
    return await show(
        request,
        "number_job.html",
        form=form,
        job=found,
        choices=column_choices(found.reading) if found.reading else [],
        known=[(each, each.capitalize()) for each in FIELDS],
        table=page_of(
            lines,
            lambda line: str(line.position),
            path=request.at(f"/numbers/jobs/{found.id}"),
            filters=filters,
            cursor=cursor,
        ),
        wanted=wanted,
        kinds=KINDS,
        states=STATES,
        outcomes=OUTCOMES,
        may_undo=_may_undo(request, found),
        change_words=_change_words,
    )


def _may_undo(request: PortalRequest, job: NumberJob) -> bool:
    return job.state is JobState.APPLIED and job.counts.done > 0 and request.member.may(_deed(job))


def _deed(job: NumberJob) -> Deed:
    """What was done with a role is taken back with it."""
    return Deed.BUY if job.kind is JobKind.RELEASE else Deed.CONFIGURE


def _change_words(line: JobLine) -> str:
    """What a line of a file does, in a few words."""
    change = line.change
    if change is None:
        return ""
    said = [f"{name} {value!r}" for name, value in (("name", change.name), ("detail", change.detail)) if value]
    if change.tags is not None:
        said.append(f"tags {', '.join(change.tags) or 'none'}")
    targets = change.targets
    if targets.voice != type(targets)().voice:
        said.append(f"calls: {voice_words(targets.voice)}")  # type: ignore[arg-type]  # it was written
    if targets.message != type(targets)().message:
        said.append(f"messages: {message_words(targets.message)}")  # type: ignore[arg-type]  # as above
    said += [f"{key}: {value}" for key, value in change.metadata.items()]
    if change.protected is not None:
        said.append("protected" if change.protected else "not protected")
    return "; ".join(said)


@action(f"{_JOB}/apply", deed=Deed.CONFIGURE)
async def take_apply(request: PortalRequest, job: FromPath[UUID]) -> Response[str]:
    """Do what the preview shows. Problems are left out."""
    path, now = request.at(f"/numbers/jobs/{job}"), await request.billing_now()
    try:
        await apply_job(request.database, request.account_id, JobId(job), now)
    except Refusal as refusal:
        return await done(request, path, refusal.message, kind="bad")
    await go_on(request.database, request.account_id, JobId(job), now)
    curl = json_curl(request, "POST", f"/v1.0/number_jobs/{job}/apply")
    return await done(request, path, "The file is applied.", curl=curl)


@action(f"{_JOB}/columns", deed=Deed.CONFIGURE)
async def take_columns(request: PortalRequest, job: FromPath[UUID]) -> Response[str]:
    """Read the file once more, its columns as they were chosen."""
    found = await get_job(request.database, request.account_id, JobId(job))
    try:
        mapping = read_columns(request.fields, found.reading, FIELDS, open_prefix=METADATA) if found.reading else {}
        by, now = Actor(ActorKind.PERSON, request.person.id), await request.billing_now()
        read = await read_file_again(request.database, request.account_id, found.id, mapping, now, by=by)
    except Refusal as refusal:
        return await _show(request, found, typed(request.fields).refuse(refusal, csv="", json="", column=""))
    path = request.at(f"/numbers/jobs/{read.id}")
    return await done(request, path, "The file is read again.", kind="wait", curl=_file_curl(request, read, mapping))


def _file_curl(request: PortalRequest, job: NumberJob, mapping: Mapping[str, str]) -> str:
    query = [("column", f"{field}:{heading}") for field, heading in mapping.items()]
    body_file = f"numbers.{job.reading.format if job.reading else 'csv'}"
    return json_curl(request, "POST", "/v1.0/number_imports", body_file=body_file, query=query)


@action(f"{_JOB}/undo", deed=Deed.CONFIGURE)
async def take_undo(request: PortalRequest, job: FromPath[UUID]) -> Response[str]:
    path, now = request.at(f"/numbers/jobs/{job}"), await request.billing_now()
    request.member.require(_deed(await get_job(request.database, request.account_id, JobId(job))))
    try:
        await undo_job(request.database, request.account_id, JobId(job), now)
    except Refusal as refusal:
        return await done(request, path, refusal.message, kind="bad")
    await go_on(request.database, request.account_id, JobId(job), now)
    curl = json_curl(request, "POST", f"/v1.0/number_jobs/{job}/undo")
    return await done(request, path, "It is taken back.", curl=curl)


# --- a file ----------------------------------------------------------------------------------------------------------


@page("/projects/{project:uuid}/numbers/import", deed=Deed.CONFIGURE)
async def show_import(request: PortalRequest) -> Response[str]:
    return await show(request, "number_import.html", form=Form())


@action("/projects/{project:uuid}/numbers/import", deed=Deed.CONFIGURE)
async def take_import(request: PortalRequest) -> Response[str]:
    """Read the file and show what it would do."""
    try:
        file = await read_upload(request, "file")
        by = Actor(ActorKind.PERSON, request.person.id)
        read = await preview_file(
            request.database, request.account_id, file.content, await request.billing_now(), by=by
        )
    except Refusal as refusal:
        form = typed(request.fields).refuse(refusal, csv="file", json="file", column="file")
        return await show(request, "number_import.html", form=form)
    said = f"{file.name} is read. Nothing is changed yet: look at it, then apply it."
    path = request.at(f"/numbers/jobs/{read.id}")
    return await done(request, path, said, kind="wait", curl=_file_curl(request, read, {}))


HANDLERS: list[HTTPRouteHandler] = [show_jobs, show_job, take_columns, take_apply, take_undo, show_import, take_import]
