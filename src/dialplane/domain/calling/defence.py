"""What a voice node refuses strangers, as it tells its operator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MAX_SHOWN = 200
"""Addresses and names of each kind in a report; `counters` count them all."""


@dataclass(frozen=True, slots=True)
class DefenceReport:
    """What a node refuses at this moment, and how often it has refused since it began."""

    banned: Mapping[str, int] = field(default_factory=dict)
    """Addresses that sent too much, and for how many seconds more nothing of them is read."""
    locked_users: tuple[str, ...] = ()
    """`name@domain` for which too many wrong passwords came."""
    locked_addresses: tuple[str, ...] = ()
    """From where too many wrong passwords came."""
    counters: Mapping[str, int] = field(default_factory=dict)
    """By reason."""


NOTHING_REFUSED = DefenceReport()


@dataclass(frozen=True, slots=True)
class NodeDefence:
    """The last report of a node."""

    node: str
    seen_at: datetime
    report: DefenceReport
