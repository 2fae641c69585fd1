"""The patterns of the organizations that this process routes for, kept between calls (`PatternIndex`).

Right at every look: the version in the caller's own transaction says whether anything was committed since, and then
what changed is read first (DESIGN section 6: no cache without invalidation).
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from dialplane.domain.ids import OrganizationId
from dialplane.domain.numbering.pattern_index import PatternIndex
from dialplane.services.numbering.patterns import Destination, PatternChanges
from dialplane.services.transaction import Transaction

MOST_KEPT = 200_000
"""Patterns of all organizations together, 1.3 kB each; the organization that was asked for longest ago goes first."""
_BUILT_AT_ONCE = 1_000
"""Patterns put into a new index before others may run: some twenty milliseconds."""


@dataclass(slots=True)
class _Kept:
    version: int
    index: PatternIndex


@dataclass(slots=True)
class PatternCache:
    """Indexes by organization."""

    most: int = MOST_KEPT
    _kept: OrderedDict[OrganizationId, _Kept] = field(default_factory=OrderedDict)

    async def index(self, tx: Transaction, destination: Destination) -> PatternIndex:
        """The organization's patterns as of the version in `destination`, or later."""
        if destination.version == 0:
            return _NONE
        organization_id = destination.organization_id
        kept = self._kept.get(organization_id)
        if kept is None or kept.version < destination.version:
            kept = await self._renew(tx, organization_id)
        self._kept.move_to_end(organization_id)
        return kept.index

    async def _renew(self, tx: Transaction, organization_id: OrganizationId) -> _Kept:
        """Others may renew the same meanwhile: what is older than what stands then is not written over it."""
        known = self._kept.get(organization_id)
        changes = await tx.patterns.changes(organization_id, since=known.version if known else 0)
        if known is None or changes.is_complete:
            fresh = _Kept(changes.version, await _build(changes))
            latest = self._kept.get(organization_id)
            if latest is None or latest.version < fresh.version:
                self._kept[organization_id] = fresh
        elif known.version < changes.version:
            _apply(changes, known)
        kept = self._kept.setdefault(organization_id, known) if known else self._kept[organization_id]
        self._make_room(besides=organization_id)
        return kept

    def _make_room(self, *, besides: OrganizationId) -> None:
        self._kept.move_to_end(besides)
        total = sum(len(kept.index) for kept in self._kept.values())
        while total > self.most and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            total -= len(gone.index)


async def _build(changes: PatternChanges) -> PatternIndex:
    index = PatternIndex()
    for n, pattern in enumerate(changes.live, start=1):
        index.put(pattern)
        if n % _BUILT_AT_ONCE == 0:
            await asyncio.sleep(0)
    return index


def _apply(changes: PatternChanges, kept: _Kept) -> None:
    for number_id in changes.gone:
        kept.index.remove(number_id)
    for pattern in changes.live:
        kept.index.put(pattern)
    kept.version = changes.version


_NONE = PatternIndex()

CACHE = PatternCache()
"""This process's."""
