"""The ports to carriers: numbers are found, ordered and configured there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dialplane.domain.supply.inventory import ItemQuery, NewItem


class CarrierTimeout(Exception):
    """The carrier did not answer in time: whether it did what was asked is not known."""


class CarrierBusy(CarrierTimeout):
    """The carrier was not reached, or has no time: nothing was done, and it may be tried again."""


class CarrierFailed(Exception):
    """The carrier answered with an error of its own: nothing was done."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The number is ours at the carrier."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The carrier took the order and is working on it; `detail` says what it waits for, where it says so."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier will not give the number; `reason` in its words."""

    reason: str


Answer = Ordered | Pending | Refused


@dataclass(frozen=True, slots=True)
class RemoteNumber:
    """A number as the carrier's inventory has it. Settings stand under the carrier's own names."""

    number: str
    carrier_id: str
    status: str
    settings: Mapping[str, str] = field(default_factory=dict)
    emergency: str = ""
    """What the carrier says of the emergency address; "" where it says nothing."""


class Carrier(Protocol):
    """One carrier. Every call may raise CarrierTimeout and CarrierFailed, and every call may be repeated."""

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


class CarrierSettings(Protocol):
    """A carrier at which a number has settings. Raises CarrierTimeout, CarrierFailed; all may be repeated."""

    @property
    def wanted_settings(self) -> Mapping[str, str]:
        """What each number of ours is to have there."""
        ...

    @property
    def verifies_webhooks(self) -> bool:
        """Whether there is a key by which the carrier's webhooks can be believed."""
        ...

    async def find_number(self, number: str) -> RemoteNumber | None:
        """The number as our inventory there has it; None where it is not in it."""
        ...

    async def list_numbers(self) -> Sequence[RemoteNumber]:
        """The whole inventory, without settings where they cost a request each."""
        ...

    async def write_settings(self, number: str, settings: Mapping[str, str]) -> None:
        """Set these and leave every other one alone."""
        ...


class Carriers(Protocol):
    async def names(self) -> list[str]:
        """Every carrier that is set up, in order."""
        ...

    def carrier(self, name: str) -> Carrier:
        """Raises KeyError where no carrier of the name can be set up here."""
        ...

    async def searches(self) -> Mapping[str, CarrierSearch]:
        """Those that can be asked what they have, by name."""
        ...

    async def find_settings(self, name: str) -> CarrierSettings | None:
        """The carrier's settings of numbers; None where it has none, or is not set up."""
        ...
