"""What has reached the number, and by which trunk it can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.numbering.diagnosis import Finding, fine, no_matter, problem, warning
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.supply.inventory import OWNED, SANDBOX


@dataclass(frozen=True, slots=True)
class LastCall:
    """The newest call to the number."""

    at: datetime
    status: str
    ended_by: str
    """The reason in words, where it is over."""


class ArrivalStore(Protocol):
    """Port: what has reached a number last."""

    async def last_call(self, number: Number) -> LastCall | None: ...

    async def last_message(self, number: Number) -> datetime | None: ...

    async def last_refusal(self, number: Number) -> tuple[datetime, str] | None:
        """When a call to it was refused before anybody's account was known, and why."""
        ...


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came last: a call, a message, a call that was refused before anybody's account was known."""

    call: LastCall | None
    message_at: datetime | None
    refusal: tuple[datetime, str] | None


def check_trunk(number: Number, trunks: Sequence[Trunk]) -> Finding:
    if not number.kind.is_ordinary:
        return no_matter("trunk", f"a {number.kind} number is not reached from the public network")
    bringing = [trunk for trunk in trunks if trunk.brings_calls and trunk.account_id in (None, number.account_id)]
    if not bringing:
        return problem(
            "trunk",
            "no trunk brings calls: whoever sends them is a stranger, and is refused",
            "add the carrier's addresses as a trunk: POST /operator/v1/trunks with networks",
        )
    if number.carrier not in (SANDBOX, OWNED) and all(_is_simulated(trunk) for trunk in bringing):
        return warning(
            "trunk",
            f"only this machine brings calls, by {bringing[0].name[:64]}; none of {number.carrier} may come",
            "open a trunk with the carrier (POST /v1.0/providers/setup), or its addresses: POST /operator/v1/trunks",
        )
    return fine("trunk", f"calls may come by {', '.join(trunk.name[:64] for trunk in bringing[:5])}")


def _is_simulated(trunk: Trunk) -> bool:
    """Whether it is for callers on this machine alone, as the sandbox's is."""
    return bool(trunk.networks) and all(network.is_loopback for network in trunk.networks)


def check_last_call(arrivals: Arrivals, now: datetime) -> Finding:
    call, refusal = arrivals.call, arrivals.refusal
    if refusal is not None and (call is None or refusal[0] > call.at):
        return problem(
            "last_call",
            f"the last call, {_ago(refusal[0], now)}, was refused: {refusal[1]}",
            "POST /v1.0/route_explain tells every candidate and why it was not taken",
        )
    if call is None:
        return warning(
            "last_call",
            "no call has reached the number yet",
            "call it; if nothing shows here, the carrier does not send its calls to this platform",
        )
    ended = f", {call.status}{f': {call.ended_by}' if call.ended_by else ''}"
    return fine("last_call", f"the last call came {_ago(call.at, now)}{ended}")


def check_last_message(number: Number, arrivals: Arrivals, now: datetime) -> Finding:
    if number.kind is not NumberKind.CHANNEL and not {"sms", "mms"} & set(number.capabilities):
        return no_matter("last_message", "the number takes no messages")
    if arrivals.message_at is None:
        return warning(
            "last_message",
            "no message has reached the number yet",
            "write to it; if nothing shows here, look at the carrier's messaging settings and the signature",
        )
    return fine("last_message", f"the last message came {_ago(arrivals.message_at, now)}")


def _ago(at: datetime, now: datetime) -> str:
    minutes = max(0, int((now - at).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} minutes ago"
    return f"{minutes // 60} hours ago" if minutes < 2 * 24 * 60 else f"{minutes // (24 * 60)} days ago"
