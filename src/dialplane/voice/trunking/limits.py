"""How many calls a trunk has on this node, and how many it may (calls at once and a second, both ways together)."""

import asyncio
from math import ceil

from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.ids import TrunkId
from dialplane.voice.defence.admission_rate import AdmissionRate
from dialplane.voice.leg import Leg


class TrunkLimits:
    """Trunks without limits are not counted and cost nothing."""

    def __init__(self) -> None:
        self._legs: dict[TrunkId, set[Leg]] = {}
        self._rates: dict[TrunkId, tuple[float, AdmissionRate]] = {}

    def take(self, trunk: Trunk) -> bool:
        """Whether one more call may begin; it counts against the calls a second from here on."""
        terms = trunk.terms
        if terms.calls_at_once is not None and self.calls(trunk.id) >= terms.calls_at_once:
            return False
        if terms.calls_per_second is None:
            return True
        per_second, rate = self._rates.get(trunk.id, (0.0, None))
        if rate is None or per_second != terms.calls_per_second:
            rate = AdmissionRate(terms.calls_per_second, max(1, ceil(terms.calls_per_second)))
            self._rates[trunk.id] = (terms.calls_per_second, rate)
        return rate.take(asyncio.get_running_loop().time())

    def began(self, trunk: Trunk, leg: Leg) -> None:
        """The leg goes by the trunk, and by no other any more."""
        for legs in self._legs.values():
            legs.discard(leg)
        if trunk.terms.calls_at_once is not None:
            self._legs.setdefault(trunk.id, set()).add(leg)

    def calls(self, trunk_id: TrunkId) -> int:
        """Live ones of a trunk with such a limit."""
        legs = self._legs.get(trunk_id)
        if legs is None:
            return 0
        legs -= {leg for leg in legs if leg.is_ended}
        return len(legs)
