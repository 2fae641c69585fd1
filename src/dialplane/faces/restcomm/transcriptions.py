"""`Transcriptions`, and those of a recording (reference 4.9): what was said, as text."""

from litestar import Response, Router, delete, get
from litestar.params import FromPath

from dialplane.domain.errors import NotFound
from dialplane.domain.ids import RecordingId, TranscriptionId, to_sid
from dialplane.domain.recording.transcriptions import TranscribedThing, Transcription
from dialplane.faces.restcomm.credentials import RESOURCE, read_sid
from dialplane.faces.restcomm.dialects import Asked
from dialplane.faces.restcomm.filters import read_days, read_times
from dialplane.faces.restcomm.paging import Collection, Listed, read_page, show_list
from dialplane.faces.restcomm.prices import show_price
from dialplane.faces.restcomm.rendering import show
from dialplane.faces.restcomm.request import RestcommRequest
from dialplane.services.recording import transcriptions as service
from dialplane.services.recording.recordings import get_recording

TRANSCRIPTIONS = Collection("Transcriptions", "Transcription", "transcriptions", "transcriptions")

_LONGEST_TEXT = 255


@get("/Transcriptions")
async def list_transcriptions(request: RestcommRequest) -> Response[bytes]:
    """The account's transcriptions, newest first."""
    filters = request.filters
    created = read_times(filters, "DateCreated") if request.dialect.is_twilio else read_days(filters)
    text = filters.text("TranscriptionText", longest=_LONGEST_TEXT)
    return await _list(request, service.TranscriptionQuery(created=created, contains=text))


@get("/Recordings/{recording_sid:str}/Transcriptions")
async def list_transcriptions_of_recording(request: RestcommRequest, recording_sid: FromPath[str]) -> Response[bytes]:
    """What was made of one recording."""
    recording_id = read_sid("RE", recording_sid)
    if recording_id is None:
        raise NotFound("There is no such recording", reason="RECORDING_NOT_FOUND")
    await get_recording(request.database, request.account_id, RecordingId(recording_id))
    wanted = service.TranscriptionQuery(reference_type=TranscribedThing.RECORDING.value, reference_id=recording_id)
    return await _list(request, wanted)


@get("/Transcriptions/{transcription_sid:str}")
async def get_transcription(request: RestcommRequest, transcription_sid: FromPath[str]) -> Response[bytes]:
    """One transcription."""
    found = await service.get_transcription(request.database, request.account_id, _transcription_id(transcription_sid))
    prices = await service.transcription_prices(request.database, [found])
    return show(request.asked, "Transcription", show_transcription(request.asked, found, prices.get(found.id)))


@delete("/Transcriptions/{transcription_sid:str}", status_code=200)
async def delete_transcription(request: RestcommRequest, transcription_sid: FromPath[str]) -> Response[bytes]:
    """Delete one."""
    transcription_id = _transcription_id(transcription_sid)
    await service.delete_transcription(request.database, request.account_id, transcription_id, request.now)
    return Response(b"", status_code=request.dialect.deleted, media_type=request.asked.media_type)


async def _list(request: RestcommRequest, wanted: service.TranscriptionQuery) -> Response[bytes]:
    page = read_page(request, TRANSCRIPTIONS)
    found, total = await service.query_transcriptions(
        request.database, request.account_id, wanted, offset=page.offset, limit=page.size + 1
    )
    prices = await service.transcription_prices(request.database, found[: page.size])
    rows = [show_transcription(request.asked, each, prices.get(each.id)) for each in found[: page.size]]
    return show_list(request, TRANSCRIPTIONS, Listed(rows, total, more_follow=len(found) > page.size), page)


def show_transcription(asked: Asked, transcription: Transcription, price: int | None) -> dict[str, object]:
    """Restcomm leaves out what has no value. `price` is what was charged, in micros; None: nothing, the price is 0."""
    account_sid, sid = to_sid("AC", transcription.account_id), to_sid("TR", transcription.id)
    is_of_recording = transcription.reference_type is TranscribedThing.RECORDING
    seconds = -(-transcription.duration_ms // 1000)
    members: dict[str, object] = {
        "sid": sid,
        "date_created": asked.dialect.show_time(transcription.created_at),
        "date_updated": asked.dialect.show_time(transcription.updated_at or transcription.created_at),
        "account_sid": account_sid,
        "status": transcription.outcome,
        "recording_sid": to_sid("RE", transcription.reference_id) if is_of_recording else None,
        "duration": str(seconds) if asked.dialect.is_twilio else transcription.duration_ms / 1000,
        "transcription_text": transcription.message,
        "price": show_price(asked.dialect, price or 0),
        "price_unit": "USD",
        "uri": asked.uri(f"/Accounts/{account_sid}/Transcriptions/{sid}"),
    }
    if asked.dialect.is_twilio:
        return members | {"type": "fast", "api_version": asked.dialect.api_version}
    return {name: value for name, value in members.items() if value is not None}


def _transcription_id(sid: str) -> TranscriptionId:
    transcription_id = read_sid("TR", sid)
    if transcription_id is None:
        raise NotFound("There is no such transcription", reason="TRANSCRIBE_NOT_FOUND")
    return TranscriptionId(transcription_id)


router = Router(
    "/Accounts/{account_sid:str}",
    route_handlers=[
        list_transcriptions,
        list_transcriptions_of_recording,
        get_transcription,
        delete_transcription,
    ],
    opt={RESOURCE: "Transcriptions"},
)
