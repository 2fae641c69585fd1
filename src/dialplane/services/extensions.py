"""extensions (owner fills in)."""

from typing import Protocol


class ExtensionStore(Protocol):
    """Port."""
