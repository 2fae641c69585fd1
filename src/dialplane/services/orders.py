"""orders (owner fills in)."""

from typing import Protocol


class OrderStore(Protocol):
    """Port."""
