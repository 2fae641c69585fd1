"""The sound of recordings: the answer that every dialect gives, and the signed addresses, which need no credentials."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath, QueryParameter
from litestar.response import File

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import RecordingId
from dialplane.faces.platform_request import PlatformRequest
from dialplane.services.recording.recording_links import RecordingLinks
from dialplane.services.recording.recordings import SoundFormat, find_sound

MEDIA_TYPES: Mapping[SoundFormat, str] = {"wav": "audio/wav", "mp3": "audio/mpeg"}


class AnyoneRequest(PlatformRequest[object, object]):
    """A request without credentials."""


def read_file_name(name: str) -> tuple[str, SoundFormat | None]:
    """`RE….mp3` gives `RE…` and the form; None where the name asks for a form that nobody makes."""
    stem, _, suffix = name.rpartition(".")
    match suffix:
        case "wav":
            return stem, "wav"
        case "mp3":
            return stem, "mp3"
    return stem, None


def sound_answer(path: Path, recording_id: RecordingId, form: SoundFormat) -> File:
    return File(
        path,
        filename=f"{recording_id}.{form}",
        media_type=MEDIA_TYPES[form],
        content_disposition_type="attachment",
    )


def signed_address(links: RecordingLinks, recording_id: RecordingId, form: SoundFormat, now: datetime) -> str:
    """On this server, for a while."""
    expires, signature = links.sign(recording_id, form, now)
    return f"/recordings/{recording_id}.{form}?{urlencode({'expires': expires, 'signature': signature})}"


@get("/{file_name:str}", media_type="audio/wav", include_in_schema=False)
async def download(
    request: AnyoneRequest,
    file_name: FromPath[str],
    expires: Annotated[int, QueryParameter(ge=0, le=10**11)],
    signature: Annotated[str, QueryParameter(max_length=64)],
) -> File:
    """The sound behind an address that `signed_address` gave."""
    recording_id, form = _read(file_name)
    request.ports.links.check(recording_id, form, expires=expires, signature=signature, now=request.now)
    path = await find_sound(request.database, request.ports.sounds, recording_id, form)
    return sound_answer(path, recording_id, form)


def _read(file_name: str) -> tuple[RecordingId, SoundFormat]:
    stem, form = read_file_name(file_name)
    try:
        recording_id = RecordingId(UUID(stem))
    except ValueError as fault:
        raise NotFound("There is no such file", reason="FILE_NOT_FOUND") from fault
    if form is None:
        raise NotFound("There is no such file", reason="FILE_NOT_FOUND")
    return recording_id, form


router = Router("/recordings", route_handlers=[download], request_class=AnyoneRequest)
