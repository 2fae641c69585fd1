"""The orders of a client about one of its legs."""

from pathlib import Path
from typing import assert_never

import structlog

from dialplane.domain.calling.media import PlayEnd
from dialplane.media import protocol
from dialplane.media.adapted.legs import AdaptedLegs
from dialplane.media.connection import Connection
from dialplane.media.leg import Leg
from dialplane.media.playout import Playing, PromptCache
from dialplane.media.recording import RecordingWish
from dialplane.media.recordings import Recordings
from dialplane.media.tap import Tap
from dialplane.media.webrtc.legs import SecureLegs

log = structlog.get_logger()


class LegOrders:
    """Times are seconds on the monotonic clock."""

    def __init__(self, prompts: PromptCache, recordings: Recordings, secure: SecureLegs, adapted: AdaptedLegs) -> None:
        self._prompts = prompts
        self._recordings = recordings
        self._secure = secure
        self._adapted = adapted

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
                self._recordings.start(leg, _wish(order), order.request, connection.report, now)
            case protocol.PauseRecording(_, paused, silent):
                if leg.recording is not None:
                    leg.recording.pause(paused, now, silent=silent)
            case protocol.StopRecording(_, key):
                if not key:
                    leg.end_recording("stopped", now)
                elif leg.recording is not None and leg.recording.ends_by_key(key):
                    leg.end_recording("key", now)
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
            case protocol.ConnectAdapted():
                self._adapted.carry_out(leg, order, connection, now)
            case protocol.Close():
                raise ValueError("a leg is closed by whoever holds its ports")
            case _:
                assert_never(order)

    def _play(self, leg: Leg, order: protocol.Play, connection: Connection) -> None:
        try:
            prompts = [self._prompts.load(path) for path in order.paths]
        except OSError as error:
            log.warning("prompt_unreadable", error=str(error))
            connection.report(protocol.PlayEnded(leg.leg_id, order.play, PlayEnd.STOPPED))
            return
        leg.own.play(Playing(order.play, prompts, stop_on_digit=order.stop_on_digit, loop=order.loop))


def _wish(order: protocol.StartRecording) -> RecordingWish:
    return RecordingWish(
        Path(order.path),
        tracks=order.tracks,
        end_of_silence_s=order.end_of_silence_s,
        end_of_key=order.end_of_key,
        duration_s=order.duration_s,
        trim=order.trim,
    )
