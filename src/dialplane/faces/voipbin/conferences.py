"""`/v1.0/conferences` and `/v1.0/conferencecalls`: rooms for many, and who is in them (reference 6.1)."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import ConferencecallId, ConferenceId, unless_nil
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.recording import conference_transcriptions
from dialplane.services.rooms import conference_recordings, participants
from dialplane.services.rooms import conferences as service
from dialplane.services.rooms.conferences import ConferenceChange, Standing
from dialplane.services.shapes.conferences import conference_shape, participant_shape

Seconds = Annotated[int, msgspec.Meta(ge=0, le=86_400)]


class Conference(msgspec.Struct):
    """A room for many; calls enter it by the action `conference_join`, or by its direct hash."""

    id: UUID
    customer_id: UUID
    type: Literal["conference", "connect", "queue"]
    status: Literal["starting", "progressing", "terminating", "terminated"]
    name: str
    detail: str
    data: dict[str, Any]
    timeout: int
    pre_flow_id: UUID
    post_flow_id: UUID
    conferencecall_ids: list[UUID]
    recording_id: UUID
    recording_ids: list[UUID]
    transcribe_id: UUID
    transcribe_ids: list[UUID]
    direct_hash: str
    tm_end: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewConference(msgspec.Struct):
    type: Literal["conference", "connect", "queue"] = "conference"
    name: Name = ""
    detail: Detail = ""
    timeout: Seconds = 0
    """It is over so many seconds after it was made; 0: never by itself."""
    data: dict[str, Any] = {}
    pre_flow_id: UUID | None = None
    """Run on whoever is about to enter."""
    post_flow_id: UUID | None = None
    """Run on whoever has left and is still there."""


class ConferenceUpdate(msgspec.Struct):
    """What is left out stays as it is; the nil UUID takes a flow away."""

    name: Name | None = None
    detail: Detail | None = None
    timeout: Seconds | None = None
    data: dict[str, Any] | None = None
    pre_flow_id: UUID | None = None
    post_flow_id: UUID | None = None


class ConferenceRecording(msgspec.Struct):
    format: Literal["wav"] = "wav"
    duration: Seconds = 0
    """Seconds; 0: until it is stopped."""
    on_end_flow_id: UUID | None = None


class ConferenceTranscription(msgspec.Struct):
    language: Annotated[str, msgspec.Meta(min_length=2, max_length=35)]


class Conferencecall(msgspec.Struct):
    """One call's stay in a conference."""

    id: UUID
    customer_id: UUID
    conference_id: UUID
    reference_type: Literal["call"]
    reference_id: UUID
    status: Literal["joining", "joined", "leaving", "leaved"]
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


@get("/", responses=answers(Paged[Conference]))
async def list_conferences(request: ApiRequest, page: Paging) -> Fields:
    """The account's conferences, newest first."""
    rows = await service.list_conferences(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, _show, page)


@post("/", status_code=200, responses=posted(Conference, 404))
async def create_conference(request: ApiRequest, data: JSONBody[NewConference]) -> Fields:
    """Make a conference."""
    request.require_manager()
    made = await service.create_conference(
        request.database, request.account_id, _change(data), kind=data.type, now=request.now
    )
    return _show(made)


@get("/{conference_id:str}", responses=answers(Conference, 404))
async def get_conference(request: ApiRequest, conference_id: FromPath[UUID]) -> Fields:
    """One conference."""
    return _show(await service.get_conference(request.database, request.account_id, ConferenceId(conference_id)))


@put("/{conference_id:str}", responses=answers(Conference, 404))
async def update_conference(
    request: ApiRequest, conference_id: FromPath[UUID], data: JSONBody[ConferenceUpdate]
) -> Fields:
    """Change a conference; who is in already goes on as before."""
    request.require_manager()
    changed = await service.update_conference(
        request.database, request.account_id, ConferenceId(conference_id), _change(data), request.now
    )
    return _show(changed)


@delete("/{conference_id:str}", status_code=200, responses=answers(Conference, 404))
async def delete_conference(request: ApiRequest, conference_id: FromPath[UUID]) -> Fields:
    """Take the conference away; whoever is in it goes on with its own flow."""
    request.require_manager()
    deleted = await service.delete_conference(
        request.database, request.account_id, ConferenceId(conference_id), request.now
    )
    return _show(deleted)


@post("/{conference_id:str}/direct-hash-regenerate", status_code=200, responses=posted(Conference, 404))
async def regenerate_conference_hash(request: ApiRequest, conference_id: FromPath[UUID]) -> Fields:
    """Give the conference another direct hash; the old one is void at once."""
    request.require_manager()
    changed = await service.regenerate_direct_hash(
        request.database, request.account_id, ConferenceId(conference_id), request.now
    )
    return _show(changed)


@post("/{conference_id:str}/recording_start", status_code=200, responses=posted(Conference, 404))
async def start_conference_recording(
    request: ApiRequest, conference_id: FromPath[UUID], data: JSONBody[ConferenceRecording]
) -> Fields:
    """Record what everybody says, until it is stopped, the duration is over, or all have left."""
    request.require_manager()
    found = await conference_recordings.start_recording(
        request.database,
        request.account_id,
        ConferenceId(conference_id),
        duration_s=data.duration,
        on_end_flow_id=unless_nil(data.on_end_flow_id),
        now=request.now,
    )
    return _show(found)


@post("/{conference_id:str}/recording_stop", status_code=200, responses=posted(Conference, 404))
async def stop_conference_recording(request: ApiRequest, conference_id: FromPath[UUID]) -> Fields:
    """End the recording of the conference."""
    request.require_manager()
    found = await conference_recordings.stop_recording(
        request.database, request.account_id, ConferenceId(conference_id), request.now
    )
    return _show(found)


@post("/{conference_id:str}/transcribe_start", status_code=200, responses=posted(Conference, 404))
async def start_conference_transcription(
    request: ApiRequest, conference_id: FromPath[UUID], data: JSONBody[ConferenceTranscription]
) -> Fields:
    """Write down what everybody says, until it is stopped or all have left."""
    request.require_manager()
    request.ports.check_recognition(data.language, "")
    found = await conference_transcriptions.start_transcription(
        request.database, request.account_id, ConferenceId(conference_id), data.language, request.now
    )
    return _show(found)


@post("/{conference_id:str}/transcribe_stop", status_code=200, responses=posted(Conference, 404))
async def stop_conference_transcription(request: ApiRequest, conference_id: FromPath[UUID]) -> Fields:
    """End the transcription of the conference."""
    request.require_manager()
    found = await conference_transcriptions.stop_transcription(
        request.database, request.account_id, ConferenceId(conference_id), request.now
    )
    return _show(found)


@get("/", responses=answers(Paged[Conferencecall]))
async def list_conferencecalls(request: ApiRequest, page: Paging) -> Fields:
    """Every stay in any conference, newest first."""
    rows = await participants.list_stays(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, participant_shape, page)


@get("/{conferencecall_id:str}", responses=answers(Conferencecall, 404))
async def get_conferencecall(request: ApiRequest, conferencecall_id: FromPath[UUID]) -> Fields:
    """One stay in a conference."""
    found = await participants.get_stay(request.database, request.account_id, ConferencecallId(conferencecall_id))
    return participant_shape(found)


@delete("/{conferencecall_id:str}", status_code=200, responses=answers(Conferencecall, 404, 409))
async def remove_conferencecall(request: ApiRequest, conferencecall_id: FromPath[UUID]) -> Fields:
    """Take the call out of the conference; it goes on with its own flow."""
    request.require_manager()
    removed = await participants.remove_stay(
        request.database, request.account_id, ConferencecallId(conferencecall_id), request.now
    )
    return participant_shape(removed)


def _change(data: NewConference | ConferenceUpdate) -> ConferenceChange:
    return ConferenceChange(
        name=data.name,
        detail=data.detail,
        timeout_s=data.timeout,
        data=data.data,
        pre_flow_id=data.pre_flow_id,
        post_flow_id=data.post_flow_id,
    )


def _show(standing: Standing) -> dict[str, object]:
    return conference_shape(standing.conference, standing.present)


router = Router(
    "/conferences",
    route_handlers=[
        list_conferences,
        create_conference,
        get_conference,
        update_conference,
        delete_conference,
        regenerate_conference_hash,
        start_conference_recording,
        stop_conference_recording,
        start_conference_transcription,
        stop_conference_transcription,
    ],
    tags=["Conferences"],
)
stays_router = Router(
    "/conferencecalls",
    route_handlers=[list_conferencecalls, get_conferencecall, remove_conferencecall],
    tags=["Conferences"],
)
