"""calls (owner fills in)."""

from typing import Protocol


class CallStore(Protocol):
    """Port."""
