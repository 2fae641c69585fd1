"""`Conferences/{sid}/Recordings`: what was recorded of a conference, and orders about what is being recorded."""

from litestar import Response, Router, delete, get, post
from litestar.params import FromPath

from dialplane.domain.identity.role_permissions import Action
from dialplane.domain.recording.recordings import Recording
from dialplane.faces.restcomm.conferences import read_conference_id
from dialplane.faces.restcomm.credentials import ACTION, RESOURCE
from dialplane.faces.restcomm.paging import Collection
from dialplane.faces.restcomm.recording_forms import read_change
from dialplane.faces.restcomm.recording_shapes import show_conference_recording
from dialplane.faces.restcomm.recordings import deleted, list_of, live_recording_id, recording_id_of, shown, twilio_only
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.recording import recordings as service
from dialplane.services.rooms.conference_recordings import change_recording
from dialplane.services.rooms.conferences import get_conference

OF_A_CONFERENCE = Collection("Recordings", "Recording", "recordings", "recordings", prefix="RE")


@get("/")
async def list_recordings(request: RestcommRequest, conference_sid: FromPath[str]) -> Response[bytes]:
    """The conference's recordings, newest first."""
    conference_id = read_conference_id(conference_sid)
    await get_conference(request.database, request.account_id, conference_id)
    return await list_of(request, OF_A_CONFERENCE, show_conference_recording, conference_id=conference_id)


@get("/{recording_sid:str}")
async def get_recording(
    request: RestcommRequest, conference_sid: FromPath[str], recording_sid: FromPath[str]
) -> Response[bytes]:
    """One of them."""
    recording = await _of_conference(request, conference_sid, recording_sid)
    return await shown(request, recording, show_conference_recording)


@post("/{recording_sid:str}", status_code=200, opt={ACTION: Action.MODIFY})
async def change_conference_recording(
    request: RestcommRequest, conference_sid: FromPath[str], recording_sid: FromPath[str]
) -> Response[bytes]:
    """Pause, resume or stop it (Twilio's); `Twilio.CURRENT` is the one that is going on."""
    twilio_only(request, others="DELETE, GET")
    change, silent = read_change(request.parameters)
    recording = await change_recording(
        request.database,
        request.account_id,
        read_conference_id(conference_sid),
        live_recording_id(recording_sid),
        change,
        silent=silent,
        now=request.now,
    )
    return show(request.asked, "Recording", show_conference_recording(request.asked, request.host, recording, None))


@delete("/{recording_sid:str}", status_code=200)
async def delete_recording(
    request: RestcommRequest, conference_sid: FromPath[str], recording_sid: FromPath[str]
) -> Response[bytes]:
    """Delete one with its sound."""
    return await deleted(request, (await _of_conference(request, conference_sid, recording_sid)).id)


async def _of_conference(request: RestcommRequest, conference_sid: str, recording_sid: str) -> Recording:
    recording = await service.get_recording(request.database, request.account_id, recording_id_of(recording_sid))
    return service.found(recording if recording.conference_id == read_conference_id(conference_sid) else None)


router = Router(
    "/Accounts/{account_sid:str}/Conferences/{conference_sid:str}/Recordings",
    route_handlers=[list_recordings, get_recording, change_conference_recording, delete_recording],
    opt={RESOURCE: "Recordings"},
)
