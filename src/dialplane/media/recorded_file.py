"""The file of one recording: mu-law in blocks becomes a WAV that is valid at every moment."""

from dialplane.audio.g711 import Samples, decode_ulaw
from dialplane.audio.listening import sounding_frames
from dialplane.audio.mixing import mix
from dialplane.audio.wav import WavWriter
from dialplane.media.recording import RecordingWish
from dialplane.rtp.packet import FRAME_SAMPLES


class RecordedFile:
    """Raises OSError as the file system does."""

    def __init__(self, wish: RecordingWish) -> None:
        """Makes the file."""
        self._writer = WavWriter(wish.path, channels=2 if wish.tracks == "both" else 1)
        self._wish = wish
        self._silent_ms = 0
        self._sounds_until = 0
        """Samples in the file up to the end of the last that was louder than silence."""

    @property
    def duration_ms(self) -> int:
        return self._writer.duration_ms

    @property
    def is_silent(self) -> bool:
        """Whether there was as much silence as ends it."""
        wish_ms = self._wish.end_of_silence_s * 1000
        return bool(wish_ms) and self._silent_ms >= wish_ms

    def write(self, heard: bytes, sent: bytes) -> None:
        """Append as much of both directions; `sent` is empty where it is not wished."""
        channels: tuple[Samples, ...]
        match self._wish.tracks:
            case "heard":
                channels = (decode_ulaw(heard),)
            case "sent":
                channels = (decode_ulaw(sent),)
            case "both":
                channels = (decode_ulaw(heard), decode_ulaw(sent))
            case _:
                channels = (mix(decode_ulaw(heard), decode_ulaw(sent)),)
        if self._wish.trim or self._wish.end_of_silence_s:
            channels = self._watch(channels)
        self._writer.write(*channels)

    def finish(self) -> None:
        """Close it. Raises OSError; it is closed then."""
        try:
            if self._wish.trim:
                self._writer.cut(self._sounds_until)
        finally:
            self._writer.close()

    def _watch(self, channels: tuple[Samples, ...]) -> tuple[Samples, ...]:
        """Note where there is sound. The answer: what is to be written, without the silence at the beginning."""
        sounding = [any(frame) for frame in zip(*map(sounding_frames, channels), strict=True)]
        for is_sounding in sounding:
            self._silent_ms = 0 if is_sounding else self._silent_ms + 20
        if self._wish.trim and not self._sounds_until:
            skipped = (sounding.index(True) if True in sounding else len(sounding)) * FRAME_SAMPLES
            channels = tuple(channel[skipped:] for channel in channels)
            sounding = sounding[skipped // FRAME_SAMPLES :]
        if True in sounding:
            last = len(sounding) - sounding[::-1].index(True)
            self._sounds_until = self._writer.frames + last * FRAME_SAMPLES
        return channels
