"""Who is asking: access keys, sign-in tokens, and the sign-in itself.

Every failure is NotAuthenticated with the reason `AUTHENTICATION_REQUIRED` (nothing was given) or
`INVALID_CREDENTIALS` (whatever was wrong with what was given: the two are all that a stranger learns).
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import NotAuthenticated, NotPermitted
from dialplane.domain.ids import AccountId, AgentId
from dialplane.domain.tenancy.accounts import Account, AccountStatus, Permission, Principal
from dialplane.services.identity.access_keys import hash_token
from dialplane.services.shapes.common import show_time
from dialplane.services.transaction import Database

TOKEN_LIFE = timedelta(days=7)
DELETED_AFTER = timedelta(days=30)
"""A frozen account is deleted this long after it was frozen."""
_TOUCH_INTERVAL = timedelta(minutes=1)
"""A key's last use is noted to the minute: a write for every request would cost more than the request."""
_GONE = (AccountStatus.DELETED, AccountStatus.EXPIRED)


class TokenSigner(Protocol):
    """Port: makes and opens signed tokens."""

    def sign(self, claims: Mapping[str, object]) -> str: ...

    def open(self, token: str) -> Mapping[str, object]:
        """The claims. Raises NotAuthenticated where the signature is not ours. Expiry is the caller's to judge."""
        ...


class PasswordHasher(Protocol):
    """Port: slow hashes, computed away from the event loop."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it fits; None never fits, and takes as long as a hash would."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than `hash` uses now (WEB-1)."""
        ...


@dataclass(frozen=True, slots=True)
class LoginResult:
    username: str
    token: str = field(repr=False)


async def authenticate_key(database: Database, key: str, now: datetime, *, may_be_frozen: bool = False) -> Principal:
    """The account behind an access key, with an administrator's permission.

    Raises NotAuthenticated; NotPermitted (`ACCOUNT_FROZEN`, `ACCOUNT_NOT_ACTIVE`).
    """
    _require(key)
    async with database.reading() as tx:
        holder = await tx.access_keys.find_holder(hash_token(key))
    if holder is None or (holder.expires_at is not None and holder.expires_at <= now):
        raise invalid_credentials()
    await check_standing(database, holder.account_id, holder.account_status, may_be_frozen=may_be_frozen)
    if holder.last_used_at is None or holder.last_used_at <= now - _TOUCH_INTERVAL:
        async with database.transaction() as tx:
            await tx.access_keys.touch(holder.key_id, now)
    return Principal(holder.account_id, Permission.CUSTOMER_ADMIN, via="access_key", key_id=holder.key_id)


def read_claims(signer: TokenSigner, token: str, now: datetime) -> Mapping[str, object]:
    """The claims of a token that is ours and in its time; their `type` says whose it is. Raises NotAuthenticated."""
    _require(token)
    claims = signer.open(token)
    expiry = claims.get("exp")
    if not isinstance(expiry, int) or expiry <= now.timestamp():
        raise invalid_credentials()
    return claims


async def authenticate_agent(
    database: Database, claims: Mapping[str, object], *, may_be_frozen: bool = False
) -> Principal:
    """The agent behind a sign-in token's claims, with the permission that the agent has now.

    Raises NotAuthenticated; NotPermitted (`ACCOUNT_FROZEN`, `ACCOUNT_NOT_ACTIVE`).
    """
    agent_id = claims.get("agent_id")
    if claims.get("type") != "agent" or not isinstance(agent_id, str):
        raise invalid_credentials()
    async with database.reading() as tx:
        agent = await tx.agents.find(AgentId(UUID(agent_id)))
        account = None if agent is None else await tx.accounts.find(agent.account_id)
    if agent is None or account is None:
        raise invalid_credentials()
    await check_standing(database, account.id, account.status, may_be_frozen=may_be_frozen)
    return Principal(agent.account_id, agent.permission, agent_id=agent.id, via="agent")


async def authenticate_project(database: Database, project: AccountId, token: str) -> Account:
    """The account behind a VoxCPaaS project's id and token.

    Raises NotAuthenticated; NotPermitted (`ACCOUNT_FROZEN`).
    """
    _require(token)
    async with database.reading() as tx:
        account = await tx.accounts.find(project)
    if account is None or not hmac.compare_digest(account.project_token.encode(), token.encode()):
        raise invalid_credentials()
    await check_standing(database, account.id, account.status)
    return account


async def login(
    database: Database, signer: TokenSigner, hasher: PasswordHasher, username: str, password: str, now: datetime
) -> LoginResult:
    """Sign in with a password; the token lasts seven days.

    A wrong password and an unknown username take the same time and give the same answer (as REG-1 asks of SIP).
    Raises NotAuthenticated.
    """
    async with database.reading() as tx:
        agent = await tx.agents.find_by_username(username)
    fits = await hasher.verify(None if agent is None else agent.password_hash, password)
    if agent is None or not fits:
        raise invalid_credentials()
    return LoginResult(agent.username, issue_token(signer, agent.id, agent.account_id, now))


def issue_token(signer: TokenSigner, agent_id: AgentId, account_id: AccountId, now: datetime) -> str:
    """A sign-in token (claim `type` `agent`)."""
    claims = {
        "type": "agent",
        "agent_id": str(agent_id),
        "customer_id": str(account_id),
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFE).timestamp()),
    }
    return signer.sign(claims)


def _require(credential: str) -> None:
    if not credential:
        raise NotAuthenticated("Credentials are required", reason="AUTHENTICATION_REQUIRED")


async def check_standing(
    database: Database, account_id: AccountId, status: AccountStatus, *, may_be_frozen: bool = False
) -> None:
    """Raises NotAuthenticated for an account that is gone, NotPermitted for one that may do nothing at the moment."""
    if status in _GONE:
        raise invalid_credentials()
    if status.is_suspended:
        raise NotPermitted(f"The account is {status}", reason="ACCOUNT_NOT_ACTIVE")
    if may_be_frozen or status is not AccountStatus.FROZEN:
        return
    async with database.reading() as tx:
        account = await tx.accounts.find(account_id)
    # The status was the last thing that changed: a frozen account can do nothing that would touch its row.
    frozen_at = account.updated_at if account else None
    facts = {
        "deletion_scheduled_at": show_time(frozen_at),
        "deletion_effective_at": show_time(frozen_at and frozen_at + DELETED_AFTER),
        "recovery_endpoint": "DELETE /auth/unregister",
    }
    raise NotPermitted("The account is frozen", reason="ACCOUNT_FROZEN", details=[facts])


def invalid_credentials() -> NotAuthenticated:
    """Whatever was wrong."""
    return NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS")
