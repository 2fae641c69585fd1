"""The port to carriers, as far as finding and ordering numbers goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dialplane.domain.supply.inventory import ItemQuery, NewItem


class CarrierTimeout(Exception):
    """The carrier did not answer in time: whether it did what was asked is not known."""


class CarrierFailed(Exception):
    """The carrier answered with an error of its own: nothing was done."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The number is ours at the carrier."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The carrier took the order and is working on it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier will not give the number; `reason` in its words."""

    reason: str


Answer = Ordered | Pending | Refused


class Carrier(Protocol):
    """One carrier. Every call may raise CarrierTimeout, and every call may be repeated."""

    @property
    def is_local(self) -> bool:
        """Whether ordering needs nobody outside: the stock is the operator's own, and an order is our own record."""
        ...

    async def order(self, number: str, reference: str) -> Answer:
        """Order the number. The same `reference` again is the same order, not a second one."""
        ...

    async def find_order(self, reference: str) -> Answer | None:
        """What became of the order; None where the carrier has never heard of it."""
        ...

    async def owns(self, number: str) -> bool:
        """Whether the number stands in our inventory at the carrier."""
        ...

    async def release(self, number: str) -> None:
        """Give the number back; nothing happens where it is not ours."""
        ...


class CarrierSearch(Protocol):
    """A carrier that can be asked what it has, beside what is among the items already."""

    async def search(self, query: ItemQuery, limit: int) -> Sequence[NewItem]:
        """The first `limit` of what fits, in the query's order and behind its `after`; its own limit and offset do not
        count. Each can be ordered by its number, at the price that it shows.

        Raises CarrierTimeout, CarrierFailed. May be cancelled at any time.
        """
        ...


class Carriers(Protocol):
    def names(self) -> list[str]:
        """Every carrier that is set up, in order."""
        ...

    def carrier(self, name: str) -> Carrier:
        """Raises KeyError where no carrier of the name is set up."""
        ...

    def searches(self) -> Mapping[str, CarrierSearch]:
        """Those that can be asked what they have, by name."""
        ...
