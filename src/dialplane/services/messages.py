"""messages (owner fills in)."""

from typing import Protocol


class MessageStore(Protocol):
    """Port."""
