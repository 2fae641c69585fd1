"""Routes outwards as the operator keeps them; how a call uses them is in `trunk_ways`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.routes import Route, check_route, read_target
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, RouteId, TrunkId, new_id
from dialplane.services.calling.trunk_ways import Candidate
from dialplane.services.transaction import Database, Transaction


class RouteStore(Protocol):
    """Port. Deleted ones are not found."""

    async def insert(self, route: Route) -> None: ...

    async def update(self, route: Route) -> None: ...

    async def find(self, route_id: RouteId) -> Route | None: ...

    async def list_live(
        self, account_id: AccountId | None, *, before: datetime | None, limit: int, of_everybody: bool
    ) -> Sequence[Route]:
        """Newest first; of one account, or of all and everybody, or those of everybody alone."""
        ...

    async def remove_of_trunk(self, trunk_id: TrunkId, now: datetime) -> None: ...

    async def list_candidates(self, account_id: AccountId, digits: str) -> list[Candidate]:
        """All live trunks that the account may use, by priority, then oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class RouteChange:
    """What somebody wants of a route; None leaves a field as it is."""

    trunk_id: TrunkId | None = None
    target: str | None = None
    priority: int | None = None
    name: str | None = None
    detail: str | None = None


async def create_route(
    database: Database, account_id: AccountId | None, trunk_id: TrunkId, change: RouteChange, now: datetime
) -> Route:
    """Raises Invalid naming the field, NotFound where account or trunk are unknown."""
    route = Route(RouteId(new_id(now)), account_id, trunk_id, "", 0, now)
    async with database.transaction() as tx:
        if account_id is not None and await tx.accounts.find(account_id) is None:
            raise NotFound("There is no such account", reason="CUSTOMER_NOT_FOUND", field="account_id")
        route = await _changed(tx, route, change)
        await tx.routes.insert(route)
    return route


async def get_route(database: Database, route_id: RouteId) -> Route:
    """Raises NotFound."""
    async with database.reading() as tx:
        return await _get(tx, route_id)


async def list_routes(
    database: Database,
    account_id: AccountId | None,
    *,
    before: datetime | None,
    limit: int,
    of_everybody: bool = False,
) -> Sequence[Route]:
    """Newest first; one account's, all, or with `of_everybody` those that are no account's."""
    async with database.reading() as tx:
        return await tx.routes.list_live(account_id, before=before, limit=limit, of_everybody=of_everybody)


async def update_route(database: Database, route_id: RouteId, change: RouteChange, now: datetime) -> Route:
    """Raises Invalid naming the field, NotFound."""
    async with database.transaction() as tx:
        route = replace(await _changed(tx, await _get(tx, route_id), change), updated_at=now)
        await tx.routes.update(route)
    return route


async def remove_route(database: Database, route_id: RouteId, now: datetime) -> Route:
    """Raises NotFound."""
    async with database.transaction() as tx:
        route = replace(await _get(tx, route_id), deleted_at=now, updated_at=now)
        await tx.routes.update(route)
    return route


async def _get(tx: Transaction, route_id: RouteId) -> Route:
    route = await tx.routes.find(route_id)
    if route is None:
        raise NotFound("There is no such route", reason="ROUTE_NOT_FOUND")
    return route


async def _changed(tx: Transaction, route: Route, change: RouteChange) -> Route:
    changed = replace(
        route,
        trunk_id=route.trunk_id if change.trunk_id is None else change.trunk_id,
        target=route.target if change.target is None else read_target(change.target),
        priority=route.priority if change.priority is None else change.priority,
        name=route.name if change.name is None else change.name,
        detail=route.detail if change.detail is None else change.detail,
    )
    check_route(changed)
    if await tx.trunks.find(changed.trunk_id) is None:
        raise NotFound("There is no such trunk", reason="TRUNK_NOT_FOUND", field="trunk_id")
    return changed
