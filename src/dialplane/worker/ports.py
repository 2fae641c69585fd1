"""What the worker needs from outside."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from dialplane.domain.eventing.webhooks import Reply


class Link(Protocol):
    """The worker's own line to the store: hints of work, and the number under which it leases."""

    number: int | None
    """None while the line is down: then nothing is leased."""

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        """Stay connected until cancelled. `on_hint` gets the word of each hint, and "" after each connecting."""
        ...


class WebhookSender(Protocol):
    async def deliver(
        self,
        url: str,
        method: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        query: Sequence[tuple[str, str]],
        timeout_s: float,
    ) -> Reply:
        """Send a webhook, with `query` appended to its address. Never raises for anything that the far side does."""
        ...
