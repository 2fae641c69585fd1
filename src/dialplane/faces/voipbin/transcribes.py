"""`/v1.0/transcribes` and `/v1.0/transcripts` (reference 6.7)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.ids import NIL, FlowId, TranscriptionId
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.recording import transcription_life as life
from dialplane.services.recording import transcriptions as service
from dialplane.services.recording.transcriptions import TranscriptionQuery
from dialplane.services.shapes.transcriptions import transcript_shape, transcription_shape


class Transcribe(msgspec.Struct):
    """A transcription of a call or of a recording. `error` says why nothing was transcribed, where nothing was."""

    id: UUID
    customer_id: UUID
    activeflow_id: UUID
    on_end_flow_id: UUID
    reference_type: str
    reference_id: UUID
    status: str
    language: str
    direction: str
    provider: str
    error: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class Transcript(msgspec.Struct):
    """One utterance; `tm_transcript` is when it was begun, counted from the zero of the calendar."""

    id: UUID
    customer_id: UUID
    transcribe_id: UUID
    direction: str
    message: str
    confidence: float
    tm_transcript: str | None
    tm_create: str | None


class NewTranscribe(msgspec.Struct):
    """A call must be answered, somebody in the conference; a recording is transcribed when it is over."""

    reference_type: Literal["call", "confbridge", "recording"]
    reference_id: UUID
    language: Annotated[str, msgspec.Meta(min_length=2, max_length=35)]
    direction: Literal["both", "in", "out"] = "both"
    provider: Literal["", "embedded", "gcp", "aws"] = ""
    on_end_flow_id: UUID | None = None


@get("/transcribes", responses=answers(Paged[Transcribe]))
async def list_transcribes(
    request: ApiRequest,
    page: Paging,
    reference_type: Annotated[
        Literal["", "call", "confbridge", "recording"],
        QueryParameter(description="`call`, `confbridge` or `recording`."),
    ] = "",
    reference_id: Annotated[UUID | None, QueryParameter(description="Of a call or a recording.")] = None,
) -> Fields:
    """The account's transcriptions, newest first."""
    wanted = TranscriptionQuery(reference_type, reference_id)
    rows = await service.list_transcriptions(
        request.database, request.account_id, wanted, before=page.before, limit=page.fetch
    )
    return show_page(rows, transcription_shape, page)


@post("/transcribes", status_code=200, responses=posted(Transcribe, 404))
async def create_transcribe(request: ApiRequest, data: JSONBody[NewTranscribe]) -> Fields:
    """Transcribe a call from now on, or a recording."""
    request.require_manager()
    request.ports.check_recognition(data.language, data.provider)
    wish = life.TranscriptionWish(
        reference_type=data.reference_type,
        reference_id=data.reference_id,
        language=data.language,
        direction=data.direction,
        provider=data.provider,
        on_end_flow_id=None if data.on_end_flow_id in (None, NIL) else FlowId(data.on_end_flow_id),
    )
    return transcription_shape(await life.order_transcription(request.database, request.account_id, wish, request.now))


@get("/transcribes/{transcribe_id:str}", responses=answers(Transcribe, 404))
async def get_transcribe(request: ApiRequest, transcribe_id: FromPath[UUID]) -> Fields:
    """One transcription."""
    found = await service.get_transcription(request.database, request.account_id, TranscriptionId(transcribe_id))
    return transcription_shape(found)


@post("/transcribes/{transcribe_id:str}/stop", status_code=200, responses=posted(Transcribe, 404))
async def stop_transcribe(request: ApiRequest, transcribe_id: FromPath[UUID]) -> Fields:
    """End a transcription; what was said up to now stays."""
    request.require_manager()
    stopped = await life.stop_transcription(
        request.database, request.account_id, TranscriptionId(transcribe_id), request.now
    )
    return transcription_shape(stopped)


@delete("/transcribes/{transcribe_id:str}", status_code=200, responses=answers(Transcribe, 404, 409))
async def delete_transcribe(request: ApiRequest, transcribe_id: FromPath[UUID]) -> Fields:
    """Delete a transcription that is over, with its transcripts."""
    request.require_manager()
    deleted = await service.delete_transcription(
        request.database, request.account_id, TranscriptionId(transcribe_id), request.now
    )
    return transcription_shape(deleted)


@get("/transcripts", responses=answers(Paged[Transcript], 404))
async def list_transcripts(
    request: ApiRequest,
    page: Paging,
    transcribe_id: Annotated[UUID, QueryParameter(description="Whose transcripts.")],
) -> Fields:
    """What was said, the last first."""
    rows = await service.list_transcripts(
        request.database,
        request.account_id,
        TranscriptionId(transcribe_id),
        before=page.before,
        limit=page.fetch,
    )
    return show_page(rows, transcript_shape, page)


router = Router(
    "/",
    route_handlers=[
        list_transcribes,
        create_transcribe,
        get_transcribe,
        stop_transcribe,
        delete_transcribe,
        list_transcripts,
    ],
    tags=["Speech"],
)
