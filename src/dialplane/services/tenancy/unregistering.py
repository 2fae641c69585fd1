"""An account's own way out: frozen first, deleted thirty days later, and recovered at any time until then (1.4).

What is frozen signs in nowhere but here. `now` is the billing clock.
"""

from datetime import datetime
from typing import Protocol

import structlog

from dialplane.domain.errors import Conflict, Invalid, NotPermitted
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.history import SYSTEM, actor_of
from dialplane.domain.tenancy.accounts import Account, AccountStatus, Principal
from dialplane.services.identity.authentication import DELETED_AFTER
from dialplane.services.tenancy.account_standing import set_standing
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database, Transaction

CONFIRMATION = "DELETE"

log = structlog.get_logger()


class PasswordChecker(Protocol):
    """Port: the slow hash of a password."""

    async def verify(self, password_hash: str | None, password: str) -> bool: ...


async def unregister(
    database: Database,
    hasher: PasswordChecker,
    principal: Principal,
    *,
    password: str,
    phrase: str,
    immediate: bool,
    now: datetime,
) -> Account:
    """Freeze the account, or close it at once. Whoever asks proves that it is meant: by the password, or the word
    DELETE. An account that is frozen stays so, from when it was.

    Raises NotPermitted, Invalid naming the field, and for closing what `set_standing` raises.
    """
    _check_administrator(principal)
    if phrase != CONFIRMATION:
        await _check_password(database, hasher, principal, password)
    async with database.transaction() as tx:
        account = await load_account(tx, principal.account_id, for_update=True)
        status = AccountStatus.DELETED if immediate else AccountStatus.FROZEN
        if status is account.status:
            return account
        return await set_standing(tx, account, status, actor_of(principal), now)


async def recover(database: Database, principal: Principal, now: datetime) -> Account:
    """Let a frozen account, and those that were suspended with it, go on. Raises NotPermitted, Conflict."""
    _check_administrator(principal)
    async with database.transaction() as tx:
        account = await load_account(tx, principal.account_id, for_update=True)
        if account.status is not AccountStatus.FROZEN:
            raise Conflict(f"The account is {account.status}: there is nothing to recover", reason="STATE_INVALID")
        return await set_standing(tx, account, AccountStatus.ACTIVE, actor_of(principal), now)


async def delete_frozen(database: Database, now: datetime, *, limit: int = 20) -> int:
    """Close accounts whose thirty days are over; how many. One that cannot be closed yet, because a number is protected
    or on its way, stays frozen."""
    async with database.reading() as tx:
        due = await tx.accounts.list_frozen(before=now - DELETED_AFTER, limit=limit)
    closed = 0
    for account_id in due:
        try:
            async with database.transaction() as tx:
                closed += await _close(tx, account_id, now)
        except Conflict as refusal:
            log.warning("frozen_account_stays", account_id=str(account_id), reason=refusal.reason)
    return closed


async def _close(tx: Transaction, account_id: AccountId, now: datetime) -> bool:
    account = await load_account(tx, account_id, for_update=True)
    frozen_at = account.updated_at
    if account.status is not AccountStatus.FROZEN or frozen_at is None or frozen_at > now - DELETED_AFTER:
        return False  # recovered meanwhile
    await set_standing(tx, account, AccountStatus.DELETED, SYSTEM, now)
    return True


def _check_administrator(principal: Principal) -> None:
    if principal.via == "operator" or not principal.is_admin:
        raise NotPermitted("This needs the permission of the account's admin")


async def _check_password(database: Database, hasher: PasswordChecker, principal: Principal, password: str) -> None:
    """The agent's who asks; of an access key, the agent's that has the account's address. Raises Invalid."""
    if not password:
        raise Invalid(f"Send the password, or confirmation_phrase {CONFIRMATION}", field="password")
    async with database.reading() as tx:
        if principal.agent_id is not None:
            agent = await tx.agents.find(principal.agent_id)
        else:
            agent = await tx.agents.find_by_username((await tx.accounts.get(principal.account_id)).email)
    own = agent is not None and agent.account_id == principal.account_id
    if not await hasher.verify(agent.password_hash if agent is not None and own else None, password):
        raise Invalid("This is not your password", field="password")
