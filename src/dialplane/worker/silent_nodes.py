"""Voice nodes that have fallen silent: their calls are closed and billed here (AV-2, AV-6).

What counts is how long this worker has seen a node say nothing, by its own clock: machines' clocks differ. While the
worker could not look, everybody's silence begins anew: after an outage of the store the nodes speak first.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from dialplane.domain.operating.nodes import Beat
from dialplane.services.operating.nodes import close_silent, forget_silent, read_beats
from dialplane.services.transaction import Database

LOOK_S = 1.0
BLIND_S = 5.0
"""Between two looks: beyond it the worker has been away."""
LONGER = 1.25
"""Than the nodes' lease: a node that was cut off has ended its calls by then."""
FORGET_S = 3600.0

log = structlog.get_logger()


class SilentNodes:
    """One worker's view. Several workers may look at the same node: the store lets one of them close it."""

    def __init__(
        self, database: Database, *, lease_s: float, clock: Callable[[], datetime], seconds: Callable[[], float]
    ) -> None:
        """`seconds` is a monotonic clock."""
        self._database = database
        self._silent_after_s = lease_s * LONGER
        self._clock = clock
        self._seconds = seconds
        self._heard: dict[str, tuple[Beat, float]] = {}
        """Each node's last beat and when this worker first saw it."""
        self._looked_at = 0.0
        self._forgot_at = 0.0

    async def step(self) -> bool:
        beats = await read_beats(self._database)
        now = self._seconds()
        if now - self._looked_at > BLIND_S:
            self._heard.clear()
        self._looked_at = now
        self._heard = {beat.node: self._first_seen(beat, now) for beat in beats}
        for beat, since in list(self._heard.values()):
            if now - since >= self._silent_after_s:
                await self._close(beat)
        if now - self._forgot_at > FORGET_S:
            self._forgot_at = now
            await forget_silent(self._database, self._clock())
        return False

    def _first_seen(self, beat: Beat, now: float) -> tuple[Beat, float]:
        known = self._heard.get(beat.node)
        return known if known is not None and known[0] == beat else (beat, now)

    async def _close(self, beat: Beat) -> None:
        del self._heard[beat.node]
        closed = await close_silent(self._database, beat, self._clock())
        if closed is not None:
            log.error("silent_node_closed", node=beat.node, calls=len(closed), seen_at=beat.seen_at.isoformat())
