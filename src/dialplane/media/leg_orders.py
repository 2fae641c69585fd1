"""The orders of a client about one of its legs."""

from pathlib import Path
from typing import assert_never

import structlog

from dialplane.domain.media import PlayEnd
from dialplane.media import protocol
from dialplane.media.connection import Connection
from dialplane.media.leg import Leg
from dialplane.media.playout import Playing, PromptCache
from dialplane.media.recording import Recording, RecordingWish
from dialplane.media.tap import Tap
from dialplane.media.webrtc.legs import SecureLegs

RECORDING_TURNS = 5
"""A recording is looked after in every so many upkeeps, that is every tenth of a second."""

log = structlog.get_logger()


class LegOrders:
    """Times are seconds on the monotonic clock."""

    def __init__(self, prompts: PromptCache, secure: SecureLegs) -> None:
        self._prompts = prompts
        self._secure = secure
        self._recorded: list[dict[Leg, None]] = [{} for _ in range(RECORDING_TURNS)]
        """Legs that are recorded, or were until a moment ago, by the turn in which each is looked after."""

    def recorded_in_turn(self, turn: int) -> list[Leg]:
        return list(self._recorded[turn % RECORDING_TURNS])

    def forget(self, leg: Leg) -> None:
        """It is closed."""
        self._recorded[leg.leg_id % RECORDING_TURNS].pop(leg, None)

    def carry_out(self, leg: Leg, order: protocol.LegOrder, connection: Connection, now: float) -> None:
        """All but `Close`, which takes more than the leg."""
        match order:
            case protocol.Connect(_, remote):
                leg.connect(remote, now)
            case protocol.Play():
                self._play(leg, order, connection)
            case protocol.StopPlaying():
                leg.own.end_playing(PlayEnd.STOPPED)
            case protocol.SendDigits(_, request, digits, duration_ms, interval_ms):
                leg.send_digits(request, digits, duration_ms=duration_ms, interval_ms=interval_ms)
            case protocol.Echo(_, on):
                leg.echo(on)
            case protocol.Bridge(_, other_id):
                other = connection.legs.get(other_id) if other_id is not None else None
                leg.bridge(other[0] if other is not None else None)
            case protocol.Mute(_, heard, hears):
                leg.mute(heard=heard, hears=hears)
            case protocol.StartRecording():
                self._start_recording(leg, order, connection, now)
            case protocol.PauseRecording(_, paused):
                if leg.recording is not None:
                    leg.recording.pause(paused, now)
            case protocol.StopRecording():
                leg.end_recording("stopped", now)
            case protocol.Tap(_, number, heard, sent):
                leg.tap(number, Tap(leg.leg_id, number, now, connection.report_audio, heard=heard, sent=sent))
            case protocol.Untap(_, number):
                leg.untap(number)
            case protocol.Feed(_, audio):
                if not leg.own.feed(audio):
                    log.warning("feed_refused", leg=leg.leg_id, octets=len(audio))
            case protocol.MarkFeed(_, request):
                leg.own.mark_feed(request)
            case protocol.ClearFeed():
                leg.own.clear_feed()
            case protocol.AwaitChecks() | protocol.ConnectSecurely():
                self._secure.carry_out(leg, order, now)
            case protocol.Close():
                raise ValueError("a leg is closed by whoever holds its ports")
            case _:
                assert_never(order)

    def advance_recording(self, leg: Leg, now: float) -> None:
        """Write what is due of a leg that is recorded."""
        if leg.recording is None:
            self.forget(leg)
            return
        try:
            ended_by = leg.recording.advance(now)
        except OSError as error:
            log.warning("recording_failed", path=str(leg.recording.path), error=str(error))
            ended_by = "closed"
        if ended_by is not None:
            leg.end_recording(ended_by, now)

    def _play(self, leg: Leg, order: protocol.Play, connection: Connection) -> None:
        try:
            prompts = [self._prompts.load(path) for path in order.paths]
        except OSError as error:
            log.warning("prompt_unreadable", error=str(error))
            connection.report(protocol.PlayEnded(leg.leg_id, order.play, PlayEnd.STOPPED))
            return
        leg.own.play(Playing(order.play, prompts, stop_on_digit=order.stop_on_digit, loop=order.loop))

    def _start_recording(self, leg: Leg, order: protocol.StartRecording, connection: Connection, now: float) -> None:
        wish = RecordingWish(
            Path(order.path),
            tracks=order.tracks,
            end_of_silence_s=order.end_of_silence_s,
            end_of_key=order.end_of_key,
            duration_s=order.duration_s,
            trim=order.trim,
        )
        failure = ""
        try:
            recording = Recording(wish, now)
        except OSError as error:
            failure = error.strerror or str(error)
        else:
            leg.start_recording(recording, now)
            self._recorded[leg.leg_id % RECORDING_TURNS][leg] = None
        connection.report(protocol.RecordingStarted(leg.leg_id, order.request, failure))
