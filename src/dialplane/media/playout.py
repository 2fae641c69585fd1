"""What a leg sends of its own accord: prompts, digits, and silence between them, one frame every 20 ms."""

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle

from dialplane.audio.g711 import ULAW_SILENCE, encode_ulaw
from dialplane.audio.tones import dtmf_tone
from dialplane.rtp.events import event_payloads
from dialplane.rtp.packet import FRAME_MS, FRAME_SAMPLES

SILENT_FRAME = bytes((ULAW_SILENCE,)) * FRAME_SAMPLES
_CACHE_OCTETS = 256 << 20


@dataclass(frozen=True, slots=True)
class EventFrame:
    """A telephone-event payload that is sent in place of audio."""

    payload: bytes
    is_first: bool


class PromptCache:
    """Files of ready mu-law frames in memory, the least recently played given up first."""

    def __init__(self, capacity: int = _CACHE_OCTETS) -> None:
        self._capacity = capacity
        self._used = 0
        self._files: OrderedDict[tuple[str, int, int], tuple[bytes, ...]] = OrderedDict()

    def load(self, path: str) -> tuple[bytes, ...]:
        """The file's frames, cut once for all who play it; the last is filled up with silence. Raises OSError."""
        status = os.stat(path)  # a file that was replaced is another file
        key = (path, status.st_mtime_ns, status.st_size)
        frames = self._files.get(key)
        if frames is not None:
            self._files.move_to_end(key)
            return frames
        with open(path, "rb") as file:
            data = file.read()
        data += bytes((ULAW_SILENCE,)) * (-len(data) % FRAME_SAMPLES)
        frames = tuple(data[start : start + FRAME_SAMPLES] for start in range(0, len(data), FRAME_SAMPLES))
        self._files[key] = frames
        self._used += len(data)
        while self._used > self._capacity and len(self._files) > 1:
            self._used -= len(self._files.popitem(last=False)[1]) * FRAME_SAMPLES
        return frames


class Playing:
    """Prompts one after the other, or round and round."""

    __slots__ = ("frames", "number", "stop_on_digit")

    def __init__(self, number: int, prompts: Sequence[Sequence[bytes]], *, stop_on_digit: bool, loop: bool) -> None:
        self.number = number
        self.stop_on_digit = stop_on_digit
        sounding = [frames for frames in prompts if frames]  # a loop over nothing would never come to a frame
        self.frames: Iterator[bytes] = chain.from_iterable(cycle(sounding) if loop else sounding)
        """What is still to be played, 160 octets of mu-law each."""


def digit_frames(digits: str, *, duration_ms: int, interval_ms: int, as_events: bool) -> Iterator[EventFrame | bytes]:
    """Digits, 20 ms at a time: as telephone events, or as tones in mu-law; silence after each.

    What is no digit (`,` in dial strings) is a pause of half a second.
    """
    pause = max(1, round(interval_ms / FRAME_MS))
    for digit in digits.upper():
        if digit not in "0123456789*#ABCD":
            yield from [SILENT_FRAME] * (500 // FRAME_MS)
        elif as_events:
            for index, payload in enumerate(event_payloads(digit, duration_ms=duration_ms)):
                yield EventFrame(payload, is_first=index == 0)
            yield from [SILENT_FRAME] * max(1, pause - 2)  # the end packet's repetitions are in the pause already
        else:
            frames = max(2, round(duration_ms / FRAME_MS))
            data = encode_ulaw(dtmf_tone(digit, duration_ms=frames * FRAME_MS))
            for frame in range(frames):
                yield data[frame * FRAME_SAMPLES : (frame + 1) * FRAME_SAMPLES]
            yield from [SILENT_FRAME] * pause
