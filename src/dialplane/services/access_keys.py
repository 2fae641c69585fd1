"""access keys (owner fills in)."""

from typing import Protocol


class AccessKeyStore(Protocol):
    """Port."""
