"""idempotency (owner fills in)."""

from typing import Protocol


class IdempotencyStore(Protocol):
    """Port."""
