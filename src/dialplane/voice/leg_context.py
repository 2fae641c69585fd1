"""What a leg finds around it: what all legs of a node share, and the talk that joins two."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from dialplane.domain.programs.sources import DocumentSource
from dialplane.voice.deadlines import Deadlines
from dialplane.voice.ports import Media
from dialplane.voice.useragent.refer import IncomingRefer

if TYPE_CHECKING:
    from dialplane.voice.leg import Leg


class Recorder(Protocol):
    """Where a leg's changes go."""

    def changed(self, leg: "Leg", event: str) -> None:
        """The call's state changed; `event` is the name of what happened."""
        ...

    def ended(self, leg: "Leg") -> None:
        """The call is over: settle, record, forget. Called once."""
        ...


async def decline_refer(leg: "Leg", refer: IncomingRefer) -> None:
    refer.refuse(404, "calls cannot be transferred here")


@dataclass(frozen=True, slots=True)
class LegContext:
    """What every leg of a node shares."""

    media: Media
    recorder: Recorder
    now: Callable[[], datetime]
    spawn: Callable[[Coroutine[Any, Any, Any]], None]
    """Run something in a task of the node; its failure is logged and ends only itself."""
    take_refer: "Callable[[Leg, IncomingRefer], Coroutine[Any, Any, None]]" = field(default=decline_refer)
    """Decide about a party's REFER."""
    deadlines: Deadlines = field(default_factory=Deadlines)


class Talk:
    """Two joined legs. Over when either call ends, or when somebody ends it."""

    def __init__(self, master: "Leg", callee: "Leg") -> None:
        self.master = master
        self.callee = callee
        self.over = asyncio.Event()
        self.handed_over = asyncio.Event()
        self.refer: DocumentSource | None = None
        """What decides on transfers, where whoever began the talk said so."""
        self.is_parked = False
        """A transfer has taken the two apart: the callee's end is not the talk's."""

    def hand_over(self, callee: "Leg") -> None:
        """The master talks with `callee` from now on."""
        self.callee = callee
        self.is_parked = False
        self.handed_over.set()
