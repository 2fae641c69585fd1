"""Numbers into stock: on offer for everybody, or to an account at once (numbers that it had elsewhere and brings)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.charging.ledger import Charge, ReferenceType
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.errors import Invalid
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ItemId, NumberId, new_id
from dialplane.domain.money import Micros
from dialplane.domain.numbering.history import Actor
from dialplane.domain.numbering.numbers import QUARANTINE, Number, NumberStatus, a_month_after
from dialplane.domain.numbering.renewal import first_due
from dialplane.domain.supply.imports import StockRow
from dialplane.domain.supply.inventory import OWNED, Item, ItemState
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.charging.ledger import charge
from dialplane.services.eventing.events import publish
from dialplane.services.numbering.history import record_new
from dialplane.services.shapes.numbers import show_number
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class Placed:
    """What came into stock, and what the accounts that have it at once are to pay."""

    items: Mapping[str, Item]
    """By number; what was in stock or held already is not among them."""
    charges: Sequence[tuple[AccountId, Charge]]


async def put_in_stock(
    database: Database, rows: Sequence[StockRow], by: Actor, now: datetime, *, carrier: str = OWNED
) -> list[str]:
    """Put numbers on offer, or give them to the accounts that the rows name; the numbers that were new, in order.

    Safe to repeat: what is in stock stays as it is; of rows with the same number the first counts. Raises Invalid
    naming the field, InsufficientBalance; nothing is done then.
    """
    for row in rows:
        row.item.check()
    first = {row.item.number: row for row in reversed(rows)}
    once = [row for row in rows if row is first[row.item.number]]
    async with database.transaction() as tx:
        await check_owners(tx, once)
        placed = await place(tx, once, by, now, carrier=carrier)
        for account_id, wanted in placed.charges:
            await charge(tx, account_id, wanted, now)
    return [row.item.number for row in once if row.item.number in placed.items]


async def check_owners(tx: Transaction, rows: Sequence[StockRow]) -> None:
    """Raises Invalid for the first row whose account or trunk it cannot be."""
    owners = await Owners.load(tx, hold=True)
    await owners.look_up(tx, rows)
    for row in rows:
        refusal = owners.obstacle(row)
        if refusal is not None:
            raise refusal


class Owners:
    """The accounts and trunks that rows name, each looked up once.

    With `hold` nobody closes one of the accounts until the transaction ends: for who gives them something.
    """

    def __init__(self, trunks: Sequence[Trunk], *, hold: bool) -> None:
        self._trunks = {trunk.id: trunk for trunk in trunks}
        self._hold = hold
        self._accounts: dict[AccountId, Account | None] = {}

    @classmethod
    async def load(cls, tx: Transaction, *, hold: bool) -> "Owners":
        return cls(await tx.trunks.list_live(), hold=hold)

    async def look_up(self, tx: Transaction, rows: Sequence[StockRow]) -> None:
        """Get to know the accounts of the rows, before `obstacle` is asked."""
        named = {row.account_id for row in rows if row.account_id is not None}
        # In the order of their ids, in which a tree is locked too: those above are older than those below.
        for account_id in sorted(named - self._accounts.keys()):
            find = tx.accounts.hold if self._hold else tx.accounts.find
            self._accounts[account_id] = await find(account_id)

    def obstacle(self, row: StockRow) -> Invalid | None:
        """Why the row cannot be as it is; None where it can."""
        if row.account_id is not None:
            account = self._accounts[row.account_id]
            if account is None:
                return _invalid("account_id", f"there is no account {row.account_id}")
            if not account.status.may_use:
                return _invalid("account_id", f"the account {row.account_id} is {account.status}")
        if row.item.trunk_id is not None:
            trunk = self._trunks.get(row.item.trunk_id)
            if trunk is None:
                return _invalid("trunk", f"there is no trunk {row.item.trunk_id}")
            if trunk.account_id not in (None, row.account_id):
                return _invalid("trunk", f"the trunk {trunk.name[:64]} is another account's")
        return None


async def place(tx: Transaction, rows: Sequence[StockRow], by: Actor, now: datetime, *, carrier: str = OWNED) -> Placed:
    """Put checked rows of different numbers into stock; those of accounts become numbers of theirs, with history and
    events as a purchase has them. The charges are the caller's to make, in the same transaction."""
    taken = await tx.numbers.taken([row.item.number for row in rows], since=now - QUARANTINE)
    made = [(row, _made(row, carrier, now)) for row in rows if row.item.number not in taken]
    added = await tx.inventory.add_items([item for _, item in made])
    fresh = [(row, item) for row, item in made if item.number in added]
    numbers = await _hand_over(tx, fresh, by, now)
    charges = [
        (number.account_id, _charge(item, number.id, now))
        for item, number in numbers
        if item.setup_micros + item.monthly_micros
    ]
    return Placed({item.number: item for _, item in fresh}, charges)


def _made(row: StockRow, carrier: str, now: datetime) -> Item:
    item = row.item
    return Item(
        id=ItemId(new_id(now)),
        number=item.number,
        carrier=carrier,
        kind=item.kind,
        country=item.country,
        state=ItemState.OFFERED if row.account_id is None else ItemState.ASSIGNED,
        setup_micros=item.setup_micros,
        monthly_micros=item.monthly_micros,
        created_at=now,
        region=item.region,
        locality=item.locality,
        postal_code=item.postal_code,
        latitude=item.latitude,
        longitude=item.longitude,
        capabilities=item.capabilities,
        documents_required=item.documents_required,
        account_id=row.account_id,
        trunk_id=item.trunk_id,
    )


async def _hand_over(
    tx: Transaction, rows: Sequence[tuple[StockRow, Item]], by: Actor, now: datetime
) -> list[tuple[Item, Number]]:
    """The numbers of those items that go to accounts, as the accounts hold them from now on."""
    wanted = [(row, row.account_id, item) for row, item in rows if row.account_id is not None]
    if not wanted:
        return []
    accounts = {account_id: await tx.accounts.get(account_id) for account_id in {each for _, each, _ in wanted}}
    numbers = [(item, _number(row, item, accounts[account_id], now)) for row, account_id, item in wanted]
    await tx.numbers.add_many([number for _, number in numbers])
    await record_new(tx, [(number, by) for _, number in numbers], "imported")
    await publish(
        tx, *(Event(number.account_id, "number_created", number.id, show_number(number), now) for _, number in numbers)
    )
    return numbers


def _number(row: StockRow, item: Item, account: Account, now: datetime) -> Number:
    due = first_due(item.monthly_micros, a_month_after(now, day=now.day))
    return Number(
        id=NumberId(new_id(now)),
        account_id=account.id,
        organization_id=account.organization_id,
        number=item.number,
        kind=item.kind,
        status=NumberStatus.ACTIVE,
        created_at=now,
        name=row.name,
        country=item.country,
        capabilities=item.capabilities,
        item_id=item.id,
        carrier=item.carrier,
        monthly_micros=item.monthly_micros,
        purchased_at=now,
        renews_at=due.renews_at,
        look_at=due.look_at,
    )


def _charge(item: Item, number_id: NumberId, now: datetime) -> Charge:
    """Set-up and the first month in one entry, as a purchase has them."""
    return Charge(
        key=f"number:{number_id}",
        rate=Rate(CostType.NUMBER, Micros(item.setup_micros + item.monthly_micros)),
        units=1,
        reference_type=ReferenceType.NUMBER,
        reference_id=number_id,
        started_at=now,
        ended_at=now,
        detail=item.number,
    )


def _invalid(field: str, says: str) -> Invalid:
    return Invalid(says, reason="INVALID_ARGUMENT", field=field)
