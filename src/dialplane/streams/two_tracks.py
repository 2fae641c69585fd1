"""Both directions of a call as one: frames of the same moment are mixed, and none waits long for the other side."""

from dialplane.audio.g711 import decode_ulaw, encode_ulaw
from dialplane.audio.mixing import mix
from dialplane.rtp.packet import FRAME_MS
from dialplane.streams.media_streams import Track

_WAIT_FRAMES = 3
"""How far one side may be ahead before the other side's silence is taken for what it is."""


class TwoTracks:
    """Fed frames of 20 ms in any order of the tracks; gives them in order of time."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[Track, bytes]] = {}
        self._given = -1

    def put(self, track: Track, at_ms: int, ulaw: bytes) -> list[tuple[int, bytes]]:
        """The frames that are complete now, each with its time in milliseconds. One that comes too late is dropped."""
        slot = at_ms // FRAME_MS
        if slot <= self._given:
            return []
        self._waiting.setdefault(slot, {})[track] = ulaw
        newest = max(self._waiting)
        ready = [
            each for each in sorted(self._waiting) if each <= newest - _WAIT_FRAMES or self._is_complete_up_to(each)
        ]
        return [self._give(each) for each in ready]

    def _is_complete_up_to(self, slot: int) -> bool:
        return all(len(tracks) == 2 for each, tracks in self._waiting.items() if each <= slot)

    def _give(self, slot: int) -> tuple[int, bytes]:
        self._given = slot
        tracks = list(self._waiting.pop(slot).values())
        if len(tracks) == 1:
            return slot * FRAME_MS, tracks[0]
        return slot * FRAME_MS, encode_ulaw(mix(decode_ulaw(tracks[0]), decode_ulaw(tracks[1])))
