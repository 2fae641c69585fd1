"""Extensions: made, read and changed by their owner; where they are registered is in `registrations`."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.calling.extensions import Extension, check_extension, read_codecs, read_srtp
from dialplane.domain.calling.media import SrtpPolicy
from dialplane.domain.errors import AlreadyExists, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ExtensionId, OrganizationId, new_id
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.registrations import Subscriber
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.shapes.extensions import extension_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.tenancy.plans import check_plan
from dialplane.services.transaction import Database, Transaction


class ExtensionStore(Protocol):
    """Port."""

    async def insert(self, extension: Extension) -> bool:
        """False where the account has a live extension of that name."""
        ...

    async def update(self, extension: Extension) -> None: ...

    async def find(self, account_id: AccountId, extension_id: ExtensionId) -> Extension | None: ...

    async def find_in_organization(self, organization_id: OrganizationId, name: str) -> Extension | None:
        """Of any of its accounts; the oldest."""
        ...

    async def query(self, account_id: AccountId, *, offset: int, limit: int) -> Sequence[Extension]:
        """Oldest first."""
        ...

    async def find_by_direct_hash(self, direct_hash: str) -> Extension | None:
        """Of any account."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Extension]: ...

    async def count(self, account_id: AccountId) -> int:
        """Live extensions."""
        ...


async def create_extension(
    database: Database,
    account_id: AccountId,
    *,
    extension: str,
    password: str,
    name: str,
    detail: str,
    now: datetime,
    srtp: str = SrtpPolicy.OPTIONAL,
    codecs: Sequence[str] = (),
) -> Extension:
    """Raises Invalid, AlreadyExists, or LimitExceeded where the plan allows no more."""
    async with database.transaction() as tx:
        # The lock makes two creations at once count one after the other.
        account = await load_account(tx, account_id, for_update=True)
        made = Extension(
            id=ExtensionId(new_id(now)),
            account_id=account_id,
            organization_id=account.organization_id,
            extension=extension,
            password=password,
            created_at=now,
            name=name,
            detail=detail,
            direct_hash=f"direct.{secrets.token_hex(6)}",
            srtp=read_srtp(srtp),
            codecs=read_codecs(codecs),
        )
        await insert_extension(tx, account, made, now)
    return made


async def insert_extension(tx: Transaction, account: Account, made: Extension, now: datetime) -> None:
    """Keep a new one of the account, whose row is locked; raises as `create_extension` does."""
    check_extension(extension=made.extension, password=made.password, name=made.name, detail=made.detail)
    await check_plan(tx, account.plan, "extensions", existing=await tx.extensions.count(account.id))
    if not await tx.extensions.insert(made):
        raise AlreadyExists(f"There is an extension {made.extension} already", field="extension")
    await publish_extension(tx, "extension_created", made, now)


async def list_extensions(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Extension]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.extensions.list_for(account_id, before=before, limit=limit)


async def get_extension(database: Database, account_id: AccountId, extension_id: ExtensionId) -> Extension:
    """Raises NotFound for another account's extension too."""
    async with database.reading() as tx:
        return await _get(tx, account_id, extension_id)


async def update_extension(
    database: Database,
    account_id: AccountId,
    extension_id: ExtensionId,
    *,
    password: str | None,
    name: str | None,
    detail: str | None,
    now: datetime,
    srtp: str | None = None,
    codecs: Sequence[str] | None = None,
) -> Extension:
    """Change what is given; None leaves a field as it is. A new password ends every registration."""
    async with database.transaction() as tx:
        old = await _get(tx, account_id, extension_id)
        new = replace(
            old,
            password=old.password if password is None else password,
            name=old.name if name is None else name,
            detail=old.detail if detail is None else detail,
            srtp=old.srtp if srtp is None else read_srtp(srtp),
            codecs=old.codecs if codecs is None else read_codecs(codecs),
            updated_at=now,
        )
        check_extension(extension=new.extension, password=new.password, name=new.name, detail=new.detail)
        await tx.extensions.update(new)
        if new.password != old.password:
            await tx.registrations.replace_bindings(extension_id, [])
        await publish_extension(tx, "extension_updated", new, now)
    return new


async def regenerate_direct_hash(
    database: Database, account_id: AccountId, extension_id: ExtensionId, now: datetime
) -> Extension:
    """Give the extension another direct hash; the old one is void at once."""
    async with database.transaction() as tx:
        old = await _get(tx, account_id, extension_id)
        new = replace(old, direct_hash=f"direct.{secrets.token_hex(6)}", updated_at=now)
        await tx.extensions.update(new)
        await publish_extension(tx, "extension_updated", new, now)
    return new


async def delete_extension(
    database: Database, account_id: AccountId, extension_id: ExtensionId, now: datetime
) -> Extension:
    """Take the extension and its registrations away."""
    async with database.transaction() as tx:
        old = await _get(tx, account_id, extension_id)
        deleted = replace(old, updated_at=now, deleted_at=now)
        await tx.extensions.update(deleted)
        await tx.registrations.replace_bindings(extension_id, [])
        await publish_extension(tx, "extension_deleted", deleted, now)
    return deleted


async def _get(tx: Transaction, account_id: AccountId, extension_id: ExtensionId) -> Extension:
    found = await tx.extensions.find(account_id, extension_id)
    if found is None:
        raise NotFound("There is no such extension", reason="EXTENSION_NOT_FOUND")
    return found


async def tell_locked(database: Database, subscriber: Subscriber, source_host: str, now: datetime) -> None:
    """Tell the account that somebody guesses the extension's password (REG-2): its webhooks hear `extension_locked`."""
    data = {
        "id": show_id(subscriber.extension_id),
        "customer_id": show_id(subscriber.account_id),
        "extension": subscriber.extension,
        "source_address": source_host,
        "tm_create": show_time(now),
    }
    async with database.transaction() as tx:
        await publish(tx, Event(subscriber.account_id, "extension_locked", subscriber.extension_id, data, now))


async def publish_extension(tx: Transaction, kind: str, extension: Extension, now: datetime) -> None:
    """For the log only: `extension_*` does not reach customers' webhooks (reference 8.2), and no password leaves."""
    data = {name: value for name, value in extension_shape(extension).items() if name != "password"}
    await publish(tx, Event(extension.account_id, kind, extension.id, data, now, public=False))
