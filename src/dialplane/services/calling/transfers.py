"""Transfers as a resource: ordered by the API, carried out by the node that has the talk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.addresses import Address
from dialplane.domain.calling.transfers import MAX_TRANSFEREES, Transfer, TransferType
from dialplane.domain.errors import Conflict, Invalid
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.services.calling.call_orders import order
from dialplane.services.calling.dialling import check_destination
from dialplane.services.shapes.calls import address_shape
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database


class TransferStore(Protocol):
    """Port."""

    async def save(self, transfer: Transfer) -> None:
        """Insert, or write over the row of the same id."""
        ...


@dataclass(frozen=True, slots=True)
class TransferWish:
    type: TransferType
    transferer_call_id: CallId
    transferee_addresses: Sequence[Address]


async def start_transfer(database: Database, account_id: AccountId, wish: TransferWish, now: datetime) -> Transfer:
    """Order the transfer; how it goes on is told by the calls' events.

    Raises NotFound (CALL_NOT_FOUND), Conflict (CALL_ALREADY_HANGUP, CALL_STATE_INVALID), Invalid naming the field,
    NotPermitted where the account may not call a transferee.
    """
    if not 0 < len(wish.transferee_addresses) <= MAX_TRANSFEREES:
        raise Invalid(f"transferee_addresses names 1 to {MAX_TRANSFEREES}", field="transferee_addresses")
    async with database.transaction() as tx:
        account = await load_account(tx, account_id)
        addresses = tuple(check_destination(account, each)[0] for each in wish.transferee_addresses)
        transfer = Transfer(new_id(now), account_id, wish.type, wish.transferer_call_id, addresses, now)
        payload = {
            "transfer_id": str(transfer.id),
            "type": transfer.type.value,
            "addresses": [address_shape(each) for each in addresses],
        }
        call = await order(tx, account_id, wish.transferer_call_id, "transfer", payload, now)
        if call.progressing_at is None:
            raise Conflict("The call is not answered yet", reason="CALL_STATE_INVALID")
        await tx.transfers.save(transfer)
    return transfer


async def note_transferee(database: Database, transfer: Transfer, call_id: CallId, now: datetime) -> None:
    """Keep who answered."""
    async with database.transaction() as tx:
        await tx.transfers.save(replace(transfer, transferee_call_id=call_id, updated_at=now))
