"""Access keys: long-lived tokens of an account. The full token exists only in the answer that creates it (API-4)."""

import hashlib
import secrets
import string
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import AccessKeyId, AccountId, new_id
from dialplane.domain.tenancy.accounts import AccessKey, AccountStatus
from dialplane.services.transaction import Database, Transaction

TOKEN_MARK = "vb_"
"""Lets scanners of leaked secrets recognise a token."""
PREFIX_LENGTH = 11
LONGEST_LIFE = timedelta(days=3650)
_ALPHABET = string.ascii_letters + string.digits
_RANDOM_CHARACTERS = 32
"""Of 62 each: 190 bits."""


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """What authentication needs to know about a key, found in one query."""

    key_id: AccessKeyId
    account_id: AccountId
    account_status: AccountStatus
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A fresh key with the one and only showing of its token."""

    key: AccessKey
    token: str = field(repr=False)


class AccessKeyStore(Protocol):
    """Port: access keys. Deleted ones are not found."""

    async def insert(self, key: AccessKey) -> None: ...

    async def find(self, key_id: AccessKeyId) -> AccessKey | None: ...

    async def find_holder(self, token_hash: bytes) -> KeyHolder | None: ...

    async def list_by_account(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[AccessKey]:
        """Newest first, those made earlier than `before`."""
        ...

    async def update(self, key: AccessKey) -> None:
        """Write name, detail, `updated_at` and `deleted_at`."""
        ...

    async def touch(self, key_id: AccessKeyId, now: datetime) -> None:
        """Note the use."""
        ...


def hash_token(token: str) -> bytes:
    """SHA-256 of the token: enough for a value of 190 random bits, and quick enough for every request."""
    return hashlib.sha256(token.encode()).digest()


async def create_key(
    database: Database,
    account_id: AccountId,
    *,
    name: str = "",
    detail: str = "",
    expires_in_s: int | None = None,
    now: datetime,
) -> IssuedKey:
    """A new key; `expires_in_s` None or 0 makes one that does not expire.

    Raises Invalid naming the field.
    """
    async with database.transaction() as tx:
        return await issue_key(tx, account_id, name=name, detail=detail, expires_in_s=expires_in_s, now=now)


async def issue_key(
    tx: Transaction,
    account_id: AccountId,
    *,
    name: str = "",
    detail: str = "",
    expires_in_s: int | None = None,
    now: datetime,
) -> IssuedKey:
    """As `create_key`, inside the caller's transaction."""
    _check_texts(name, detail)
    token = TOKEN_MARK + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))
    key = AccessKey(
        id=AccessKeyId(new_id(now)),
        account_id=account_id,
        token_hash=hash_token(token),
        token_prefix=token[:PREFIX_LENGTH],
        created_at=now,
        name=name,
        detail=detail,
        expires_at=_expiry(expires_in_s, now),
    )
    await tx.access_keys.insert(key)
    return IssuedKey(key, token)


def _expiry(expires_in_s: int | None, now: datetime) -> datetime | None:
    if not expires_in_s:
        return None
    if not 0 < expires_in_s <= LONGEST_LIFE.total_seconds():
        raise Invalid("expire is a number of seconds, at most ten years of them", field="expire")
    return now + timedelta(seconds=expires_in_s)


def _check_texts(name: str, detail: str) -> None:
    for field_name, value, longest in (("name", name, 255), ("detail", detail, 4096)):
        if len(value) > longest:
            raise Invalid(f"{field_name} has more than {longest} characters", field=field_name)


async def list_keys(
    database: Database, account_id: AccountId, *, before: datetime | None = None, limit: int = 100
) -> list[AccessKey]:
    """The account's keys, newest first, those made earlier than `before`."""
    async with database.reading() as tx:
        return await tx.access_keys.list_by_account(account_id, before=before, limit=limit)


async def get_key(database: Database, account_id: AccountId, key_id: AccessKeyId) -> AccessKey:
    """Raises NotFound (`ACCESSKEY_NOT_FOUND`), for another account's too."""
    async with database.reading() as tx:
        return await _load(tx, account_id, key_id)


async def update_key(
    database: Database,
    account_id: AccountId,
    key_id: AccessKeyId,
    *,
    name: str | None = None,
    detail: str | None = None,
    now: datetime,
) -> AccessKey:
    """Change what the key is called; None leaves a text as it is. Raises NotFound, Invalid."""
    _check_texts(name or "", detail or "")
    async with database.transaction() as tx:
        key = await _load(tx, account_id, key_id)
        key = replace(
            key,
            name=key.name if name is None else name,
            detail=key.detail if detail is None else detail,
            updated_at=now,
        )
        await tx.access_keys.update(key)
    return key


async def delete_key(database: Database, account_id: AccountId, key_id: AccessKeyId, *, now: datetime) -> AccessKey:
    """Revoke the key, on every node with the commit. Raises NotFound."""
    async with database.transaction() as tx:
        key = replace(await _load(tx, account_id, key_id), updated_at=now, deleted_at=now)
        await tx.access_keys.update(key)
    return key


async def _load(tx: Transaction, account_id: AccountId, key_id: AccessKeyId) -> AccessKey:
    key = await tx.access_keys.find(key_id)
    if key is None or key.account_id != account_id:
        raise NotFound("There is no such access key", reason="ACCESSKEY_NOT_FOUND")
    return key
