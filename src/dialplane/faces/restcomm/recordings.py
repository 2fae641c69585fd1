"""`Recordings`, and those of a call (reference 4.5). Who has the address of the sound needs no credentials."""

from collections.abc import Callable
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.exceptions import MethodNotAllowedException
from litestar.params import FromPath
from litestar.response import File
from litestar.types import Scope

from dialplane.domain.errors import NotFound
from dialplane.domain.identity.role_permissions import Action
from dialplane.domain.ids import AccountId, CallId, RecordingId
from dialplane.domain.recording.recordings import Recording, RecordingOrdering, RecordingQuery
from dialplane.faces.restcomm.credentials import ACTION, OPEN, RESOURCE, read_sid
from dialplane.faces.restcomm.dialects import Asked, asked_of
from dialplane.faces.restcomm.filters import read_days, read_order, read_times, sid_filter
from dialplane.faces.restcomm.paging import Collection, Listed, Page, read_page, show_list
from dialplane.faces.restcomm.recording_forms import read_change, read_start
from dialplane.faces.restcomm.recording_shapes import show_call_recording, show_recording
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.faces.sounds import read_file_name, sound_answer
from dialplane.services.calling.calls import get_call
from dialplane.services.recording import recordings as service
from dialplane.services.recording.recording_life import CURRENT, RecordingOrder, change_recording, order_recording

RECORDINGS = Collection("Recordings", "Recording", "recordings", "recordings", prefix="RE")
Shape = Callable[[Asked, str, Recording, int | None], dict[str, object]]
OF_A_CALL = Collection("Recordings", "Recording", "recordings", prefix="RE")
"""Restcomm answers a bare array here."""

_MEDIA = (".wav", ".mp3", ".mp4")
_ORDERINGS = {
    "datecreated": RecordingOrdering.CREATED,
    "duration": RecordingOrdering.DURATION,
    "callsid": RecordingOrdering.CALL,
}
_ORDERING_NAMES = "DateCreated, Duration or CallSid"


def asks_for_sound(scope: Scope) -> bool:
    """By a file's name or, on Twilio's base, by naming no form at all."""
    asked, name = asked_of(scope), str(scope["path_params"].get("recording_sid", ""))
    return name.endswith(_MEDIA) or (asked.dialect.is_twilio and not asked.names_form and not asked.wants_json)


# --- all of the account ----------------------------------------------------------------------------------------------


@get("/Recordings")
async def list_recordings(request: RestcommRequest) -> Response[bytes]:
    """The account's recordings."""
    page = read_page(request, RECORDINGS)
    query = _read_query(request, page)
    recordings, total = await service.query_recordings(request.database, request.account_id, query)
    prices = await service.recording_prices(request.database, recordings[: page.size])
    rows = [show_recording(request.asked, request.host, each, prices.get(each.id)) for each in recordings[: page.size]]
    return show_list(request, RECORDINGS, Listed(rows, total, more_follow=len(recordings) > page.size), page)


@get("/Recordings/{recording_sid:str}", opt={OPEN: asks_for_sound})
async def get_recording(request: RestcommRequest, recording_sid: FromPath[str]) -> Response[bytes] | File:
    """One recording, or its sound."""
    if asks_for_sound(request.scope):
        return await _sound(request, recording_sid)
    recording = await service.get_recording(request.database, request.account_id, recording_id_of(recording_sid))
    return await shown(request, recording, show_recording)


@delete("/Recordings/{recording_sid:str}", status_code=200)
async def delete_recording(request: RestcommRequest, recording_sid: FromPath[str]) -> Response[bytes]:
    """Delete it with its sound."""
    return await deleted(request, recording_id_of(recording_sid))


async def deleted(request: RestcommRequest, recording_id: RecordingId) -> Response[bytes]:
    """Delete it with its sound, and say so."""
    await service.delete_recording(
        request.database, request.ports.sounds, request.account_id, recording_id, request.now
    )
    return Response(b"", status_code=request.dialect.deleted, media_type=request.asked.media_type)


async def _sound(request: RestcommRequest, name: str) -> File:
    stem, form = read_file_name(name) if name.endswith(_MEDIA) else (name, "wav")
    recording_id, account_id = read_sid("RE", stem), read_sid("AC", str(request.path_params["account_sid"]))
    if form is None or recording_id is None or account_id is None:
        raise NotFound("There is no such file", reason="FILE_NOT_FOUND")
    path = await service.find_sound(
        request.database,
        request.ports.sounds,
        RecordingId(recording_id),
        form,
        account_id=AccountId(account_id),
    )
    return sound_answer(path, RecordingId(recording_id), form)


def _read_query(request: RestcommRequest, page: Page) -> RecordingQuery:
    """Raises Invalid naming the parameter."""
    filters, is_twilio = request.filters, request.dialect.is_twilio
    call_id, conference_id = sid_filter(filters, "CallSid", "CA"), sid_filter(filters, "ConferenceSid", "CF")
    created = read_times(filters, "DateCreated") if is_twilio else read_days(filters)
    ordering, descending = RecordingOrdering.CREATED, True
    if not is_twilio:
        ordering, descending = read_order(filters, _ORDERINGS, ordering, _ORDERING_NAMES)
    goes_on = ordering is RecordingOrdering.CREATED and descending
    return RecordingQuery(
        call_id=call_id,
        conference_id=conference_id,
        created=created,
        ordering=ordering,
        descending=descending,
        after=page.after if goes_on else None,
        offset=page.offset if goes_on else page.number * page.size,
        limit=page.size + 1,
    )


# --- those of a call -------------------------------------------------------------------------------------------------


@get("/Calls/{call_sid:str}/Recordings")
async def list_recordings_of_call(request: RestcommRequest, call_sid: FromPath[str]) -> Response[bytes]:
    """What was recorded of a call."""
    call_id = call_id_of(call_sid)
    await get_call(request.database, request.account_id, call_id)
    return await list_of(request, OF_A_CALL, show_call_recording, call_id=call_id)


async def list_of(
    request: RestcommRequest,
    collection: Collection,
    shape: Shape,
    *,
    call_id: UUID | None = None,
    conference_id: UUID | None = None,
) -> Response[bytes]:
    """The recordings of a call or of a conference."""
    page = read_page(request, collection)
    query = RecordingQuery(
        call_id=call_id,
        conference_id=conference_id,
        created=read_times(request.filters, "DateCreated"),
        after=page.after,
        offset=page.offset,
        limit=page.size + 1,
    )
    recordings, total = await service.query_recordings(request.database, request.account_id, query)
    rows = recordings[: page.size]
    prices = await service.recording_prices(request.database, rows)
    listed = [shape(request.asked, request.host, each, prices.get(each.id)) for each in rows]
    return show_list(request, collection, Listed(listed, total, more_follow=len(recordings) > page.size), page)


@post("/Calls/{call_sid:str}/Recordings", status_code=200)
async def start_recording(request: RestcommRequest, call_sid: FromPath[str]) -> Response[bytes]:
    """Begin to record a live call (Twilio's)."""
    twilio_only(request, others="GET")
    wish, track = read_start(request.parameters, request.dialect)
    call_id = call_id_of(call_sid)
    _, recording = await order_recording(request.database, request.account_id, call_id, wish, request.now, track=track)
    members = show_call_recording(request.asked, request.host, recording, None)
    return show(request.asked, "Recording", members, status=request.dialect.created)


@get("/Calls/{call_sid:str}/Recordings/{recording_sid:str}")
async def get_recording_of_call(
    request: RestcommRequest, call_sid: FromPath[str], recording_sid: FromPath[str]
) -> Response[bytes]:
    """One recording of a call."""
    return await shown(request, await _of_call(request, call_sid, recording_sid), show_call_recording)


@post("/Calls/{call_sid:str}/Recordings/{recording_sid:str}", status_code=200, opt={ACTION: Action.MODIFY})
async def change_recording_of_call(
    request: RestcommRequest, call_sid: FromPath[str], recording_sid: FromPath[str]
) -> Response[bytes]:
    """Pause, resume or stop it; `Twilio.CURRENT` is the one that is going on."""
    twilio_only(request, others="DELETE, GET")
    change, silent = read_change(request.parameters)
    order = RecordingOrder(change, call_id_of(call_sid), live_recording_id(recording_sid), silent)
    _, recording = await change_recording(request.database, request.account_id, order, request.now)
    members = show_call_recording(request.asked, request.host, recording, None)
    return show(request.asked, "Recording", members)


@delete("/Calls/{call_sid:str}/Recordings/{recording_sid:str}", status_code=200)
async def delete_recording_of_call(
    request: RestcommRequest, call_sid: FromPath[str], recording_sid: FromPath[str]
) -> Response[bytes]:
    """Delete one recording of a call with its sound."""
    return await deleted(request, (await _of_call(request, call_sid, recording_sid)).id)


async def _of_call(request: RestcommRequest, call_sid: str, recording_sid: str) -> Recording:
    recording = await service.get_recording(request.database, request.account_id, recording_id_of(recording_sid))
    return service.found(recording if recording.call_id == call_id_of(call_sid) else None)


async def shown(request: RestcommRequest, recording: Recording, shape: Shape) -> Response[bytes]:
    """One recording with its price."""
    prices = await service.recording_prices(request.database, [recording])
    members = shape(request.asked, request.host, recording, prices.get(recording.id))
    return show(request.asked, "Recording", members)


# --- sids ------------------------------------------------------------------------------------------------------------


def call_id_of(sid: str) -> CallId:
    """Raises NotFound where it is no sid of a call."""
    call_id = read_sid("CA", sid)
    if call_id is None:
        raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    return CallId(call_id)


def live_recording_id(sid: str) -> UUID:
    """Of an order; `Twilio.CURRENT` is the one that is going on. Raises NotFound."""
    return CURRENT if sid == "Twilio.CURRENT" else recording_id_of(sid)


def recording_id_of(sid: str) -> RecordingId:
    recording_id = read_sid("RE", sid)
    if recording_id is None:
        raise NotFound("There is no such recording", reason="RECORDING_NOT_FOUND")
    return RecordingId(recording_id)


def twilio_only(request: RestcommRequest, *, others: str) -> None:
    """Restcomm has no such order; `others` are the methods that it has at this path."""
    if not request.dialect.is_twilio:
        raise MethodNotAllowedException(headers={"allow": others})


router = Router(
    "/Accounts/{account_sid:str}",
    route_handlers=[
        list_recordings,
        get_recording,
        delete_recording,
        list_recordings_of_call,
        start_recording,
        get_recording_of_call,
        change_recording_of_call,
        delete_recording_of_call,
    ],
    opt={RESOURCE: "Recordings"},
)
