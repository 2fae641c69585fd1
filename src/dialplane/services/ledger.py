"""ledger (owner fills in)."""

from typing import Protocol


class LedgerStore(Protocol):
    """Port."""
