"""Accounts that sign in with their own credentials, and for whom they may act: themselves and the accounts below them.

What is accepted (Restcomm reference 1.2): the account, by sid or address of e-mail, with its auth token or with the
password of the person who signs in with that address; and an access key, by its sid, with its token as the secret.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.errors import NotAuthenticated, NotFound, NotPermitted
from dialplane.domain.ids import AccessKeyId, AccountId
from dialplane.domain.tenancy.accounts import Account, Agent
from dialplane.domain.tenancy.test_credentials import find_tested, id_for_tests, token_for_tests
from dialplane.services.identity.authentication import authenticate_key
from dialplane.services.tenancy.accounts import is_descendant
from dialplane.services.transaction import Database, Transaction

_TOKEN = re.compile(r"[0-9a-f]{32}")
"""An auth token. What looks like one is never tried as a password, so that no wrong token costs a slow hash."""


class PasswordCheck(Protocol):
    """Port: the part of a password hasher that is needed here."""

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """As `authentication.PasswordHasher` does; may refuse to try so often."""
        ...


@dataclass(frozen=True, slots=True)
class Acting:
    """Whose credentials were used, and the account that is acted for."""

    caller: Account
    account: Account


@dataclass(frozen=True, slots=True)
class AccountClaim:
    """An account by its id or address of e-mail, with its auth token or the password of who signs in."""

    name: AccountId | str
    secret: str = field(repr=False)

    @property
    def may_be_password(self) -> bool:
        return bool(self.secret) and not _TOKEN.fullmatch(self.secret)


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """An access key, which acts for its account."""

    key_id: AccessKeyId
    token: str = field(repr=False)


Claim = AccountClaim | KeyClaim


async def authenticate_basic(database: Database, passwords: PasswordCheck, claim: Claim, now: datetime) -> Account:
    """The account behind the claim; an address of e-mail is compared without regard to case.

    Raises NotAuthenticated, which does not say what was wrong; NotPermitted (ACCOUNT_NOT_ACTIVE, ACCOUNT_FROZEN).
    """
    if isinstance(claim, KeyClaim):
        account = await _by_key(database, claim, now)
    else:
        account = await _by_secret(database, passwords, claim)
    if account is None:
        raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS")
    if not account.status.may_use:
        raise NotPermitted("Provided Account is not active", reason="ACCOUNT_NOT_ACTIVE")
    return account


async def authenticate_test(database: Database, claim: AccountClaim) -> Account:
    """The account with its test id, by its test credentials.

    Raises NotAuthenticated, which does not say what was wrong; NotPermitted (ACCOUNT_NOT_ACTIVE).
    """
    tested = None if isinstance(claim.name, str) else find_tested(claim.name)
    async with database.reading() as tx:
        account = None if tested is None else await tx.accounts.find(tested)
    expected = "" if account is None else token_for_tests(account.auth_token)
    if account is None or not secrets.compare_digest(expected.encode(), claim.secret.encode()):
        raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS")
    if not account.status.may_use:
        raise NotPermitted("Provided Account is not active", reason="ACCOUNT_NOT_ACTIVE")
    return replace(account, id=id_for_tests(account.id))


async def resolve_account(database: Database, caller: Account, named: AccountId | str) -> Account:
    """The account that a request names, as far as the caller has authority over it.

    Raises NotFound (ACCOUNT_NOT_FOUND); NotPermitted where it is neither the caller nor below the caller.
    """
    if named == caller.id:
        return caller
    async with database.reading() as tx:
        found = await _named(tx, named)
        if not found:
            raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
        for account in found:
            if account.id == caller.id or await is_descendant(tx, caller.id, account.id):
                return account
    raise NotPermitted("You have no authority over this account", reason="PERMISSION_DENIED")


async def _by_key(database: Database, claim: KeyClaim, now: datetime) -> Account | None:
    """Raises as `authenticate_key` does."""
    principal = await authenticate_key(database, claim.token, now)
    if principal.key_id != claim.key_id:
        return None
    async with database.reading() as tx:
        return await tx.accounts.find(principal.account_id)


async def _by_secret(database: Database, passwords: PasswordCheck, claim: AccountClaim) -> Account | None:
    async with database.reading() as tx:
        candidates = await _named(tx, claim.name)
        given = claim.secret.encode()
        for account in candidates:
            if secrets.compare_digest(account.auth_token.encode(), given):
                return account
        person = await _person(tx, candidates) if claim.may_be_password else None
    if not claim.may_be_password:
        return None
    fits = await passwords.verify(None if person is None else person.password_hash, claim.secret)
    return next((each for each in candidates if fits and person and each.id == person.account_id), None)


async def _person(tx: Transaction, accounts: Sequence[Account]) -> Agent | None:
    """Who signs in with the address of one of these accounts, for that account: an address signs in once."""
    for account in accounts:
        agent = await tx.agents.find_by_username(account.email) if account.email else None
        if agent is not None and agent.account_id == account.id:
            return agent
    return None


async def _named(tx: Transaction, name: AccountId | str) -> list[Account]:
    """Addresses of e-mail need not be unique."""
    if isinstance(name, str):
        return await tx.accounts.find_by_email(name)
    account = await tx.accounts.find(name)
    return [] if account is None else [account]
