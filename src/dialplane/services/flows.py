"""flows (owner fills in)."""

from typing import Protocol


class FlowStore(Protocol):
    """Port."""
