"""webhooks (owner fills in)."""

from typing import Protocol


class WebhookStore(Protocol):
    """Port."""
