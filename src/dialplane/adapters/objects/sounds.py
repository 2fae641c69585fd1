"""The sound of recordings: WAV files of the voice nodes below one folder, and MP3 files made of them when asked for."""

import asyncio
import os
from pathlib import Path

from dialplane.audio.wav import HEADER_OCTETS
from dialplane.services.recording.recordings import SoundFormat

_AT_ONCE = 2
"""Encoders at a time in one process; an hour of sound takes one some seconds."""


class RecordedSounds:
    """Fulfils `services.recording.recordings.Sounds`. On several hosts the folder is a shared disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._encoders = asyncio.Semaphore(_AT_ONCE)

    async def sound(self, path: str, form: SoundFormat) -> Path | None:
        original = self._path(path)
        if not original.is_file() or original.stat().st_size <= HEADER_OCTETS:
            return None
        if form == "wav":
            return original
        wanted = original.with_suffix(f".{form}")
        if not wanted.is_file():
            async with self._encoders:
                if not wanted.is_file():  # whoever was before us has made it meanwhile
                    await asyncio.to_thread(_encode, original, wanted)
        return wanted

    async def delete(self, path: str) -> None:
        original = self._path(path)
        for each in (original, original.with_suffix(".mp3")):
            await asyncio.to_thread(each.unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        """Raises ValueError where a key leads out of the folder, which is a fault of ours."""
        path = (self._folder / key).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise ValueError(f"no path of a recording: {key!r}")
        return path


def _encode(original: Path, wanted: Path) -> None:
    """The file appears whole or not at all, and readable by nobody else."""
    from dialplane.adapters.objects.mp3 import transcode  # noqa: PLC0415 - FFmpeg is for who asks, not for every start

    unfinished = wanted.with_name(f"{wanted.name}.{os.getpid()}")
    try:
        transcode(original, unfinished)
        unfinished.chmod(0o600)
        unfinished.replace(wanted)
    finally:
        unfinished.unlink(missing_ok=True)
