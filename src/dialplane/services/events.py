"""events (owner fills in)."""

from typing import Protocol


class EventStore(Protocol):
    """Port."""
