"""`Conferences`: listed, shown, ended, told something (reference 4.6). Who is in them: `participants`."""

from litestar import Response, Router, get, route
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import ConferenceId
from dialplane.faces.restcomm.conference_shapes import PHASES, show_conference
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.filters import read_times
from dialplane.faces.restcomm.forms import Parameters, invalid
from dialplane.faces.restcomm.paging import Collection, Listed, read_page, show_list
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.rooms import conferences as service
from dialplane.services.rooms.conferences import ConferenceFilters
from dialplane.services.rooms.participants import announce

CONFERENCES = Collection("Conferences", "Conference", "conferences", "conferences")


@get("/")
async def list_conferences(request: RestcommRequest) -> Response[bytes]:
    """The account's conferences, those that are over too, newest first."""
    page = read_page(request, CONFERENCES)
    found, total = await service.query_conferences(
        request.database, request.account_id, _read_filters(request.filters), offset=page.offset, limit=page.size + 1
    )
    rows = [show_conference(request.asked, each) for each in found[: page.size]]
    return show_list(request, CONFERENCES, Listed(rows, total, more_follow=len(found) > page.size), page)


@get("/{conference_sid:str}")
async def get_conference(request: RestcommRequest, conference_sid: FromPath[str]) -> Response[bytes]:
    """One conference."""
    conference_id = read_conference_id(conference_sid)
    found = await service.get_conference(request.database, request.account_id, conference_id)
    return show(request.asked, "Conference", show_conference(request.asked, found))


@route("/{conference_sid:str}", http_method=["POST", "PUT"], status_code=200)
async def change_conference(request: RestcommRequest, conference_sid: FromPath[str]) -> Response[bytes]:
    """`Status=completed` ends it; `AnnounceUrl` is played to everybody in it."""
    conference_id, parameters = read_conference_id(conference_sid), request.parameters
    status, url = parameters.text("Status").lower(), parameters.url("AnnounceUrl")
    method = parameters.method("AnnounceMethod") or "POST"
    if status not in ("", "completed"):
        raise invalid("Status", "is completed")
    if url:
        await announce(request.database, request.account_id, conference_id, url=url, method=method, now=request.now)
    if status:
        await service.end_conference(request.database, request.account_id, conference_id, request.now)
    found = await service.get_conference(request.database, request.account_id, conference_id)
    return show(request.asked, "Conference", show_conference(request.asked, found))


def read_conference_id(sid: str) -> ConferenceId:
    conference_id = read_sid("CF", sid)
    if conference_id is None:
        raise NotFound("There is no such conference", reason="CONFERENCE_NOT_FOUND")
    return ConferenceId(conference_id)


def _read_filters(filters: Parameters) -> ConferenceFilters:
    word = filters.text("Status").lower()
    if word and word not in PHASES:
        raise invalid("Status", f"is one of {', '.join(PHASES)}")
    created, updated = read_times(filters, "DateCreated"), read_times(filters, "DateUpdated")
    return ConferenceFilters(
        phases=(PHASES[word],) if word else None,
        name=filters.text("FriendlyName") or None,
        created_from=created[0],
        created_before=created[1],
        updated_from=updated[0],
        updated_before=updated[1],
    )


router = Router(
    "/Accounts/{account_sid:str}/Conferences",
    route_handlers=[list_conferences, get_conference, change_conference],
    opt={RESOURCE: "Conferences"},
)
