"""settings (owner fills in)."""

from typing import Protocol


class SettingStore(Protocol):
    """Port."""
