"""Accounts' trunks: made, read and changed by their owner; how a call of theirs goes out is in `pbx_calls`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.pbx_trunks import AuthType, PbxTrunk, called_trunk, check_pbx_trunk, read_allowed
from dialplane.domain.errors import AlreadyExists, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, PbxTrunkId, new_id
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.shapes.pbx_trunks import pbx_trunk_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction


class PbxTrunkStore(Protocol):
    """Port. Deleted ones are not found."""

    async def insert(self, trunk: PbxTrunk) -> bool:
        """False where a live trunk, of any account, has the domain name."""
        ...

    async def update(self, trunk: PbxTrunk) -> bool:
        """False where another live trunk has the domain name: the transaction can only be given up then."""
        ...

    async def find(self, account_id: AccountId, trunk_id: PbxTrunkId) -> PbxTrunk | None: ...

    async def find_called(self, domain_name: str, host: str) -> PbxTrunk | None:
        """Of any account; none where `host`, the whole of the name that was called, is an organization's SIP domain."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[PbxTrunk]:
        """Newest first."""
        ...

    async def count(self, account_id: AccountId) -> int: ...


@dataclass(frozen=True, slots=True)
class PbxTrunkChange:
    """A trunk as somebody asks for it, unchecked; None leaves a field as it is."""

    domain_name: str | None = None
    auth_types: Sequence[AuthType] | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    allowed_ips: Sequence[str] | None = None
    name: str | None = None
    detail: str | None = None

    def applied_to(self, trunk: PbxTrunk) -> PbxTrunk:
        """Raises Invalid naming the field."""
        changed = replace(
            trunk,
            domain_name=trunk.domain_name if self.domain_name is None else self.domain_name.lower(),
            auth_types=trunk.auth_types if self.auth_types is None else tuple(dict.fromkeys(self.auth_types)),
            username=trunk.username if self.username is None else self.username,
            password=trunk.password if self.password is None else self.password,
            allowed=trunk.allowed if self.allowed_ips is None else read_allowed(self.allowed_ips),
            name=trunk.name if self.name is None else self.name,
            detail=trunk.detail if self.detail is None else self.detail,
        )
        check_pbx_trunk(changed)
        return changed


async def create_pbx_trunk(
    database: Database, account_id: AccountId, change: PbxTrunkChange, now: datetime
) -> PbxTrunk:
    """Raises Invalid, AlreadyExists, or LimitExceeded where the plan allows no more."""
    made = change.applied_to(PbxTrunk(PbxTrunkId(new_id(now)), account_id, "", (), now))
    async with database.transaction() as tx:
        # The lock makes two creations at once count one after the other.
        account = await load_account(tx, account_id, for_update=True)
        await check_plan(tx, account.plan, "trunks", existing=await tx.pbx_trunks.count(account_id))
        if not await tx.pbx_trunks.insert(made):
            raise _taken(made)
        await _publish(tx, "trunk_created", made, now)
    return made


async def list_pbx_trunks(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[PbxTrunk]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.pbx_trunks.list_for(account_id, before=before, limit=limit)


async def get_pbx_trunk(database: Database, account_id: AccountId, trunk_id: PbxTrunkId) -> PbxTrunk:
    """Raises NotFound for another account's trunk too."""
    async with database.reading() as tx:
        return await _get(tx, account_id, trunk_id)


async def update_pbx_trunk(
    database: Database, account_id: AccountId, trunk_id: PbxTrunkId, change: PbxTrunkChange, now: datetime
) -> PbxTrunk:
    """For the next call; live calls go on. Raises NotFound, Invalid, AlreadyExists."""
    async with database.transaction() as tx:
        await load_account(tx, account_id, for_update=True)  # two changes at once come one after the other
        changed = replace(change.applied_to(await _get(tx, account_id, trunk_id)), updated_at=now)
        if not await tx.pbx_trunks.update(changed):
            raise _taken(changed)
        await _publish(tx, "trunk_updated", changed, now)
    return changed


async def delete_pbx_trunk(database: Database, account_id: AccountId, trunk_id: PbxTrunkId, now: datetime) -> PbxTrunk:
    """No call goes out by it from now on; live calls go on. Raises NotFound."""
    async with database.transaction() as tx:
        deleted = replace(await _get(tx, account_id, trunk_id), updated_at=now, deleted_at=now)
        await tx.pbx_trunks.update(deleted)
        await _publish(tx, "trunk_deleted", deleted, now)
    return deleted


async def find_called_trunk(database: Database, host: str) -> PbxTrunk | None:
    """The trunk that the host (in lower case) of a request's URI names. A host of another form costs no look-up."""
    name = called_trunk(host)
    if not name:
        return None
    async with database.reading() as tx:
        return await tx.pbx_trunks.find_called(name, host)


async def tell_trunk_locked(database: Database, trunk: PbxTrunk, source_host: str, now: datetime) -> None:
    """Tell the account that somebody guesses the trunk's password (REG-2): its webhooks hear `trunk_locked`."""
    data = {
        "id": show_id(trunk.id),
        "customer_id": show_id(trunk.account_id),
        "domain_name": trunk.domain_name,
        "source_address": source_host,
        "tm_create": show_time(now),
    }
    async with database.transaction() as tx:
        await publish(tx, Event(trunk.account_id, "trunk_locked", trunk.id, data, now))


async def _get(tx: Transaction, account_id: AccountId, trunk_id: PbxTrunkId) -> PbxTrunk:
    found = await tx.pbx_trunks.find(account_id, trunk_id)
    if found is None:
        raise NotFound("There is no such trunk", reason="TRUNK_NOT_FOUND")
    return found


def _taken(trunk: PbxTrunk) -> AlreadyExists:
    return AlreadyExists(f"The domain name {trunk.domain_name} is taken", field="domain_name")


async def _publish(tx: Transaction, kind: str, trunk: PbxTrunk, now: datetime) -> None:
    """For the log only: `trunk_*` does not reach customers' webhooks (reference 8.2), and no password leaves."""
    data = {name: value for name, value in pbx_trunk_shape(trunk).items() if name != "password"}
    await publish(tx, Event(trunk.account_id, kind, trunk.id, data, now, public=False))
