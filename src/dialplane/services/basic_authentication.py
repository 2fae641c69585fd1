"""Accounts that sign in with their own token, and for whom they may act: themselves and the accounts below them."""

import secrets
from dataclasses import dataclass

from dialplane.domain.accounts import Account
from dialplane.domain.errors import NotAuthenticated, NotFound, NotPermitted
from dialplane.domain.ids import AccountId
from dialplane.services.accounts import is_descendant
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class Acting:
    """Whose credentials were used, and the account that is acted for."""

    caller: Account
    account: Account


async def authenticate_basic(database: Database, user: AccountId | str, token: str) -> Account:
    """The account whose id or e-mail address (in any case) and auth token are given.

    Raises NotAuthenticated, which does not say what was wrong; NotPermitted (ACCOUNT_NOT_ACTIVE).
    """
    async with database.reading() as tx:
        candidates = await _named(tx, user)
    given = token.encode()
    account = next((each for each in candidates if secrets.compare_digest(each.auth_token.encode(), given)), None)
    if account is None:
        raise NotAuthenticated("The credentials are not valid", reason="INVALID_CREDENTIALS")
    if not account.status.may_use:
        raise NotPermitted("Provided Account is not active", reason="ACCOUNT_NOT_ACTIVE")
    return account


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


async def _named(tx: Transaction, name: AccountId | str) -> list[Account]:
    """Addresses of e-mail need not be unique."""
    if isinstance(name, str):
        return await tx.accounts.find_by_email(name)
    account = await tx.accounts.find(name)
    return [] if account is None else [account]
