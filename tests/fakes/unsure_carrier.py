"""A carrier at the far end of a bad line: at one of the calls to it, something goes wrong that a test names."""

from collections.abc import Mapping
from enum import StrEnum

from dialplane.services.supply.carriers import (
    Answer,
    Carrier,
    CarrierSearch,
    CarrierSettings,
    CarrierTimeout,
    Ordered,
    Pending,
    Refused,
)

REFUSAL = "not this one"


class Mishap(StrEnum):
    """What happens to one call."""

    ERROR = "error"
    """It fails before the carrier has heard it."""
    TIMEOUT = "timeout"
    """The carrier does what is asked, and the answer is lost."""
    LATE = "late"
    """The carrier is still at work on it."""
    TWICE = "twice"
    """The call arrives twice."""
    REFUSED = "refused"
    """The carrier will not."""


class UnsureCarrier:
    """Fulfils `services.supply.carriers.Carrier` and its registry. The `at`-th call, counted from 0, has the mishap."""

    is_local = False

    def __init__(self, mishap: Mishap, at: int) -> None:
        self._mishap = mishap
        self._at = at
        self._calls = 0
        self._refused: set[str] = set()
        self.orders: dict[str, str] = {}
        """The number of each reference."""

    async def names(self) -> list[str]:
        return ["sandbox"]

    def carrier(self, name: str) -> Carrier:
        return self

    async def searches(self) -> Mapping[str, CarrierSearch]:
        return {}

    async def find_settings(self, name: str) -> CarrierSettings | None:
        return None

    @property
    def had_it(self) -> bool:
        """Whether the call that was to go wrong was made."""
        return self._calls > self._at

    def _happens(self) -> Mishap | None:
        self._calls += 1
        mishap = self._mishap if self._calls == self._at + 1 else None
        if mishap is Mishap.ERROR:
            raise CarrierTimeout
        return mishap

    async def order(self, number: str, reference: str) -> Answer:
        mishap = self._happens()
        if mishap is Mishap.REFUSED and reference not in self.orders:
            self._refused.add(reference)
        for _ in range(2 if mishap is Mishap.TWICE else 1):
            if reference not in self._refused:
                self.orders[reference] = number
        if mishap is Mishap.TIMEOUT:
            raise CarrierTimeout
        if mishap is Mishap.LATE:
            return Pending()
        return self._answer(reference) or Refused(REFUSAL)

    async def find_order(self, reference: str) -> Answer | None:
        mishap = self._happens()
        if mishap is Mishap.TIMEOUT:
            raise CarrierTimeout
        return Pending() if mishap is Mishap.LATE else self._answer(reference)

    async def owns(self, number: str) -> bool:
        mishap = self._happens()
        if mishap is Mishap.TIMEOUT:
            raise CarrierTimeout
        return mishap is not Mishap.LATE and number in self.orders.values()

    async def release(self, number: str) -> None:
        mishap = self._happens()
        self.orders = {reference: held for reference, held in self.orders.items() if held != number}
        if mishap is Mishap.TIMEOUT:
            raise CarrierTimeout

    def _answer(self, reference: str) -> Answer | None:
        if reference in self._refused:
            return Refused(REFUSAL)
        return Ordered() if reference in self.orders else None
