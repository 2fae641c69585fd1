"""trunks (owner fills in)."""

from typing import Protocol


class TrunkStore(Protocol):
    """Port."""
