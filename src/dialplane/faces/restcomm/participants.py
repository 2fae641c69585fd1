"""`Conferences/{sid}/Participants`: who is in, muted, held, coached, removed, called in (reference 4.6)."""

from litestar import Response, Router, delete, get, post, route
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import CallId, ConferencecallId
from dialplane.domain.rooms.conferences import Participant, ParticipantStatus
from dialplane.faces.restcomm.call_forms import NAMES, read_from, read_manner, read_to
from dialplane.faces.restcomm.conference_shapes import show_participant
from dialplane.faces.restcomm.conferences import read_conference_id
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.forms import invalid
from dialplane.faces.restcomm.paging import Collection, Listed, read_page, show_list
from dialplane.faces.restcomm.participant_forms import read_change, read_invitation
from dialplane.faces.restcomm.refusals import naming
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.rooms import participants as service
from dialplane.services.rooms.conference_rooms import expect

PARTICIPANTS = Collection("Participants", "Participant", "participants", "calls")
_PARAMETERS = {"coached_call_id": "CallSidToCoach"}


@get("/")
async def list_participants(request: RestcommRequest, conference_sid: FromPath[str]) -> Response[bytes]:
    """Who is in, in the order in which they came; nobody is in a conference that is over."""
    page, filters = read_page(request, PARTICIPANTS), request.filters
    _, present = await service.list_participants(
        request.database, request.account_id, read_conference_id(conference_sid)
    )
    muted, hold, coaching = filters.flag("Muted"), filters.flag("Hold"), filters.flag("Coaching")
    fit = [
        each
        for each in present
        if muted in (None, each.muted)
        and hold in (None, each.hold)
        and coaching in (None, each.coached_call_id is not None)
    ]
    shown = fit[page.offset : page.offset + page.size]
    rows = [show_participant(request.asked, each) for each in shown]
    more = len(fit) > page.offset + page.size
    return show_list(request, PARTICIPANTS, Listed(rows, len(fit), more_follow=more), page)


@post("/", status_code=200)
async def add_participant(request: RestcommRequest, conference_sid: FromPath[str]) -> Response[bytes]:
    """Call somebody into the conference; its name may stand in the place of its sid."""
    parameters, country = request.parameters, request.account.home_country
    callee = read_to(parameters, country)
    caller = read_from(parameters, country)
    conference = await expect(
        request.database, request.account_id, read_sid("CF", conference_sid) or conference_sid, request.now
    )
    name = conference.name if conference.is_session else f"CF{conference.id.hex}"
    wish = CallRequest(
        source=caller,
        destinations=(callee.address,),
        program=read_invitation(parameters, name, request.dialect),
        manner=read_manner(parameters, callee, request.dialect),
        api_version=request.dialect.api_version,
    )
    with naming(NAMES):
        created = await create_calls(request.database, request.account_id, wish, request.now)
    call = created.calls[0]
    coming = Participant(
        id=ConferencecallId(call.id),
        account_id=call.account_id,
        conference_id=conference.id,
        call_id=call.id,
        node=call.node,
        status=ParticipantStatus.JOINING,
        created_at=call.created_at,
        label=parameters.text("Label"),
        muted=parameters.flag("Muted") or False,
        starts=parameters.flag("StartConferenceOnEnter") is not False,
        ends=parameters.flag("EndConferenceOnExit") or False,
        coached_call_id=read_sid("CA", parameters.text("CallSidToCoach")),
    )
    members = show_participant(request.asked, coming)
    if request.dialect.is_twilio:
        members["status"] = "queued"
    return show(request.asked, "Participant", members, status=request.dialect.created)


@get("/{who:str}")
async def get_participant(
    request: RestcommRequest, conference_sid: FromPath[str], who: FromPath[str]
) -> Response[bytes]:
    """One participant, by its call's sid or its label."""
    _, found = await service.get_participant(
        request.database, request.account_id, read_conference_id(conference_sid), _read_who(who)
    )
    return show(request.asked, "Participant", show_participant(request.asked, found))


@route("/{who:str}", http_method=["POST", "PUT"], status_code=200)
async def change_participant(
    request: RestcommRequest, conference_sid: FromPath[str], who: FromPath[str]
) -> Response[bytes]:
    """Mute, hold, coach, announce to one alone."""
    change = read_change(request.parameters)
    if change.coaching and change.coached_call_id is None:
        raise invalid("CallSidToCoach", "says whom")
    with naming(_PARAMETERS):
        _, changed = await service.update_participant(
            request.database,
            request.account_id,
            read_conference_id(conference_sid),
            _read_who(who),
            change,
            request.now,
        )
    return show(request.asked, "Participant", show_participant(request.asked, changed))


@delete("/{who:str}", status_code=204)
async def remove_participant(request: RestcommRequest, conference_sid: FromPath[str], who: FromPath[str]) -> None:
    """Take somebody out; its own document goes on."""
    await service.remove_participant(
        request.database, request.account_id, read_conference_id(conference_sid), _read_who(who), request.now
    )


def _read_who(text: str) -> CallId | str:
    if not text:
        raise NotFound("There is no such participant", reason="PARTICIPANT_NOT_FOUND")
    call_id = read_sid("CA", text)
    return text if call_id is None else CallId(call_id)


router = Router(
    "/Accounts/{account_sid:str}/Conferences/{conference_sid:str}/Participants",
    route_handlers=[
        list_participants,
        add_participant,
        get_participant,
        change_participant,
        remove_participant,
    ],
    opt={RESOURCE: "Conferences"},
)
