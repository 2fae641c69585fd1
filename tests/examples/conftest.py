"""The voice node of `tests/voice`."""

from tests.voice.conftest import media_process, node

__all__ = ["media_process", "node"]
