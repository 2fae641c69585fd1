"""`/v1.0/recordings` and `/v1.0/recordingfiles` (reference 6.2)."""

from uuid import UUID

import msgspec
from litestar import Router, delete, get
from litestar.params import FromPath
from litestar.response import File

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import RecordingId
from dialplane.faces.voipbin.answers import Fields, Paged, answers
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services import recordings as service
from dialplane.services.shapes.recordings import recording_shape


class Recording(msgspec.Struct):
    """What was recorded of a call; the sound is at `/v1.0/recordingfiles/{id}`."""

    id: UUID
    customer_id: UUID
    owner_type: str
    owner_id: UUID
    reference_type: str
    reference_id: UUID
    status: str
    format: str
    activeflow_id: UUID
    on_end_flow_id: UUID
    duration_ms: int
    ended_by: str
    tm_start: str | None
    tm_end: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


@get("/recordings", responses=answers(Paged[Recording]))
async def list_recordings(request: ApiRequest, page: Paging) -> Fields:
    """The account's recordings, newest first."""
    rows = await service.list_recordings(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, recording_shape, page)


@get("/recordings/{recording_id:str}", responses=answers(Recording, 404))
async def get_recording(request: ApiRequest, recording_id: FromPath[UUID]) -> Fields:
    """One recording."""
    return recording_shape(await service.get_recording(request.database, request.account_id, RecordingId(recording_id)))


@delete("/recordings/{recording_id:str}", status_code=200, responses=answers(Recording, 404))
async def delete_recording(request: ApiRequest, recording_id: FromPath[UUID]) -> Fields:
    """Delete a recording."""
    request.require_manager()
    deleted = await service.delete_recording(
        request.database, request.account_id, RecordingId(recording_id), request.now
    )
    return recording_shape(deleted)


@get(
    "/recordingfiles/{recording_id:str}",
    media_type="audio/wav",
    responses=answers(bytes, 404, media_type="audio/wav", says="The sound"),
)
async def get_recording_file(request: ApiRequest, recording_id: FromPath[UUID]) -> File:
    """The sound of a recording, as a WAV file."""
    recording = await service.get_recording(request.database, request.account_id, RecordingId(recording_id))
    folder = request.ports.recordings_folder.resolve()
    path = (folder / recording.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NotFound("The sound of this recording is not here (any more)", reason="FILE_NOT_FOUND")
    return File(path, filename=f"{recording.id}.wav", media_type="audio/wav", content_disposition_type="attachment")


router = Router(
    "/",
    route_handlers=[list_recordings, get_recording, delete_recording, get_recording_file],
    tags=["Recordings"],
)
