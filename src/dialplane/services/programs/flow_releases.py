"""A flow's way to its callers: a draft that runs nowhere, a share of the calls that tries it, all of them.

A run keeps the version that it began with. Whoever writes the flow itself (`flows.update_flow`, `flows.roll_back`)
decides for all runs, so a canary ends with any such write.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.flows.flow import Canary, Flow, FlowDraft, FlowVersion, version_of, written_anew
from dialplane.domain.flows.run import Run
from dialplane.domain.flows.validation import check_draft, find_faults, validate_actions
from dialplane.domain.ids import AccountId, FlowId
from dialplane.services.programs.flows import (
    CANARY_ENDED,
    MAX_VERSIONS,
    check_text,
    find_flow,
    find_version,
    on_complete_of,
    save_flow,
    still_there,
    tell,
    write_version,
)
from dialplane.services.transaction import Database, Transaction

CANARY_STARTED = "flow_canary_started"
CANARY_CHANGED = "flow_canary_changed"
ALL = 100
"""The percentage that is no canary."""


@dataclass(frozen=True, slots=True)
class DraftChange:
    """What is written of a draft; None leaves a field as it is in the draft, or in the flow where there is none.

    `revision`: the draft's as its writer saw it, 0 where there was none; None writes over whatever is there.
    """

    name: str | None = None
    detail: str | None = None
    actions: object = None
    on_complete_flow_id: UUID | None = None
    revision: int | None = None


async def find_draft(database: Database, account_id: AccountId, flow_id: FlowId) -> FlowDraft | None:
    """Raises NotFound (FLOW_NOT_FOUND)."""
    async with database.reading() as tx:
        await find_flow(tx, account_id, flow_id)
        return await tx.flows.find_draft(account_id, flow_id)


async def get_draft(database: Database, account_id: AccountId, flow_id: FlowId) -> FlowDraft:
    """Raises NotFound (FLOW_NOT_FOUND, FLOW_DRAFT_NOT_FOUND)."""
    found = await find_draft(database, account_id, flow_id)
    if found is None:
        raise _no_draft()
    return found


async def save_draft(
    database: Database, account_id: AccountId, flow_id: FlowId, change: DraftChange, now: datetime
) -> FlowDraft:
    """Keep the draft, also where its actions hold faults: `faults_of` names them, and no such draft is published.

    Raises Invalid where the actions are no list or too large, Conflict (FLOW_DRAFT_CHANGED) where somebody else wrote
    it meanwhile.
    """
    if change.actions is not None:
        check_draft(change.actions)
    async with database.transaction() as tx:
        flow = await find_flow(tx, account_id, flow_id, lock=True)
        kept = await tx.flows.find_draft(account_id, flow_id)
        if change.revision is not None and change.revision != (kept.revision if kept else 0):
            raise Conflict("Somebody else has changed the draft meanwhile", reason="FLOW_DRAFT_CHANGED")
        old = kept or _draft_of(version_of(flow), flow.version, now)
        draft = replace(
            old,
            name=old.name if change.name is None else check_text(change.name, "name", 255),
            detail=old.detail if change.detail is None else check_text(change.detail, "detail", 4096),
            actions=change.actions if isinstance(change.actions, list) else old.actions,
            on_complete_flow_id=await on_complete_of(
                tx, replace(flow, on_complete_flow_id=old.on_complete_flow_id), change.on_complete_flow_id
            ),
            revision=kept.revision + 1 if kept else 1,
            updated_at=now,
        )
        await tx.flows.save_draft(draft)
        return draft


async def draft_from_version(
    database: Database, account_id: AccountId, flow_id: FlowId, version: int, now: datetime
) -> FlowDraft:
    """Begin the draft anew with what a version was. Raises NotFound (FLOW_NOT_FOUND, FLOW_VERSION_NOT_FOUND)."""
    async with database.transaction() as tx:
        flow = await find_flow(tx, account_id, flow_id, lock=True)
        old = await find_version(tx, account_id, flow_id, version)
        kept = await tx.flows.find_draft(account_id, flow_id)
        draft = _draft_of(old, flow.version, now)
        draft = replace(draft, revision=kept.revision + 1 if kept else 1)
        await tx.flows.save_draft(draft)
        return draft


async def discard_draft(database: Database, account_id: AccountId, flow_id: FlowId) -> FlowDraft:
    """Raises NotFound (FLOW_NOT_FOUND, FLOW_DRAFT_NOT_FOUND)."""
    async with database.transaction() as tx:
        await find_flow(tx, account_id, flow_id, lock=True)
        draft = await _locked_draft(tx, account_id, flow_id)
        await tx.flows.delete_draft(flow_id)
        return draft


def faults_of(draft: FlowDraft) -> Sequence[Invalid]:
    """All that keeps a draft from being published, as the validator says it."""
    return find_faults(draft.actions)


async def publish_draft(
    database: Database, account_id: AccountId, flow_id: FlowId, percent: int, now: datetime
) -> Flow:
    """Make the draft the flow's next version: for all new runs, or for `percent` (1 to 99) of them as its canary.

    Raises Invalid where the draft holds a fault, NotFound (FLOW_NOT_FOUND, FLOW_DRAFT_NOT_FOUND).
    """
    _check_percent(percent)
    async with database.transaction() as tx:
        flow = await find_flow(tx, account_id, flow_id, lock=True)
        draft = await _locked_draft(tx, account_id, flow_id)
        written = replace(
            written_anew(flow, now),
            name=draft.name,
            detail=draft.detail,
            actions=validate_actions(draft.actions),
            on_complete_flow_id=await still_there(tx, flow, draft.on_complete_flow_id),
        )
        await tx.flows.delete_draft(flow_id)
        if percent == ALL:
            return await write_version(tx, written, "flow_updated", now, before=flow)
        await tx.flows.add_version(version_of(written), keep=MAX_VERSIONS)
        canary = Canary(written.version, percent, written.actions, now, written.on_complete_flow_id)
        changed = replace(flow, canary=canary, last_version=written.version, updated_at=now)
        if flow.canary is not None:
            await tell(tx, flow, CANARY_ENDED, now)
        return await save_flow(tx, changed, CANARY_STARTED, now)


async def set_canary(database: Database, account_id: AccountId, flow_id: FlowId, percent: int, now: datetime) -> Flow:
    """Change the share of the canary; 100 makes its version the flow's own. Running runs stay on theirs.

    Raises NotFound (FLOW_NOT_FOUND, FLOW_CANARY_NOT_FOUND), Invalid.
    """
    _check_percent(percent)
    async with database.transaction() as tx:
        flow, canary = await _locked_canary(tx, account_id, flow_id)
        if percent < ALL:
            changed = replace(flow, canary=replace(canary, percent=percent), updated_at=now)
            return await save_flow(tx, changed, CANARY_CHANGED, now)
        version = await find_version(tx, account_id, flow_id, canary.version)
        promoted = replace(
            flow,
            name=version.name,
            detail=version.detail,
            actions=canary.actions,
            on_complete_flow_id=await still_there(tx, flow, canary.on_complete_flow_id),
            version=canary.version,
            canary=None,
            updated_at=now,
        )
        await tell(tx, promoted, CANARY_ENDED, now)
        return await save_flow(tx, promoted, "flow_updated", now)


async def stop_canary(database: Database, account_id: AccountId, flow_id: FlowId, now: datetime) -> Flow:
    """Let all new runs take the flow's own version again. The canary's stays among the versions.

    Raises NotFound (FLOW_NOT_FOUND, FLOW_CANARY_NOT_FOUND).
    """
    async with database.transaction() as tx:
        flow, _ = await _locked_canary(tx, account_id, flow_id)
        return await save_flow(tx, replace(flow, canary=None, updated_at=now), CANARY_ENDED, now)


@dataclass(frozen=True, slots=True)
class CanaryRuns:
    """What came of a canary so far."""

    count: int
    failed: int
    """Those that ended with an error."""
    newest: Sequence[Run]


async def canary_runs(database: Database, account_id: AccountId, flow_id: FlowId, version: int) -> CanaryRuns:
    """Of the runs that took a version as a canary; the newest few with what they are."""
    async with database.reading() as tx:
        count, failed = await tx.runs.count_canary(account_id, flow_id, version)
        return CanaryRuns(count, failed, await tx.runs.newest_of_canary(account_id, flow_id, version, limit=5))


async def _locked_canary(tx: Transaction, account_id: AccountId, flow_id: FlowId) -> tuple[Flow, Canary]:
    flow = await find_flow(tx, account_id, flow_id, lock=True)
    if flow.canary is None:
        raise NotFound("The flow has no canary", reason="FLOW_CANARY_NOT_FOUND")
    return flow, flow.canary


async def _locked_draft(tx: Transaction, account_id: AccountId, flow_id: FlowId) -> FlowDraft:
    """Of a flow that is locked, and its draft with it."""
    draft = await tx.flows.find_draft(account_id, flow_id)
    if draft is None:
        raise _no_draft()
    return draft


def _no_draft() -> NotFound:
    return NotFound("The flow has no draft", reason="FLOW_DRAFT_NOT_FOUND")


def _draft_of(version: FlowVersion, based_on: int, now: datetime) -> FlowDraft:
    return FlowDraft(
        version.flow_id,
        version.account_id,
        version.name,
        version.detail,
        [action.document() for action in version.actions],
        based_on,
        now,
        version.on_complete_flow_id,
    )


def _check_percent(percent: int) -> None:
    if not 1 <= percent <= ALL:
        raise Invalid("percent is 1 to 100", reason="INVALID_ARGUMENT", field="percent")
