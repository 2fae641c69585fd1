"""The platform's operator acts for an account: with a token for eight hours, a reason, and an entry in the audit log
(reference 1.2, 1.4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from dialplane.domain.errors import Mismatch, NotFound, NotPermitted
from dialplane.domain.ids import AccountId, AgentId, new_id
from dialplane.domain.operating.audit import Deed, Outcome, Via
from dialplane.domain.tenancy.accounts import AccountStatus, Permission, Principal
from dialplane.services.identity.authentication import TokenSigner, check_standing, invalid_credentials
from dialplane.services.operating.audit import begin_deed, end_deed
from dialplane.services.settings import operator_key_mark
from dialplane.services.transaction import Database, Transaction

LIFE = timedelta(hours=8)
TOKEN_TYPE = "delegate"
DEED = "post auth.delegate"
_REASON = re.compile(r"[\x20-\x7e]{10,200}")


@dataclass(frozen=True, slots=True)
class Delegation:
    """What the operator gets."""

    account_id: AccountId
    ends_at: datetime
    token: str = field(repr=False)


async def delegate(
    database: Database,
    signer: TokenSigner,
    asker: Principal,
    account_id: AccountId,
    reason: str,
    *,
    address: str,
    now: datetime,
) -> Delegation:
    """A token that does what an administrator of the account may do, and nothing of the platform's.

    Raises NotPermitted to whoever is not the operator, Mismatch (`reason`: 10 to 200 printable ASCII characters),
    NotFound (CUSTOMER_NOT_FOUND).
    """
    if not asker.permission & Permission.PLATFORM_ADMIN:
        raise NotPermitted("This is for the platform's operator")
    if not _REASON.fullmatch(reason) or len(reason.strip()) < 10:
        raise Mismatch("reason has 10 to 200 printable ASCII characters", reason="INVALID_ARGUMENT", field="reason")
    async with database.reading() as tx:
        account = await tx.accounts.find(account_id)
        agent = None if asker.agent_id is None else await tx.agents.find(asker.agent_id)
        mark = await operator_key_mark(tx)
    if account is None or account.status is AccountStatus.DELETED:
        raise NotFound("There is no such customer", reason="CUSTOMER_NOT_FOUND", field="customer_id")
    ends_at = (now + LIFE).replace(microsecond=0)
    actor = "operator's key" if agent is None else agent.username
    deed = Deed(new_id(now), Via.API, actor, address[:64], DEED, now, account_id=account_id, facts={"reason": reason})
    await begin_deed(database, deed)
    claims = {
        "type": TOKEN_TYPE,
        "jti": str(deed.id),
        "customer_id": str(account_id),
        "agent_id": "" if asker.agent_id is None else str(asker.agent_id),
        "operator": mark if asker.agent_id is None else "",
        "iat": int(now.timestamp()),
        "exp": int(ends_at.timestamp()),
    }
    token = signer.sign(claims)
    await end_deed(database, deed, Outcome.DONE)
    return Delegation(account_id, ends_at, token)


async def authenticate_delegate(
    database: Database, claims: Mapping[str, object], *, may_be_frozen: bool = False
) -> Principal:
    """The account that is acted for, for as long as whoever was given the token is the operator still.

    Raises NotAuthenticated; NotPermitted (`ACCOUNT_FROZEN`, `ACCOUNT_NOT_ACTIVE`).
    """
    given = {name: value for name, value in claims.items() if isinstance(value, str)}
    account_id = AccountId(UUID(given["customer_id"]))
    async with database.reading() as tx:
        account = await tx.accounts.find(account_id)
        if account is None or not await _is_operator_still(tx, given):
            raise invalid_credentials()
    await check_standing(database, account_id, account.status, may_be_frozen=may_be_frozen)
    return Principal(account_id, Permission.CUSTOMER_ADMIN, via=TOKEN_TYPE, delegation_id=UUID(given["jti"]))


async def _is_operator_still(tx: Transaction, given: Mapping[str, str]) -> bool:
    if not given["agent_id"]:
        return given["operator"] == await operator_key_mark(tx)
    agent = await tx.agents.find(AgentId(UUID(given["agent_id"])))
    return agent is not None and bool(agent.permission & Permission.PLATFORM_ADMIN)
