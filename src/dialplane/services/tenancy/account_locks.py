"""Locks on an account, for whoever gives it something: who closes it waits for them, and they see that it is closed.

An account is locked before all that it holds: number, order, item, purse, in this order, everywhere.
"""

from dialplane.domain.errors import NotFound, NotPermitted
from dialplane.domain.ids import AccountId
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.transaction import Transaction


async def hold_active(tx: Transaction, account_id: AccountId) -> Account:
    """The account, which nobody closes until the transaction ends; others may hold it too.

    Raises NotFound (ACCOUNT_NOT_FOUND), NotPermitted (ACCOUNT_FROZEN) where it is not active.
    """
    return _active(await tx.accounts.hold(account_id))


async def hold_active_alone(tx: Transaction, account_id: AccountId) -> Account:
    """The same, for one at a time: who counts what the account has would else count the same twice."""
    return _active(await tx.accounts.hold(account_id, alone=True))


def _active(account: Account | None) -> Account:
    if account is None:
        raise NotFound("There is no such account", reason="ACCOUNT_NOT_FOUND")
    if not account.status.may_use:
        raise NotPermitted(f"The account is {account.status}", reason="ACCOUNT_FROZEN")
    return account
