"""inventory (owner fills in)."""

from typing import Protocol


class InventoryStore(Protocol):
    """Port."""
