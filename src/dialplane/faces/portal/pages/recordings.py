"""Recordings: played in the page by an address that is good for a while, written down as text, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.errors import Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.ids import RecordingId
from dialplane.domain.recording.recordings import Recording
from dialplane.domain.recording.transcriptions import TranscribedThing, Transcript, Transcription
from dialplane.faces.portal.curl_lines import json_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, show
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.faces.sounds import signed_address
from dialplane.services.recording.recordings import (
    delete_recording,
    get_recording,
    list_recordings,
    recording_prices,
)
from dialplane.services.recording.transcription_life import TranscriptionWish, order_transcription
from dialplane.services.recording.transcriptions import TranscriptionQuery, list_transcriptions, list_transcripts

_RECORDING = "/projects/{project:uuid}/recordings/{recording:uuid}"
_MOST_LINES = 500
_MOST_TEXTS = 10
_LANGUAGE = "en-US"


@dataclass(frozen=True, slots=True)
class ShownRecording:
    recording: Recording
    wav: str
    """Where its sound is for the next hour; "" where there is none (yet)."""
    mp3: str
    price: int | None
    """Micros."""


async def shown_recordings(request: PortalRequest, recordings: Sequence[Recording]) -> list[ShownRecording]:
    prices = await recording_prices(request.database, recordings)
    return [_shown(request, each, prices.get(each.id)) for each in recordings]


def _shown(request: PortalRequest, recording: Recording, price: int | None) -> ShownRecording:
    links, now = request.ports.links, request.now
    if recording.status != "ended" or not recording.size_bytes:
        return ShownRecording(recording, "", "", price)
    return ShownRecording(
        recording,
        signed_address(links, recording.id, "wav", now),
        signed_address(links, recording.id, "mp3", now),
        price,
    )


@page("/projects/{project:uuid}/recordings", deed=Deed.VIEW)
async def show_recordings(request: PortalRequest) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_recordings(
        request.database, request.account_id, before=read_moment_cursor(cursor), limit=PAGE + 1
    )
    shown = await shown_recordings(request, found)
    table = page_of(
        shown,
        lambda each: each.recording.created_at.isoformat(),
        path=request.at("/recordings"),
        filters={},
        cursor=cursor,
    )
    return await show(request, "recordings.html", table=table)


@page(_RECORDING, deed=Deed.VIEW)
async def show_recording(request: PortalRequest, recording: FromPath[UUID]) -> Response[str]:
    return await _show(request, RecordingId(recording), Form({"language": _LANGUAGE}))


@action(f"{_RECORDING}/transcribe", deed=Deed.CONFIGURE)
async def transcribe(request: PortalRequest, recording: FromPath[UUID]) -> Response[str]:
    """Write down what is said in it. It is charged by the minute and takes a while."""
    language = request.fields.get("language") or _LANGUAGE
    wish = TranscriptionWish(TranscribedThing.RECORDING.value, recording, language=language[:35])
    try:
        request.ports.check_recognition(wish.language, wish.provider)
        await order_transcription(request.database, request.account_id, wish, request.now)
    except Refusal as refusal:
        return await _show(request, RecordingId(recording), typed(request.fields).refuse(refusal))
    body = {"reference_type": "recording", "reference_id": str(recording), "language": wish.language}
    curl = json_curl(request, "POST", "/v1.0/transcribes", body)
    return await done(request, request.at(f"/recordings/{recording}"), "It is being written down.", curl=curl)


@action(f"{_RECORDING}/delete", deed=Deed.CONFIGURE)
async def delete(request: PortalRequest, recording: FromPath[UUID]) -> Response[str]:
    await delete_recording(
        request.database, request.ports.sounds, request.account_id, RecordingId(recording), request.now
    )
    curl = json_curl(request, "DELETE", f"/v1.0/recordings/{recording}")
    return await done(request, request.at("/recordings"), "The recording is deleted, with its sound.", curl=curl)


async def _show(request: PortalRequest, recording_id: RecordingId, form: Form) -> Response[str]:
    found = await get_recording(request.database, request.account_id, recording_id)
    [shown] = await shown_recordings(request, [found])
    wanted = TranscriptionQuery(TranscribedThing.RECORDING.value, found.id)
    texts = await list_transcriptions(request.database, request.account_id, wanted, before=None, limit=_MOST_TEXTS)
    return await show(
        request,
        "recording.html",
        form=form,
        shown=shown,
        texts=[(text, await _lines(request, text)) for text in texts],
    )


async def _lines(request: PortalRequest, text: Transcription) -> list[Transcript]:
    """In the order in which it was said."""
    found = await list_transcripts(request.database, request.account_id, text.id, before=None, limit=_MOST_LINES)
    return sorted(found, key=lambda line: line.began_ms)


HANDLERS: list[HTTPRouteHandler] = [show_recordings, show_recording, transcribe, delete]
