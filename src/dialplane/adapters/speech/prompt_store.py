"""The folder of prompts that are ready to send: files of raw mu-law, named after what is in them."""

import hashlib
import os
import secrets
from pathlib import Path

from dialplane.audio.g711 import Samples, encode_ulaw
from dialplane.domain.calling.media import Prompt
from dialplane.rtp.packet import CLOCK_HZ, FRAME_SAMPLES

CAPACITY_OCTETS = 1 << 30
"""36 hours of prompts."""
_KEEP_SHARE = 0.8
"""How much is left after clearing, so that the folder is not read again for each new prompt."""
_SUFFIX = ".ulaw"


def prompt_key(*parts: str) -> str:
    """A name for what is made of these parts; different parts never share one."""
    return hashlib.sha256("\0".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


class PromptStore:
    """Several processes may share a folder: a file appears whole or not at all, and is never changed."""

    def __init__(self, folder: Path, *, capacity_octets: int = CAPACITY_OCTETS) -> None:
        self._folder = folder
        self._capacity = capacity_octets
        self._used: int | None = None
        """As far as this process knows; read from the folder when the first prompt is added."""
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, key: str) -> Prompt | None:
        """The prompt, and a note that it is still in use."""
        path = self._path(key)
        try:
            size = path.stat().st_size
            os.utime(path)
        except FileNotFoundError:
            return None
        return Prompt(path, size * 1000 // CLOCK_HZ)

    def add(self, key: str, samples: Samples) -> Prompt:
        """Encode and keep. Blocks for the writing; raises OSError."""
        frames = encode_ulaw(samples)
        frames += b"\xff" * (-len(frames) % FRAME_SAMPLES)
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.write_bytes(frames)
        draft.replace(path)
        self._make_room(len(frames))
        return Prompt(path, len(frames) * 1000 // CLOCK_HZ)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / (key + _SUFFIX)

    def _make_room(self, added: int) -> None:
        self._used = None if self._used is None else self._used + added
        if self._used is not None and self._used <= self._capacity:
            return
        files = sorted(self._entries())
        self._used = sum(size for _, size, _ in files)
        target = self._capacity * _KEEP_SHARE if self._used > self._capacity else self._used
        for _, size, path in files[:-1]:  # the newest is the one that is about to be played
            if self._used <= target:
                break
            path.unlink(missing_ok=True)
            self._used -= size

    def _entries(self) -> list[tuple[int, int, Path]]:
        """When last used, size, and path of every prompt."""
        found = []
        for path in self._folder.glob(f"*/*{_SUFFIX}"):
            try:
                status = path.stat()
            except FileNotFoundError:  # another process cleared it
                continue
            found.append((status.st_mtime_ns, status.st_size, path))
        return found
