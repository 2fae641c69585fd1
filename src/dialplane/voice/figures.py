"""What a voice node counts, and how it stands: read when its metrics are, for no cost to a call but two additions."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dialplane.domain.calling.calls import Call
from dialplane.domain.operating.figures import TALK_BOUNDS_S, Spread


@dataclass(slots=True)
class CallCounts:
    """Of calls that are over, since the process began."""

    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By direction and reason of the end: both are of a closed list."""
    talk: Spread = field(default_factory=lambda: Spread(TALK_BOUNDS_S))
    """Seconds of those that were answered."""

    def count(self, call: Call, direction: str, reason: str) -> None:
        """The two words are the call's own: as plain text they are keys at a tenth of an enumeration's cost."""
        self.ended[direction, reason] += 1
        if call.progressing_at is not None and call.ended_at is not None:
            self.talk.add((call.ended_at - call.progressing_at).total_seconds())


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """The node as its operator looks at it. All of it changes while it is held."""

    calls: CallCounts
    live: Callable[[], int]
    counters: Mapping[str, int]
    """What was refused or could not be read, by reason; `refused 486` for each status."""
    unwritten: Callable[[], int]
    """Changes of calls that wait for the store."""
    is_draining: Callable[[], bool]
    store_silent_s: Callable[[], float]
    """How long ago the store last took the node's sign of life."""
