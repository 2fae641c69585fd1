"""numbers (owner fills in)."""

from typing import Protocol


class NumberStore(Protocol):
    """Port."""
