"""Agents: the people who sign in for an account, and are rung for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, AgentId, TagId, new_id
from dialplane.domain.rooms.agents import RING_METHODS, AgentStatus, RingMethod
from dialplane.domain.tenancy.accounts import Agent, Permission
from dialplane.services.calling.direct_hashes import new_direct_hash
from dialplane.services.eventing.events import publish
from dialplane.services.rooms.tags import check_tags
from dialplane.services.shapes.agents import agent_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction

MOST_ADDRESSES = 10
"""As many as one `connect` may ring."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128
_RINGABLE = ("tel", "sip", "extension")


class AgentStore(Protocol):
    """Port: agents. Deleted ones are not found."""

    async def insert(self, agent: Agent) -> None:
        """Raises AlreadyExists where the username is taken, in whatever case."""
        ...

    async def update(self, agent: Agent) -> None:
        """Write everything but id, account, username and the time of creation."""
        ...

    async def find(self, agent_id: AgentId, *, lock: bool = False) -> Agent | None:
        """`lock`: nobody else changes it until the transaction ends."""
        ...

    async def find_by_username(self, username: str) -> Agent | None: ...

    async def find_by_direct_hash(self, direct_hash: str) -> Agent | None:
        """Of any account."""
        ...

    async def list_by_account(
        self,
        account_id: AccountId,
        *,
        before: datetime | None,
        limit: int,
        tag_ids: Collection[TagId] = (),
        status: str = "",
    ) -> list[Agent]:
        """Newest first, those made earlier than `before`; with any of the tags and of the status, where given."""
        ...

    async def count(self, account_id: AccountId) -> int: ...

    async def count_admins(self, account_id: AccountId) -> int: ...

    async def lock_left_ringing(self) -> list[Agent]:
        """Of all accounts: the ringing ones whom no call can be ringing, since their account has none."""
        ...

    async def in_wrap_up(self) -> list[Agent]:
        """Of all accounts: the busy ones whose wrap-up has an end."""
        ...

    async def lock_at_work(self, account_id: AccountId) -> list[Agent]:
        """The available and the busy ones; nobody else chooses among them until the transaction ends."""
        ...


class PasswordMaker(Protocol):
    """Port: the part of a password hasher that is needed here."""

    async def hash(self, password: str) -> str: ...


@dataclass(frozen=True, slots=True)
class AgentDraft:
    """What a client writes of a new agent."""

    username: str
    password: str
    name: str = ""
    detail: str = ""
    ring_method: str = "ringall"
    permission: int = Permission.CUSTOMER_AGENT
    tag_ids: Sequence[UUID] = ()
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentChange:
    """What a client writes; None leaves a field as it is."""

    name: str | None = None
    detail: str | None = None
    ring_method: str | None = None
    permission: int | None = None
    tag_ids: Sequence[UUID] | None = None
    addresses: tuple[Address, ...] | None = None
    status: str | None = None


async def create_agent(
    database: Database, hasher: PasswordMaker, account_id: AccountId, draft: AgentDraft, now: datetime
) -> Agent:
    """Raises Invalid naming the field, AlreadyExists for a taken username, LimitExceeded beyond the plan."""
    if not 3 <= len(draft.username) <= 320:
        raise Invalid("username has 3 to 320 characters", field="username")
    password_hash = await hasher.hash(check_password(draft.password))
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        await check_plan(tx, account.plan, "agents", existing=await tx.agents.count(account_id))
        agent = Agent(
            id=AgentId(new_id(now)),
            account_id=account_id,
            username=draft.username,
            password_hash=password_hash,
            permission=_permission(draft.permission),
            created_at=now,
            name=draft.name,
            detail=draft.detail,
            ring_method=_ring_method(draft.ring_method),
            tag_ids=await check_tags(tx, account_id, draft.tag_ids),
            addresses=_addresses(draft.addresses),
            direct_hash=new_direct_hash(),
        )
        await tx.agents.insert(agent)
        await publish(tx, _event("agent_created", agent, now))
    return agent


async def list_agents(
    database: Database,
    account_id: AccountId,
    *,
    before: datetime | None,
    limit: int,
    tag_ids: Collection[TagId] = (),
    status: str = "",
) -> list[Agent]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.agents.list_by_account(account_id, before=before, limit=limit, tag_ids=tag_ids, status=status)


async def get_agent(database: Database, account_id: AccountId, agent_id: AgentId) -> Agent:
    """Raises NotFound (`AGENT_NOT_FOUND`), for another account's too."""
    async with database.reading() as tx:
        return await load_agent(tx, account_id, agent_id)


async def load_agent(tx: Transaction, account_id: AccountId, agent_id: AgentId, *, lock: bool = False) -> Agent:
    """Raises NotFound (`AGENT_NOT_FOUND`), for another account's too."""
    agent = await tx.agents.find(agent_id, lock=lock)
    if agent is None or agent.account_id != account_id:
        raise NotFound("There is no such agent", reason="AGENT_NOT_FOUND")
    return agent


async def update_agent(
    database: Database, account_id: AccountId, agent_id: AgentId, change: AgentChange, now: datetime
) -> Agent:
    """Change what is given; a change of status is told as `agent_status_updated`.

    Raises Invalid naming the field, NotFound, Conflict where the last admin would be none any more.
    """
    async with database.transaction() as tx:
        old = await load_agent(tx, account_id, agent_id, lock=True)
        new = replace(
            old,
            name=old.name if change.name is None else change.name,
            detail=old.detail if change.detail is None else change.detail,
            ring_method=old.ring_method if change.ring_method is None else _ring_method(change.ring_method),
            permission=old.permission if change.permission is None else _permission(change.permission),
            tag_ids=old.tag_ids if change.tag_ids is None else await check_tags(tx, account_id, change.tag_ids),
            addresses=old.addresses if change.addresses is None else _addresses(change.addresses),
            updated_at=now,
        )
        if change.permission is not None and not new.permission & Permission.CUSTOMER_ADMIN:
            await _keep_an_admin(tx, old)
        if change.status is not None:
            new = standing(new, _status(change.status), now)
        await tx.agents.update(new)
        await publish(tx, _event("agent_updated" if change.status is None else "agent_status_updated", new, now))
    return new


async def change_password(
    database: Database, hasher: PasswordMaker, account_id: AccountId, agent_id: AgentId, password: str, now: datetime
) -> Agent:
    """Raises Invalid (`password`), NotFound."""
    password_hash = await hasher.hash(check_password(password))
    async with database.transaction() as tx:
        old = await load_agent(tx, account_id, agent_id, lock=True)
        new = replace(old, password_hash=password_hash, updated_at=now)
        await tx.agents.update(new)
        await publish(tx, _event("agent_updated", new, now))
    return new


async def regenerate_direct_hash(database: Database, account_id: AccountId, agent_id: AgentId, now: datetime) -> Agent:
    """Give the agent another direct hash; the old one is void at once."""
    async with database.transaction() as tx:
        old = await load_agent(tx, account_id, agent_id, lock=True)
        new = replace(old, direct_hash=new_direct_hash(), updated_at=now)
        await tx.agents.update(new)
        await publish(tx, _event("agent_updated", new, now))
    return new


async def delete_agent(database: Database, account_id: AccountId, agent_id: AgentId, now: datetime) -> Agent:
    """Raises NotFound, Conflict for the account's last admin."""
    async with database.transaction() as tx:
        old = await load_agent(tx, account_id, agent_id, lock=True)
        await _keep_an_admin(tx, old)
        deleted = replace(old, updated_at=now, deleted_at=now)
        await tx.agents.update(deleted)
        await publish(tx, _event("agent_deleted", deleted, now))
    return deleted


async def change_standing(
    tx: Transaction, agent_id: AgentId, status: AgentStatus, now: datetime, *, free_at: datetime | None = None
) -> Agent | None:
    """What a call makes of an agent: ringing, busy, available again. None where there is no such agent any more."""
    old = await tx.agents.find(agent_id, lock=True)
    if old is None:
        return None
    new = replace(standing(old, status, now), free_at=free_at)
    await tx.agents.update(new)
    await publish(tx, _event("agent_status_updated", new, now))
    return new


def standing(agent: Agent, status: AgentStatus, now: datetime) -> Agent:
    """The agent in another status: idle from now on, where it has just become free or was offered a call."""
    idle_since = now if status in (AgentStatus.AVAILABLE, AgentStatus.RINGING) else agent.idle_since
    return replace(agent, status=status, idle_since=idle_since, free_at=None, updated_at=now)


def check_password(password: str) -> str:
    """Raises Invalid (`password`)."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(f"password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters", field="password")
    return password


async def _keep_an_admin(tx: Transaction, agent: Agent) -> None:
    is_admin = agent.permission & Permission.CUSTOMER_ADMIN
    if is_admin and await tx.agents.count_admins(agent.account_id) < 2:
        raise Conflict("The account's last admin stays")


def _permission(bits: int) -> int:
    if bits & ~Permission.ALL_OF_CUSTOMER:
        raise Invalid("permission is 16 (agent), 32 (admin), 64 (manager) or a sum of them", field="permission")
    return bits


def _ring_method(text: str) -> RingMethod:
    for known in RING_METHODS:
        if text == known:
            return known
    raise Invalid("ring_method is ringall or linear", field="ring_method")


def _status(text: str) -> AgentStatus:
    try:
        return AgentStatus(text)
    except ValueError:
        raise Invalid("status is available, away, busy, offline or ringing", field="status") from None


def _addresses(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    if len(addresses) > MOST_ADDRESSES:
        raise Invalid(f"addresses has {MOST_ADDRESSES} at most", field="addresses")
    for index, address in enumerate(addresses):
        if address.type not in _RINGABLE:
            raise Invalid(f"addresses[{index}].type is tel, sip or extension", field=f"addresses[{index}].type")
    return addresses


def _event(kind: str, agent: Agent, now: datetime) -> Event:
    return Event(agent.account_id, kind, agent.id, agent_shape(agent), now)
