"""runs (owner fills in)."""

from typing import Protocol


class RunStore(Protocol):
    """Port."""
