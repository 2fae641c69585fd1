"""`/v1.0/recordings` and `/v1.0/recordingfiles` (reference 6.2)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, put
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Redirect

from dialplane.domain.ids import RecordingId
from dialplane.faces.sounds import signed_address
from dialplane.faces.voipbin.answers import Fields, Paged, answers
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.recording import recordings as service
from dialplane.services.recording.recordings import SoundFormat
from dialplane.services.shapes.recordings import recording_shape


class Recording(msgspec.Struct, kw_only=True):
    """What was recorded of a call or a conference; the sound is at `/v1.0/recordingfiles/{id}`. Times that are not
    reached yet are left out."""

    id: UUID
    customer_id: UUID
    owner_type: str
    owner_id: UUID
    reference_type: str
    reference_id: UUID
    status: str
    paused: bool
    format: str
    channels: int
    activeflow_id: UUID
    on_end_flow_id: UUID
    duration_ms: int
    ended_by: str
    error: str
    tm_start: str | None = None
    tm_end: str | None = None
    tm_create: str
    tm_update: str | None = None
    tm_delete: str | None = None


@get("/recordings", responses=answers(Paged[Recording]))
async def list_recordings(request: ApiRequest, page: Paging) -> Fields:
    """The account's recordings, newest first."""
    rows = await service.list_recordings(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, recording_shape, page)


@get("/recordings/{recording_id:str}", responses=answers(Recording, 404))
async def get_recording(request: ApiRequest, recording_id: FromPath[UUID]) -> Fields:
    """One recording."""
    return recording_shape(await service.get_recording(request.database, request.account_id, RecordingId(recording_id)))


@delete("/recordings/{recording_id:str}", status_code=200, responses=answers(Recording, 404, 409))
async def delete_recording(request: ApiRequest, recording_id: FromPath[UUID]) -> Fields:
    """Delete a recording with its sound."""
    request.require_manager()
    deleted = await service.delete_recording(
        request.database, request.ports.sounds, request.account_id, RecordingId(recording_id), request.now
    )
    return recording_shape(deleted)


@get(
    "/recordingfiles/{recording_id:str}",
    status_code=307,
    responses=answers(bytes, 404, status=307, media_type="audio/wav", says="The sound is at `Location`"),
)
async def get_recording_file(
    request: ApiRequest,
    recording_id: FromPath[UUID],
    form: Annotated[SoundFormat, QueryParameter(name="format")] = "wav",
) -> Redirect:
    """An address of the sound, good for an hour, that needs no credentials."""
    recording = await service.get_recording(request.database, request.account_id, RecordingId(recording_id))
    return Redirect(signed_address(request.ports.links, recording.id, form, request.now), status_code=307)


class Retention(msgspec.Struct):
    """For how many days recordings are kept; null is for good, or for as long as the operator has set for all."""

    days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None


@get("/recording_retention", responses=answers(Retention))
async def get_retention(request: ApiRequest) -> Retention:
    """For how long the account's recordings are kept."""
    return Retention(await service.get_retention(request.database, request.account_id))


@put("/recording_retention", responses=answers(Retention))
async def put_retention(request: ApiRequest, data: JSONBody[Retention]) -> Retention:
    """Say for how long the account's recordings are kept; older ones are deleted within the hour."""
    request.require_admin()
    await service.set_retention(request.database, request.account_id, data.days)
    return data


router = Router(
    "/",
    route_handlers=[
        list_recordings,
        get_recording,
        delete_recording,
        get_recording_file,
        get_retention,
        put_retention,
    ],
    tags=["Recordings"],
)
