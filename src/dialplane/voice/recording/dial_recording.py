"""The recording of a `Dial`: of the caller's leg, from the ringing or the answer until the talk is over."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Literal

import structlog

from dialplane.domain.errors import Refusal
from dialplane.domain.ids import RunId
from dialplane.domain.programs.commands import Dialled
from dialplane.domain.programs.dialling import RecordingWish
from dialplane.domain.recording.recordings import Recording, RecordingSource
from dialplane.voice.leg import Leg
from dialplane.voice.ports import MediaLeg
from dialplane.voice.recording.recordings import Recordings, tracks_of

log = structlog.get_logger()


class DialRecording:
    """At most one recording, none where none is wished. One that cannot be made does not stop the talk."""

    def __init__(
        self,
        recordings: Recordings,
        leg: Leg,
        run_id: RunId,
        wish: RecordingWish | None,
        *,
        source: RecordingSource = RecordingSource.DIAL,
    ) -> None:
        self._recordings = recordings
        self._leg = leg
        self._run_id = run_id
        self._wish = wish
        self._source = source
        self._media: MediaLeg | None = None
        self._ended: asyncio.Future[Recording] | None = None

    async def begin(self, moment: Literal["ringing", "answer"]) -> None:
        """Begin, where this is the moment to."""
        wish, leg = self._wish, self._leg
        if wish is None or wish.begins != moment or leg.is_ended:
            return
        new = replace(
            self._recordings.new(leg.call.account_id, call_id=leg.call.id, source=self._source),
            run_id=self._run_id,
            channels=wish.channels,
            track=wish.track,
            status_callback=wish.status,
        )
        try:
            if moment == "answer":
                await leg.answer()
            media = await leg.media_ready()
            tracks = tracks_of(new)
            start = partial(media.start_recording, tracks=tracks, trim=wish.trim)
            begun = await self._recordings.begin(media, new, start)
        except Refusal as refusal:
            log.info("talk_not_recorded", call_id=str(leg.call.id), reason=refusal.message)
            return
        leg.recording_begun(begun.id)
        self._media = media
        self._ended = asyncio.get_running_loop().create_future()
        leg.keep(self._finish(media, begun, self._ended))

    def stop(self) -> None:
        """End it, where it goes on. What became of it is kept in a task of its own."""
        if self._media is not None and self._ended is not None and not self._ended.done():
            self._media.stop_recording()

    async def noted(self, dialled: Dialled) -> Dialled:
        """End it, and say with the outcome what was recorded."""
        self.stop()
        if self._ended is None:
            return dialled
        recording = await self._ended
        return replace(dialled, recording_id=recording.id, recording_ms=recording.duration_ms)

    async def _finish(self, media: MediaLeg, begun: Recording, ended: "asyncio.Future[Recording]") -> None:
        kept = begun
        try:
            kept = await self._recordings.finish_of(self._leg, media, begun)
        finally:
            if not ended.done():
                ended.set_result(kept)
