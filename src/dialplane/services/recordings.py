"""recordings (owner fills in)."""

from typing import Protocol


class RecordingStore(Protocol):
    """Port."""
