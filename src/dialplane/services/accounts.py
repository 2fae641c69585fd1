"""accounts (owner fills in)."""

from typing import Protocol


class AccountStore(Protocol):
    """Port."""
