"""Clients as Restcomm has them: extensions with a login of the whole organization, and a document for the calls that
they place (reference 4.8)."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.calling.extensions import Extension, check_extension
from dialplane.domain.errors import AlreadyExists, Invalid, NotFound
from dialplane.domain.ids import AccountId, ApplicationId, ExtensionId, new_id
from dialplane.domain.numbering.number_settings import FetchChange
from dialplane.domain.tenancy.account_tree import check_password
from dialplane.services.calling.extensions import insert_extension, publish_extension
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database, Transaction

_FORBIDDEN = frozenset("?=@")


@dataclass(frozen=True, slots=True)
class ClientChange:
    """What is written of a client; None leaves a field as it is."""

    password: str | None = field(default=None, repr=False)
    name: str | None = None
    is_enabled: bool | None = None
    voice: FetchChange = field(default_factory=FetchChange)
    is_push_enabled: bool | None = None

    def apply(self, old: Extension) -> Extension:
        return replace(
            old,
            password=old.password if self.password is None else self.password,
            name=old.name if self.name is None else self.name,
            is_enabled=old.is_enabled if self.is_enabled is None else self.is_enabled,
            voice=self.voice.apply(old.voice),
            is_push_enabled=old.is_push_enabled if self.is_push_enabled is None else self.is_push_enabled,
        )


async def create_client(
    database: Database, account_id: AccountId, login: str, change: ClientChange, now: datetime
) -> Extension:
    """A new client; one of that login that the account has already is given as it is.

    Raises Invalid (`invalid` for a login that cannot be, `weak` for the password), AlreadyExists where another account
    of the organization has the login, LimitExceeded, NotFound for an unknown application.
    """
    if not login or _FORBIDDEN & set(login):
        raise Invalid("The login is invalid: it holds none of ?, = and @", reason="invalid", field="login")
    check_strength(change.password or "")
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        taken = await tx.extensions.find_in_organization(account.organization_id, login)
        if taken is not None and taken.account_id != account_id:
            raise AlreadyExists(f"The login {login} is taken in this organization", field="login")
        if taken is not None:
            return taken
        bare = Extension(
            id=ExtensionId(new_id(now)),
            account_id=account_id,
            organization_id=account.organization_id,
            extension=login,
            password="",
            created_at=now,
            direct_hash=f"direct.{secrets.token_hex(6)}",
        )
        made = change.apply(bare)
        await _check_application(tx, made)
        await insert_extension(tx, account, made, now)
    return made


async def query_clients(
    database: Database, account_id: AccountId, *, offset: int, limit: int
) -> tuple[Sequence[Extension], int]:
    """Oldest first, and how many there are in all."""
    async with database.reading() as tx:
        found = await tx.extensions.query(account_id, offset=offset, limit=limit)
        return found, await tx.extensions.count(account_id)


async def update_client(
    database: Database, account_id: AccountId, client_id: ExtensionId, change: ClientChange, now: datetime
) -> Extension:
    """Change what is given. A new password, and being disabled, end every registration. Raises as `create_client`."""
    if change.password is not None:
        check_strength(change.password)
    async with database.transaction() as tx:
        old = await tx.extensions.find(account_id, client_id)
        if old is None:
            raise NotFound("There is no such client", reason="CLIENT_NOT_FOUND")
        new = replace(change.apply(old), updated_at=now)
        check_extension(extension=new.extension, password=new.password, name=new.name, detail=new.detail)
        await _check_application(tx, new)
        await tx.extensions.update(new)
        if new.password != old.password or not new.is_enabled:
            await tx.registrations.replace_bindings(client_id, [])
        await publish_extension(tx, "extension_updated", new, now)
    return new


def check_strength(password: str) -> None:
    """Raises Invalid (`weak`)."""
    try:
        check_password(password)
    except Invalid as refusal:
        raise Invalid(refusal.message, reason="weak", field="password") from refusal


def shown_password(client: Extension, realm: str) -> str:
    """What may be shown of the password: the digest that authentication goes by (RFC 2617, HA1)."""
    secret = f"{client.extension}:{realm}:{client.password}"
    return hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()


async def _check_application(tx: Transaction, client: Extension) -> None:
    wanted: UUID | None = client.voice.application_id
    if wanted is not None and await tx.applications.find(client.account_id, ApplicationId(wanted)) is None:
        raise NotFound("There is no such application", reason="APPLICATION_NOT_FOUND")
