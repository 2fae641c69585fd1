"""Flows as a resource: written after a full check, kept 10,000 an account, cleared from numbers when deleted."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.flow import Flow, FlowDraft, FlowVersion, version_of, written_anew
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.ids import NIL, AccountId, FlowId, new_id
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.programs.commands import FlowLoaded
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.flows import flow_shape
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction

CANARY_ENDED = "flow_canary_ended"
MAX_VERSIONS = 500
"""Of one flow; older ones are forgotten."""


class FlowStore(Protocol):
    """Port. Deleted flows are never found."""

    async def count(self, account_id: AccountId) -> int: ...

    async def count_locked(self, account_id: AccountId) -> int:
        """How many flows the account has; until the transaction ends nobody else adds one to it."""
        ...

    async def save(self, flow: Flow) -> None:
        """Insert, or write over the flow of the same id."""
        ...

    async def find(self, account_id: AccountId, flow_id: FlowId, *, lock: bool = False) -> Flow | None:
        """`lock`: nobody else changes it until the transaction ends."""
        ...

    async def add_version(self, version: FlowVersion, *, keep: int) -> None:
        """Keep what a write left; of the flow's versions the newest `keep` stay."""
        ...

    async def list_versions(
        self, account_id: AccountId, flow_id: FlowId, *, before: datetime | None, limit: int
    ) -> list[FlowVersion]:
        """Newest first; those made before `before`."""
        ...

    async def find_version(self, account_id: AccountId, flow_id: FlowId, version: int) -> FlowVersion | None:
        """Also of a flow that was deleted meanwhile: its runs go on."""
        ...

    async def find_many(self, flow_ids: Collection[FlowId]) -> list[Flow]:
        """Of any account, in one round trip."""
        ...

    async def find_by_direct_hash(self, direct_hash: str) -> Flow | None:
        """Of any account."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Flow]:
        """Newest first; those made before `before`."""
        ...

    async def search(self, account_id: AccountId, *, contains: str, after: FlowId | None, limit: int) -> list[Flow]:
        """Newest first; those whose name contains the text, in any case, after the flow `after`."""
        ...

    async def names(self, account_id: AccountId, *, limit: int) -> list[tuple[FlowId, str]]:
        """Newest first, without what the flows do."""
        ...

    async def find_draft(self, account_id: AccountId, flow_id: FlowId) -> FlowDraft | None: ...

    async def save_draft(self, draft: FlowDraft) -> None: ...

    async def delete_draft(self, flow_id: FlowId) -> None: ...


@dataclass(frozen=True, slots=True)
class FlowChange:
    """What a client writes; None leaves a field as it is (or empty, where the flow is new).

    `actions` is decoded JSON, still to be validated. The nil UUID takes `on_complete_flow_id` away.
    """

    name: str | None = None
    detail: str | None = None
    actions: object = None
    on_complete_flow_id: UUID | None = None


async def create_flow(database: Database, account_id: AccountId, change: FlowChange, now: datetime) -> Flow:
    """Raises Invalid for a fault in an action (INVALID_ACTION_TYPE, ...), LimitExceeded beyond the plan."""
    async with database.transaction() as tx:
        return await create_flow_in(tx, account_id, change, now)


async def create_flow_in(tx: Transaction, account_id: AccountId, change: FlowChange, now: datetime) -> Flow:
    """As `create_flow`, inside the caller's transaction."""
    flow = Flow(
        id=FlowId(new_id(now)),
        account_id=account_id,
        name=check_text(change.name or "", "name", 255),
        detail=check_text(change.detail or "", "detail", 4096),
        actions=validate_actions([] if change.actions is None else change.actions),
        direct_hash=_new_direct_hash(),
        created_at=now,
    )
    account = await tx.accounts.get(account_id)
    await check_plan(tx, account.plan, "flows", existing=await tx.flows.count_locked(account_id))
    flow = replace(flow, on_complete_flow_id=await on_complete_of(tx, flow, change.on_complete_flow_id))
    return await write_version(tx, flow, "flow_created", now)


async def get_flow(database: Database, account_id: AccountId, flow_id: FlowId) -> Flow:
    """Raises NotFound (FLOW_NOT_FOUND) for another account's flow too."""
    async with database.reading() as tx:
        return await find_flow(tx, account_id, flow_id)


async def list_flows(database: Database, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Flow]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.flows.list_for(account_id, before=before, limit=limit)


async def search_flows(
    database: Database, account_id: AccountId, *, contains: str, after: FlowId | None, limit: int
) -> list[Flow]:
    """Newest first; those whose name contains the text, after the flow `after`."""
    async with database.reading() as tx:
        return await tx.flows.search(account_id, contains=contains, after=after, limit=limit)


async def flow_names(database: Database, account_id: AccountId, *, limit: int) -> list[tuple[FlowId, str]]:
    """Ids and names, newest first."""
    async with database.reading() as tx:
        return await tx.flows.names(account_id, limit=limit)


async def numbers_using(database: Database, account_id: AccountId, flow_id: FlowId, *, limit: int) -> list[Number]:
    """The numbers that run the flow for calls or messages."""
    async with database.reading() as tx:
        return await tx.numbers.using_flow(account_id, flow_id, limit=limit)


async def update_flow(
    database: Database, account_id: AccountId, flow_id: FlowId, change: FlowChange, now: datetime
) -> Flow:
    """Change what is given. Running runs go on with the actions that they began with."""
    actions = None if change.actions is None else validate_actions(change.actions)
    async with database.transaction() as tx:
        flow = await find_flow(tx, account_id, flow_id, lock=True)
        changed = replace(
            flow,
            name=flow.name if change.name is None else check_text(change.name, "name", 255),
            detail=flow.detail if change.detail is None else check_text(change.detail, "detail", 4096),
            actions=flow.actions if actions is None else actions,
            on_complete_flow_id=await on_complete_of(tx, flow, change.on_complete_flow_id),
        )
        return await write_version(tx, written_anew(changed, now), "flow_updated", now, before=flow)


async def list_versions(
    database: Database, account_id: AccountId, flow_id: FlowId, *, before: datetime | None, limit: int
) -> list[FlowVersion]:
    """Newest first; those made before `before`.

    Raises NotFound (FLOW_NOT_FOUND).
    """
    async with database.reading() as tx:
        await find_flow(tx, account_id, flow_id)
        return await tx.flows.list_versions(account_id, flow_id, before=before, limit=limit)


async def get_version(database: Database, account_id: AccountId, flow_id: FlowId, version: int) -> FlowVersion:
    """Raises NotFound (FLOW_NOT_FOUND, FLOW_VERSION_NOT_FOUND)."""
    async with database.reading() as tx:
        await find_flow(tx, account_id, flow_id)
        return await find_version(tx, account_id, flow_id, version)


async def roll_back(
    database: Database, account_id: AccountId, flow_id: FlowId, version: int | None, now: datetime
) -> Flow:
    """Make the flow what it was at `version`, None being the one before, as a new version. Running runs stay on theirs.

    Raises NotFound (FLOW_NOT_FOUND, FLOW_VERSION_NOT_FOUND).
    """
    async with database.transaction() as tx:
        flow = await find_flow(tx, account_id, flow_id, lock=True)
        old = await find_version(tx, account_id, flow_id, flow.version - 1 if version is None else version)
        changed = replace(
            flow,
            name=old.name,
            detail=old.detail,
            actions=old.actions,
            on_complete_flow_id=await still_there(tx, flow, old.on_complete_flow_id),
        )
        return await write_version(tx, written_anew(changed, now), "flow_updated", now, before=flow)


async def find_version(tx: Transaction, account_id: AccountId, flow_id: FlowId, version: int) -> FlowVersion:
    """For use cases that compose. Raises NotFound (FLOW_VERSION_NOT_FOUND)."""
    found = await tx.flows.find_version(account_id, flow_id, version)
    if found is None:
        raise NotFound("There is no such version of the flow", reason="FLOW_VERSION_NOT_FOUND", field="version")
    return found


async def delete_flow(
    database: Database, account_id: AccountId, flow_id: FlowId, now: datetime, *, unless_used: bool = False
) -> Flow:
    """Mark it as deleted and take it off every number that uses it.

    `unless_used`: raises Conflict (FLOW_IN_USE) where a number does.
    """
    async with database.transaction() as tx:
        flow = await find_flow(tx, account_id, flow_id, lock=True)
        if unless_used and (using := await tx.numbers.using_flow(account_id, flow_id, limit=1)):
            raise Conflict(f"{using[0].number} runs the flow", reason="FLOW_IN_USE", field="flow_id")
        await tx.numbers.clear_flow(flow_id, now)
        await tx.flows.delete_draft(flow_id)
        return await save_flow(tx, replace(flow, updated_at=now, deleted_at=now), "flow_deleted", now)


async def regenerate_direct_hash(database: Database, account_id: AccountId, flow_id: FlowId, now: datetime) -> Flow:
    """Give the flow a new address for direct SIP calls; the old one stops working at once."""
    async with database.transaction() as tx:
        flow = await find_flow(tx, account_id, flow_id, lock=True)
        changed = replace(flow, direct_hash=_new_direct_hash(), updated_at=now)
        return await save_flow(tx, changed, "flow_updated", now)


async def find_flow(tx: Transaction, account_id: AccountId, flow_id: FlowId, *, lock: bool = False) -> Flow:
    """For use cases that compose. Raises NotFound (FLOW_NOT_FOUND)."""
    flow = await tx.flows.find(account_id, flow_id, lock=lock)
    if flow is None:
        raise NotFound("There is no such flow", reason="FLOW_NOT_FOUND", field="flow_id")
    return flow


async def on_complete_of(tx: Transaction, flow: Flow, wanted: UUID | None) -> FlowId | None:
    """The flow that follows: the one it has, where nothing is wanted; none, where nil is. Raises Invalid."""
    if wanted is None:
        return flow.on_complete_flow_id
    if wanted == NIL:
        return None
    if wanted != flow.id and await tx.flows.find(flow.account_id, FlowId(wanted)) is None:
        raise Invalid(
            "on_complete_flow_id names a flow that does not exist",
            reason="FLOW_NOT_FOUND",
            field="on_complete_flow_id",
        )
    return FlowId(wanted)


async def still_there(tx: Transaction, flow: Flow, following: FlowId | None) -> FlowId | None:
    """The flow that follows `flow`, unless it was deleted meanwhile."""
    if following is None or following == flow.id or await tx.flows.find(flow.account_id, following) is not None:
        return following
    return None


async def write_version(tx: Transaction, flow: Flow, event: str, now: datetime, *, before: Flow | None = None) -> Flow:
    """Save what is a version of its own. `before`: the flow as it was; its canary is over."""
    saved = await save_flow(tx, flow, event, now)
    await tx.flows.add_version(version_of(saved), keep=MAX_VERSIONS)
    if before is not None and before.canary is not None:
        await tell(tx, saved, CANARY_ENDED, now)
    return saved


async def save_flow(tx: Transaction, flow: Flow, event: str, now: datetime) -> Flow:
    """Save what is no version of its own."""
    await tx.flows.save(flow)
    await tell(tx, flow, event, now)
    return flow


async def tell(tx: Transaction, flow: Flow, event: str, now: datetime) -> None:
    """Flows' events are internal: no webhook gets them (VoIPBIN reference 3.1)."""
    data: Mapping[str, object] = flow_shape(flow)
    await publish(tx, Event(flow.account_id, event, flow.id, data, now, public=False))


def _new_direct_hash() -> str:
    return f"direct.{secrets.token_hex(6)}"


def check_text(value: str, field: str, limit: int) -> str:
    if len(value) > limit:
        raise Invalid(f"{field} must have at most {limit} characters", reason="INVALID_ARGUMENT", field=field)
    return value


async def load_flow(database: Database, account_id: AccountId, flow_id: UUID) -> FlowLoaded:
    """What every runtime answers to `LoadFlow`. Raises NotFound where the account has no such flow."""
    async with database.reading() as tx:
        flow = await find_flow(tx, account_id, FlowId(flow_id))
    return FlowLoaded(tuple(action.document() for action in flow.actions), flow.on_complete_flow_id)
