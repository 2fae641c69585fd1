"""Orders about live calls, as they come out of the node's mailbox (`services/calls.py: NodeCommand`)."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from dialplane.domain.calls import HangupReason
from dialplane.voice.leg import Leg

Order = Callable[[Leg, Mapping[str, object]], Coroutine[Any, Any, None]]
"""Given the live leg and the command's payload. A Refusal that it raises is logged and changes nothing."""


async def hang_up(leg: Leg, payload: Mapping[str, object]) -> None:
    leg.hang_up(HangupReason.NORMAL, text="hung up by the API")


async def go_on(leg: Leg, payload: Mapping[str, object]) -> None:
    leg.go_on()


CALL_ORDERS: Mapping[str, Order] = {"hangup": hang_up, "continue": go_on}
"""Those that need nothing but the leg."""
