"""Many numbers at once: what shall become of the ticked ones, or of all that fit, and their export."""

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.labels import check_tags
from dialplane.domain.numbering.history import Actor, ActorKind
from dialplane.domain.numbering.number_jobs import JobChange, JobKind
from dialplane.domain.numbering.targets import TargetsChange, Unwritten
from dialplane.faces.downloads import csv_download, json_download
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Fields, Form, typed
from dialplane.faces.portal.number_filters import Selection, read_selection, wanted_by
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.target_fields import target_choices
from dialplane.services.numbering.number_files import write_csv, write_json
from dialplane.services.numbering.number_jobs import go_on, start_job
from dialplane.services.shapes.targets import target_shape

_SELECTED = "/projects/{project:uuid}/numbers/selected"


@page(_SELECTED, deed=Deed.VIEW)
async def show_selected(request: PortalRequest) -> Response[str]:
    """The forms for what was ticked on the list."""
    try:
        chosen = read_selection(request.fields)
    except Invalid as refusal:
        return await done(request, request.at("/numbers"), f"{refusal.message}, then say what to do.", kind="wait")
    return await _show(request, chosen, Form())


async def _show(request: PortalRequest, chosen: Selection, form: Form) -> Response[str]:
    return await show(
        request,
        "numbers_selected.html",
        form=form,
        chosen=chosen,
        targets=(await target_choices(request)).choices,
    )


@action(f"{_SELECTED}/assign", deed=Deed.CONFIGURE)
async def take_targets(request: PortalRequest) -> Response[str]:
    chosen = read_selection(request.fields)
    try:
        targets = (await target_choices(request)).read(request.fields)
        if targets == TargetsChange():
            raise Invalid("Choose what calls or messages should do", field="calls")
        return await _begin(request, chosen, JobKind.ASSIGN, JobChange(targets=targets))
    except Refusal as refusal:
        form = typed(request.fields).refuse(refusal, call_flow_id="calls", message_flow_id="messages")
        return await _show(request, chosen, form)


@action(f"{_SELECTED}/tag", deed=Deed.CONFIGURE)
async def take_tags(request: PortalRequest) -> Response[str]:
    chosen, fields = read_selection(request.fields), request.fields
    try:
        added, removed = read_tags(fields, "add_tags"), read_tags(fields, "remove_tags")
        if not added and not removed:
            raise Invalid("Name a tag to put on or to take off", field="add_tags")
        return await _begin(request, chosen, JobKind.TAG, JobChange(add_tags=added, remove_tags=removed))
    except Refusal as refusal:
        return await _show(request, chosen, typed(fields).refuse(refusal))


def read_tags(fields: Fields, name: str) -> tuple[str, ...]:
    """Parted by commas. Raises Invalid naming the field."""
    tags = tuple(dict.fromkeys(tag for part in fields.get(name).split(",") if (tag := part.strip())))
    try:
        check_tags(tags)
    except Invalid as refusal:
        refusal.field = name
        raise
    return tags


@action(f"{_SELECTED}/release", deed=Deed.BUY)
async def take_release(request: PortalRequest) -> Response[str]:
    chosen = read_selection(request.fields)
    try:
        if not request.fields.is_on("sure"):
            raise Invalid("Tick that you are sure", field="sure")
        return await _begin(request, chosen, JobKind.RELEASE, JobChange(release=True))
    except Refusal as refusal:
        return await _show(request, chosen, typed(request.fields).refuse(refusal))


async def _begin(request: PortalRequest, chosen: Selection, kind: JobKind, change: JobChange) -> Response[str]:
    """The first step is done with the request, so that a few numbers are done when the answer is there."""
    now, by = await request.billing_now(), Actor(ActorKind.PERSON, request.person.id)
    job = await start_job(request.database, request.account_id, kind, change, chosen.selected, now, by=by)
    await go_on(request.database, request.account_id, job.id, now)
    curl = json_curl(
        request, "POST", "/v1.0/number_jobs", {"kind": kind.value, **_chosen_by(chosen), **_written(change)}
    )
    return await done(request, request.at(f"/numbers/jobs/{job.id}"), _BEGUN[kind], curl=curl)


def _chosen_by(chosen: Selection) -> dict[str, object]:
    """As the native API takes it."""
    if not chosen.is_all:
        return {"number_ids": [str(each) for each in chosen.ticked]}
    wanted = wanted_by(chosen.filters)
    given: dict[str, object] = {
        "status": next(iter(wanted.statuses), ""),
        "number_type": next(iter(wanted.kinds), ""),
        "number": wanted.contains,
        "name": wanted.name,
        "tags": list(wanted.tags),
    }
    return {"filter": {name: value for name, value in given.items() if value}}


def _written(change: JobChange) -> dict[str, object]:
    """The same of what becomes of the numbers."""
    targets = {"voice": change.targets.voice, "message": change.targets.message}
    written = {name: target_shape(target) for name, target in targets.items() if not isinstance(target, Unwritten)}
    tags = {"add_tags": change.add_tags, "remove_tags": change.remove_tags}
    return ({"targets": written} if written else {}) | {name: list(each) for name, each in tags.items() if each}


_BEGUN = {
    JobKind.ASSIGN: "The numbers are told what to do.",
    JobKind.TAG: "The tags are changed.",
    JobKind.RELEASE: "The numbers are released. You can take them back for 30 days.",
}


# --- export ----------------------------------------------------------------------------------------------------------


@page("/projects/{project:uuid}/numbers/export.csv", deed=Deed.VIEW)
async def download_csv(request: PortalRequest) -> Stream:
    """What is selected; without a selection all that fit the filters. An import reads it back."""
    return csv_download(write_csv(request.database, request.account_id, _chosen(request).selected), "numbers.csv")


@page("/projects/{project:uuid}/numbers/export.json", deed=Deed.VIEW)
async def download_json(request: PortalRequest) -> Stream:
    return json_download(write_json(request.database, request.account_id, _chosen(request).selected), "numbers.json")


def _chosen(request: PortalRequest) -> Selection:
    fields = request.fields
    given = fields if fields.all("number") else Fields({**fields.values, "all": ("yes",)})
    return read_selection(given)


HANDLERS: list[HTTPRouteHandler] = [
    show_selected,
    take_targets,
    take_tags,
    take_release,
    download_csv,
    download_json,
]
