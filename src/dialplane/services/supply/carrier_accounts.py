"""Accounts at carriers, as the operator sets them up, and the record of what was said between them and us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.ids import AccountId, PortId, new_id
from dialplane.domain.supply.carrier_accounts import (
    CarrierAccount,
    CarrierKind,
    CarrierNumber,
    CarrierNumberState,
    CarrierStatus,
)
from dialplane.services.messaging.message_sending import Receipt
from dialplane.services.transaction import Database

if TYPE_CHECKING:  # porting leads orders on, and what it leads on leads here
    from dialplane.services.numbering.carrier_ports import CarrierPort

EXCHANGES_KEPT = timedelta(days=30)
"""As long as a carrier's support asks back."""
OFFER_KEPT = timedelta(minutes=15)
MESSAGES_KEPT = timedelta(days=30)
MOST_ACCOUNTS = 100


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, without secrets and without what people wrote."""

    id: UUID
    carrier: str
    direction: str
    """`out`: ours to the carrier; `in`: the carrier's to us."""
    method: str
    path: str
    created_at: datetime
    request: str = ""
    status: int | None = None
    """None: no answer."""
    answer: str = ""
    fault: str = ""
    """Why there was no answer, or why ours was a refusal."""
    about: str = ""
    """The number or the order that it was about."""
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A message that went to a carrier. With neither `carrier_id` nor `reason`: no answer is known."""

    carrier: str
    carrier_id: str = ""
    reason: str = ""


class CarrierStore(Protocol):
    """Port."""

    async def save_account(self, account: CarrierAccount) -> None:
        """Insert it, or write over the one of its id. Raises AlreadyExists where another has its name."""
        ...

    async def list_accounts(self) -> list[CarrierAccount]:
        """By name."""
        ...

    async def find_account(self, name: str) -> CarrierAccount | None: ...

    async def get_account(self, account_id: UUID, *, lock: bool = False) -> CarrierAccount | None: ...

    async def delete_account(self, account_id: UUID) -> None: ...

    async def count_numbers(self, name: str) -> int:
        """Numbers that accounts hold of the carrier, and items that are being bought."""
        ...

    async def withdraw_offers(self, name: str, *, older_than: datetime | None = None) -> None:
        """Take the carrier's items on offer out of stock; with a time, those that nothing happened to since."""
        ...

    async def add_exchange(self, exchange: Exchange) -> None: ...

    async def list_exchanges(self, *, carrier: str, about: str, before: datetime | None, limit: int) -> list[Exchange]:
        """Newest first; an empty `carrier` or `about` is any."""
        ...

    async def last_webhook(self, carrier: str) -> Exchange | None: ...

    async def forget(self, *, exchanges_before: datetime, messages_before: datetime) -> None: ...

    async def save_number(self, number: CarrierNumber) -> None:
        """Insert it or write over it."""
        ...

    async def find_number(self, carrier: str, number: str, *, lock: bool = False) -> CarrierNumber | None: ...

    async def list_numbers(
        self, *, carrier: str, state: CarrierNumberState | None, account_id: AccountId | None, after: str, limit: int
    ) -> list[CarrierNumber]:
        """In the order of the numbers, behind `after`. With `account_id`, those that the account holds."""
        ...

    async def due_numbers(self, carrier: str, *, looked_before: datetime, limit: int) -> list[str]:
        """Live numbers of the carrier that were not looked at since, those never looked at first."""
        ...

    async def drop_number(self, carrier: str, number: str) -> None: ...

    async def live_numbers(self, numbers: Sequence[str]) -> Mapping[str, str]:
        """Those of the numbers that somebody here holds, rests with or is about to buy, each with its carrier."""
        ...

    async def strays(self, carrier: str) -> list[str]: ...

    async def hand_over(self, reference: UUID, carrier: str, now: datetime) -> HandedOver | None:
        """Note that the message is handed over. None: it was not before; else what is known of it."""
        ...

    async def note_message(self, reference: UUID, *, carrier_id: str = "", reason: str = "") -> None:
        """What the carrier said of a message that was handed over; the first word stands."""
        ...

    async def forget_message(self, reference: UUID) -> None:
        """It has not left after all."""
        ...

    async def note_receipt(self, reference: UUID | None, receipt: Receipt) -> None:
        """What became of a message, found by either id; the first word stands."""
        ...

    async def take_receipts(self, *, limit: int) -> list[Receipt]:
        """Each once, and not before the message is known to be accepted."""
        ...

    async def save_port(self, port: CarrierPort) -> None:
        """Insert it or write over it."""
        ...

    async def find_port(self, port_id: PortId) -> CarrierPort | None: ...

    async def take_ports(self, now: datetime, *, until: datetime, limit: int) -> list[CarrierPort]:
        """Those that are due, claimed until `until`."""
        ...

    async def hasten_port(self, carrier: str, port_id: PortId, now: datetime) -> None: ...

    async def hasten_order(self, carrier: str, reference: UUID, now: datetime) -> None:
        """Let the reconciler look at the order at once; without effect on any that is over or another carrier's."""
        ...


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What the operator writes; None leaves a field as it is."""

    name: str | None = None
    account_sid: str | None = None
    api_key: str | None = None
    signing_key: str | None = None
    api_url: str | None = None
    public_url: str | None = None
    voice: str | None = None
    messaging: str | None = None
    setup_micros: int | None = None
    monthly_micros: int | None = None
    requirements: Mapping[str, str] | None = None
    status: CarrierStatus | None = None

    def fields(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) is not None}


async def add_account(database: Database, kind: CarrierKind, given: AccountChange, now: datetime) -> CarrierAccount:
    """Raises Invalid naming the field, AlreadyExists, Conflict where there are too many."""
    empty = CarrierAccount(new_id(now), "", kind, api_key="", public_url="", created_at=now, updated_at=now)
    account = replace(empty, **given.fields())  # type: ignore[arg-type]  # the fields are the account's own
    account.check()
    async with database.transaction() as tx:
        if len(await tx.carriers.list_accounts()) >= MOST_ACCOUNTS:
            raise Conflict(f"There are {MOST_ACCOUNTS} carrier accounts already", reason="RESOURCE_LIMIT_EXCEEDED")
        await tx.carriers.save_account(account)
    return account


async def list_accounts(database: Database) -> list[CarrierAccount]:
    """By name."""
    async with database.reading() as tx:
        return await tx.carriers.list_accounts()


async def get_account(database: Database, account_id: UUID) -> CarrierAccount:
    """Raises NotFound."""
    async with database.reading() as tx:
        return _given(await tx.carriers.get_account(account_id))


async def change_account(database: Database, account_id: UUID, change: AccountChange, now: datetime) -> CarrierAccount:
    """Counts from the next request to the carrier on, in every process.

    Raises NotFound, Invalid naming the field, AlreadyExists, and Conflict where an account with numbers would get
    another name: they are the name's.
    """
    async with database.transaction() as tx:
        account = _given(await tx.carriers.get_account(account_id, lock=True))
        changed = replace(account, **change.fields(), updated_at=now)  # type: ignore[arg-type]  # the account's own
        changed.check()
        if changed.name != account.name:
            _check_unused(await tx.carriers.count_numbers(account.name), field="name")
            await tx.carriers.withdraw_offers(account.name)
        await tx.carriers.save_account(changed)
    return changed


async def delete_account(database: Database, account_id: UUID) -> CarrierAccount:
    """Its items on offer go with it. Raises NotFound, and Conflict where numbers of it are held or being bought."""
    async with database.transaction() as tx:
        account = _given(await tx.carriers.get_account(account_id, lock=True))
        _check_unused(await tx.carriers.count_numbers(account.name))
        await tx.carriers.withdraw_offers(account.name)
        await tx.carriers.delete_account(account_id)
    return account


async def withdraw_old_offers(database: Database, now: datetime) -> None:
    """What a carrier has shown is on offer as long as it is likely to be there: the carrier sells it to others too."""
    async with database.transaction() as tx:
        for account in await tx.carriers.list_accounts():
            await tx.carriers.withdraw_offers(account.name, older_than=now - OFFER_KEPT)


async def list_exchanges(
    database: Database, *, carrier: str = "", about: str = "", before: datetime | None = None, limit: int = 100
) -> list[Exchange]:
    """Newest first."""
    async with database.reading() as tx:
        return await tx.carriers.list_exchanges(carrier=carrier, about=about, before=before, limit=limit)


async def forget_exchanges(database: Database, now: datetime) -> None:
    """What is older than EXCHANGES_KEPT, and messages whose receipts no longer come."""
    async with database.transaction() as tx:
        await tx.carriers.forget(exchanges_before=now - EXCHANGES_KEPT, messages_before=now - MESSAGES_KEPT)


def _check_unused(numbers: int, *, field: str = "") -> None:
    if numbers:
        raise Conflict(
            f"{numbers} numbers of this carrier are held or being bought", reason="CARRIER_IN_USE", field=field
        )


def _given(account: CarrierAccount | None) -> CarrierAccount:
    if account is None:
        raise NotFound("There is no such carrier account", reason="CARRIER_NOT_FOUND")
    return account
