"""Patterns as the routing reads them: a process keeps an organization's patterns, and reads what changed since.

Nothing is told to the copies. The look-up that finds the organization of a call gives the version of its patterns too;
where the copy is older, the rows that changed since are read before the call is decided.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialplane.domain.ids import AccountId, NumberId, OrganizationId
from dialplane.domain.numbering.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Destination:
    """An organization as the look-up of its SIP numbers and patterns finds it."""

    organization_id: OrganizationId
    version: int
    """Of its patterns; 0: it never had any."""
    exact: dict[str, NumberId]
    """Which of the texts that were asked for are live SIP numbers, patterns or channels of it."""


@dataclass(frozen=True, slots=True)
class PatternChanges:
    """What happened to an organization's patterns since a version."""

    version: int
    is_complete: bool
    """Everything that there is: what is not among `live` is gone."""
    live: list[Pattern]
    gone: list[NumberId]


class PatternStore(Protocol):
    """Port: what routing and configuration need of patterns beyond what every number has."""

    async def find_destinations(self, domains: Collection[str], texts: Collection[str]) -> dict[str, Destination]:
        """The organizations of those `domains` (lower case) that are one's, in one query."""
        ...

    async def find_inside(self, organization_id: OrganizationId, texts: Collection[str]) -> Destination:
        """The same of one organization, whatever its domains."""
        ...

    async def find_in_any(self, texts: Sequence[str]) -> NumberId | None:
        """The live SIP number or channel with the first of `texts` that any organization has, the oldest of several."""
        ...

    async def changes(self, organization_id: OrganizationId, *, since: int) -> PatternChanges:
        """In one query; `since` 0 reads everything."""
        ...

    async def count(self, organization_id: OrganizationId, *, at_most: int) -> int:
        """Live patterns of the organization; counting ends at `at_most`."""
        ...

    async def set_anchored(self, number_id: NumberId, anchored: bool) -> None: ...

    async def anchored_among(self, number_ids: Collection[NumberId]) -> set[NumberId]: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[NumberId]:
        """The account's live patterns, newest first; made before `before`."""
        ...

    async def list_in_order(
        self, account_id: AccountId, *, after: NumberId | None, limit: int
    ) -> list[tuple[NumberId, bool]]:
        """The account's live patterns with their switch, in the order in which calls try them (`Pattern.rank`); those
        behind the pattern `after`, which may be released meanwhile."""
        ...
