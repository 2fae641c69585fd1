"""What happens to live calls on its way into the store: many changes of many calls in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dialplane.domain.calling.calls import Call, CallStatus, HangupBy, HangupReason
from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.domain.charging.call_billing import CallBilling, hold_key
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.run import RunProgress
from dialplane.domain.ids import CallId
from dialplane.domain.rcml.callbacks import Progress
from dialplane.domain.values import dataclass
from dialplane.services.calling.goodbyes import order_goodbyes
from dialplane.services.charging.ledger import draw_up_many, release_many
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import progress_of, tell_progress
from dialplane.services.programs.runs import interrupt_runs, move_runs
from dialplane.services.shapes.calls import call_shape
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class CallChanged:
    """The call is now as `call` says; `event` is what happened, "" where only facts changed."""

    call: Call
    event: str
    dialog: KeptDialog | None = None
    """What another node would need to hang up, where it is known from now on."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over: its record is complete, its hold is settled or given back."""

    call: Call
    billing: CallBilling | None


@dataclass(frozen=True, slots=True)
class RunMoved:
    """The run of a call stands somewhere else."""

    progress: RunProgress


Change = CallChanged | CallEnded | RunMoved


async def write_changes(database: Database, changes: Sequence[Change], now: datetime, *, public_url: str = "") -> None:
    """Write the changes in their order; safe to repeat as a whole. `public_url` is where clients reach us by HTTP.

    A call that changed several times is written once, as it was last; each event still tells its own state. The end of
    a call that has ended already is nobody's: another has closed it, and billed it, while this node was silent (AV-6).
    """
    async with database.transaction() as tx:
        latest: dict[CallId, Call] = {}
        dialogs: dict[CallId, KeptDialog] = {}
        progress: list[RunProgress] = []
        for change in changes:  # `isinstance` here and below: patterns of classes take seven times as long
            if isinstance(change, RunMoved):
                progress.append(change.progress)
                continue
            call = change.call
            latest[call.id] = call
            if isinstance(change, CallEnded):
                dialogs.pop(call.id, None)
            elif change.dialog is not None:
                dialogs[call.id] = change.dialog
        told = iter(await move_runs(tx, progress))
        written = await tx.calls.update_many(list(latest.values())) if latest else set()
        events: list[Event] = []
        happened: list[tuple[Call, Progress]] = []
        ended: list[CallEnded] = []
        for change in changes:
            if isinstance(change, RunMoved):
                events += next(told)
            elif isinstance(change, CallChanged):
                call, event = change.call, change.event
                if event:
                    events.append(_event(call, event, now))
                if call.extras is not None and (what := progress_of(call, event)) is not None:
                    happened.append((call, what))
            elif change.call.id in written:
                events.append(_event(change.call, "call_hangup", now))
                ended.append(change)
        happened += [(change.call, Progress.COMPLETED) for change in ended if change.call.extras is not None]
        await _settle(tx, ended, events, now, dialogs)
        if happened:
            await tell_progress(tx, happened, now, public_url=public_url)


async def _settle(
    tx: Transaction,
    ended: Sequence[CallEnded],
    events: Sequence[Event],
    now: datetime,
    dialogs: Mapping[CallId, KeptDialog],
) -> None:
    """Charge what was answered, give back what was not, keep the dialogs of calls that go on, and tell all of it."""
    owed = [
        (change.billing, change.call) for change in ended if change.billing is not None and not change.billing.is_free
    ]
    unanswered = [billing.key for billing, call in owed if not call.progressing_at]
    answered = [billing.settlement(call, call.ended_at or now) for billing, call in owed if call.progressing_at]
    if unanswered and answered:  # all locks at once and in one order, so that two nodes never wait for each other
        await tx.ledger.lock_purses({billing.account_id for billing, _ in owed})
    if unanswered:
        await release_many(tx, unanswered, now)
    settled = await draw_up_many(tx, answered, now) if answered else None
    async with tx.together() as batch:
        if settled is not None:
            await settled.write(batch)
        await batch.dialogs.keep(dialogs, over=[change.call.id for change in ended if change.call.progressing_at])
        await publish(batch, *events)


def _event(call: Call, event: str, now: datetime) -> Event:
    return Event(call.account_id, event, call.id, call_shape(call), call.updated_at or now, run_id=call.run_id)


async def close_orphans(database: Database, node: str, now: datetime, *, by: str = "") -> list[Call]:
    """End what a node left behind when it died: each call closed, billed up to the node's last proof of life (AV-2),
    its run ended. Gives these calls. The node `by`, or one that lives, hangs up for their parties."""
    async with database.transaction() as tx:
        seen = await tx.calls.last_seen(node) or now
        calls = await tx.calls.live_on(node)
        if not calls:
            return []
        ended = [_orphan(call, max(seen, call.progressing_at or call.created_at), now) for call in calls]
        runs = await interrupt_runs(tx, [(each.account_id, each.run_id) for each in ended if each.run_id], now)
        await tx.calls.update_many(ended)
        await order_goodbyes(tx, ended, now, by=by)
        events = [*(_event(call, "call_hangup", now) for call in ended), *runs]
        await _settle(tx, await _as_reserved(tx, ended), events, now, {})
        await tell_progress(tx, [(call, Progress.COMPLETED) for call in ended], now)
    return ended


def _orphan(call: Call, ended_at: datetime, now: datetime) -> Call:
    return replace(
        call,
        status=CallStatus.HANGUP,
        hangup_by=HangupBy.LOCAL,
        hangup_reason=HangupReason.NORMAL if call.progressing_at else HangupReason.FAILED,
        cause_text="the process that carried the call ended",
        ended_at=ended_at,
        updated_at=now,
    )


async def _as_reserved(tx: Transaction, calls: Sequence[Call]) -> list[CallEnded]:
    """The calls with the price that their holds froze when they began (LED-9); a call without a hold was free."""
    holds = await tx.ledger.find_holds([hold_key(call.id) for call in calls])
    billings = {
        call.id: CallBilling(call.account_id, call.id, holds[key].rate)
        for call in calls
        if (key := hold_key(call.id)) in holds
    }
    return [CallEnded(call, billings.get(call.id)) for call in calls]
