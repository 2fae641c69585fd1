"""What is looked up, and sent once more, in the log of webhooks: health of endpoints, and replays as jobs (WH-7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.eventing.feed_cursors import FeedCursor, Moment
from dialplane.domain.eventing.health import WINDOW, HealthFacts, HealthState, state_of
from dialplane.domain.eventing.replays import MOST_REPLAYED, Replay, ReplayFilter, ReplayId, ReplayState
from dialplane.domain.eventing.webhooks import Endpoint
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, EventId, new_id
from dialplane.services.eventing.webhooks import get_endpoint
from dialplane.services.tenancy.account_locks import hold_active_alone
from dialplane.services.transaction import Database

if TYPE_CHECKING:  # it composes what is here
    from dialplane.services.eventing.event_pages import PagedEvent

STEP = 500
"""Deliveries that one transaction sends again."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of a replay did; an empty one ends it."""

    looked_at: int
    replayed: int


class WebhookLogStore(Protocol):
    """Port: what is read of the log of webhooks and of the outbox, and jobs on it."""

    async def find_by_event(self, account_id: AccountId, event_id: EventId) -> Sequence[DeliveryId]:
        """The first deliveries of the event, not those of its replays."""
        ...

    async def health(self, account_id: AccountId, endpoint_id: EndpointId, *, since: datetime) -> HealthFacts: ...

    async def moment(self) -> Moment: ...

    async def list_window(
        self, account_id: AccountId, cursor: FeedCursor, *, until: int, limit: int, requests: bool = False
    ) -> "Sequence[PagedEvent]":
        """Public events of the cursor's window, with numbers after its own up to `until`, by their numbers;
        with `requests` what made status callbacks and requests to message hooks, too."""
        ...

    async def count_replayable(self, account_id: AccountId, wanted: ReplayFilter, *, most: int) -> int: ...

    async def add_replay(self, replay: Replay) -> None: ...

    async def save_replay(self, replay: Replay) -> None:
        """Write state, counts and end."""
        ...

    async def find_replay(self, account_id: AccountId, replay_id: ReplayId, *, lock: bool = False) -> Replay | None: ...

    async def find_running(self, account_id: AccountId) -> Replay | None: ...

    async def list_replays(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Replay]: ...

    async def lock_running(self) -> Replay | None:
        """The oldest job that nobody else is at."""
        ...

    async def replay_step(self, replay: Replay, *, limit: int, now: datetime) -> Step:
        """Send the next deliveries of the job again, oldest first; those still on their way are sent at once."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    endpoint: Endpoint
    state: HealthState
    facts: HealthFacts


async def get_health(database: Database, account_id: AccountId, endpoint_id: EndpointId, now: datetime) -> Health:
    """How the endpoint fared in the last day. Raises NotFound."""
    endpoint = await get_endpoint(database, account_id, endpoint_id)
    async with database.reading() as tx:
        facts = await tx.webhook_log.health(account_id, endpoint_id, since=now - WINDOW)
    return Health(endpoint, state_of(endpoint, facts, now), facts)


async def start_replay(database: Database, account_id: AccountId, wanted: ReplayFilter, now: datetime) -> Replay:
    """Begin to send again every delivery that fits; a worker goes on with it.

    Raises Invalid, NotFound (the endpoint), Conflict (another one is running).
    """
    wanted.check()
    if wanted.endpoint_id is not None:
        await get_endpoint(database, account_id, wanted.endpoint_id)
    until = min(wanted.created_until or now, now)
    wanted = replace(wanted, created_until=until)
    async with database.transaction() as tx:
        await hold_active_alone(tx, account_id)
        if await tx.webhook_log.find_running(account_id) is not None:
            raise Conflict("A replay of this account is running; wait for its end or cancel it", reason="STATE_INVALID")
        total = await tx.webhook_log.count_replayable(account_id, wanted, most=MOST_REPLAYED + 1)
        if total > MOST_REPLAYED:
            raise Invalid(f"More than {MOST_REPLAYED} deliveries fit: ask for a part, such as a time", field="tm_from")
        replay = Replay(ReplayId(new_id(now)), account_id, wanted, ReplayState.RUNNING, total, now)
        await tx.webhook_log.add_replay(replay)
    return replay


async def go_on_with_replays(database: Database, now: datetime) -> bool:
    """One step of the oldest job, by the wall clock, as deliveries are; whether there may be more to do."""
    async with database.transaction() as tx:
        replay = await tx.webhook_log.lock_running()
        if replay is None:
            return False
        step = await tx.webhook_log.replay_step(replay, limit=STEP, now=now)
        replay = replace(
            replay,
            replayed=replay.replayed + step.replayed,
            skipped=replay.skipped + step.looked_at - step.replayed,
        )
        if step.looked_at < STEP:
            replay = replace(replay, state=ReplayState.DONE, finished_at=now)
        await tx.webhook_log.save_replay(replay)
    return True


async def list_replays(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Replay]:
    """Newest first."""
    async with database.reading() as tx:
        return await tx.webhook_log.list_replays(account_id, before=before, limit=limit)


async def get_replay(database: Database, account_id: AccountId, replay_id: ReplayId) -> Replay:
    """Raises NotFound."""
    async with database.reading() as tx:
        return _known(await tx.webhook_log.find_replay(account_id, replay_id))


async def cancel_replay(database: Database, account_id: AccountId, replay_id: ReplayId, now: datetime) -> Replay:
    """Replay nothing more; what was sent stays sent. Raises NotFound, Conflict (it is over)."""
    async with database.transaction() as tx:
        replay = _known(await tx.webhook_log.find_replay(account_id, replay_id, lock=True))
        if replay.state is not ReplayState.RUNNING:
            raise Conflict(f"The replay is {replay.state}", reason="STATE_INVALID")
        replay = replace(replay, state=ReplayState.CANCELLED, finished_at=now)
        await tx.webhook_log.save_replay(replay)
    return replay


def _known(replay: Replay | None) -> Replay:
    if replay is None:
        raise NotFound("No such replay", reason="RESOURCE_NOT_FOUND")
    return replay
