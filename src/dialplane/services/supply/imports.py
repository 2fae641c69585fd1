"""Imports of stock, as resources: read and shown, applied in steps that survive a crash, taken back.

A file becomes lines in the store in one transaction. Each step of applying or taking back is one transaction too, with
the import's row locked: the request that asked for it, and every worker, may do the next one.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Protocol
from uuid import UUID

from dialplane.domain.charging.ledger import Settlement
from dialplane.domain.errors import InsufficientBalance, Invalid, NotFound
from dialplane.domain.ids import AccountId, ItemId, TrunkId, new_id
from dialplane.domain.money import Micros, show_usd
from dialplane.domain.numbering.history import OPERATOR
from dialplane.domain.numbering.numbers import QUARANTINE, NumberKind
from dialplane.domain.supply.import_cells import CellReader, Defaults
from dialplane.domain.supply.import_files import open_file
from dialplane.domain.supply.import_lines import problem, read_lines
from dialplane.domain.supply.imports import (
    PREVIEW_KEPT,
    UNDO_KEPT,
    Counts,
    ImportId,
    ImportLine,
    ImportState,
    Outcome,
    StockImport,
)
from dialplane.domain.supply.inventory import ItemState
from dialplane.services.charging.ledger import place_hold, release_many, settle_many
from dialplane.services.supply.kept_files import KeptFile, load_kept
from dialplane.services.supply.stocking import Owners, Placed, place
from dialplane.services.transaction import Database, Transaction

SLICE = 500
"""Numbers that are read at a stretch: some ten milliseconds, in which the process does nothing else."""

STEP = 1000
"""Numbers that one transaction puts into stock, or takes out."""


MANY = 1000
"""So many new numbers change how a search goes best (measured: any number of an area among 100,000 new ones takes
400 ms before the store has looked at them again, which it does within a minute by itself, and 0.1 ms after)."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of the number at a position."""

    position: int
    outcome: Outcome
    item_id: ItemId | None = None
    field: str = ""
    detail: str = ""


class ImportStore(Protocol):
    """Port: imports and their lines."""

    async def add(self, imported: StockImport) -> None: ...

    async def save(self, imported: StockImport) -> None: ...

    async def find(self, import_id: ImportId, *, lock: bool = False) -> StockImport | None: ...

    async def find_by_key(self, idempotency_key: str) -> StockImport | None: ...

    async def list_newest(self, *, before: datetime | None, limit: int) -> list[StockImport]:
        """Newest first; made before `before`."""
        ...

    async def at_work(self) -> StockImport | None:
        """One with which something is under way, locked; those that others have locked are left out."""
        ...

    async def add_lines(self, import_id: ImportId, lines: Sequence[ImportLine]) -> None: ...

    async def mark_known(self, import_id: ImportId, *, since: datetime) -> None:
        """Mark new lines whose number is in stock, held, or released after `since` as known, and those whose number is
        on its way here by a porting order as a problem."""
        ...

    async def count(self, import_id: ImportId) -> Counts: ...

    async def list_lines(
        self, import_id: ImportId, outcomes: Collection[Outcome], *, after: int, limit: int
    ) -> list[ImportLine]:
        """Lines of these outcomes (of any, where none is named) after the position `after`."""
        ...

    async def note(self, import_id: ImportId, noted: Sequence[Noted]) -> None:
        """Write down what became of lines."""
        ...

    async def prices(self, import_id: ImportId, *, after: int) -> dict[AccountId, Micros]:
        """What each account would pay for the new lines after the position `after`."""
        ...

    async def forget(self, *, previewed_before: datetime, applied_before: datetime, limit: int) -> int:
        """Delete imports that were only looked at, and the lines of those applied long ago; how many they were."""
        ...


@dataclass(frozen=True, slots=True)
class ImportWish:
    """How a file is to be read."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    """Columns that are not to be guessed: field to heading, position, or "" for none."""
    defaults: Defaults = field(default_factory=Defaults)
    trunk: str = ""
    """Id or name of the trunk of lines that name none."""
    idempotency_key: str = ""


# --- reading ---------------------------------------------------------------------------------------------------------


async def preview_import(database: Database, body: bytes, wish: ImportWish, now: datetime) -> StockImport:
    """Read a file and keep what it would do; the stock stays as it is. The same idempotency key gives the first import.

    Raises Invalid (field `csv`, `json`, `column` or `trunk`) where the file as a whole cannot be read.
    """
    async with database.transaction() as tx:
        key = _key(body, wish)
        earlier = await tx.imports.find_by_key(key) if key else None
        if earlier is not None:
            return earlier
        file = open_file(body, wish.mapping)
        lines = read_lines(file, await _cell_reader(tx, wish))
        imported = StockImport(
            id=ImportId(new_id(now)),
            state=ImportState.PREVIEWED,
            reading=file.reading,
            created_at=now,
            updated_at=now,
            idempotency_key=key,
        )
        await tx.imports.add(imported)
        await tx.kept_files.add(imported.id, KeptFile(body, _kept_wish(wish)), now)
        owners = await Owners.load(tx, hold=False)
        while some := list(islice(lines, SLICE)):
            await tx.imports.add_lines(imported.id, await _checked(tx, owners, some))
            await asyncio.sleep(0)  # others have their turn
        await tx.imports.mark_known(imported.id, since=now - QUARANTINE)
        read = replace(imported, reading=file.reading, counts=await tx.imports.count(imported.id))
        await tx.imports.save(read)
    return read


async def read_again(database: Database, import_id: ImportId, mapping: Mapping[str, str], now: datetime) -> StockImport:
    """The file of a preview once more, as another import, with these columns. Raises NotFound, Conflict where the file
    is gone or applied, Invalid as `preview_import`."""
    async with database.reading() as tx:
        earlier = _given(await tx.imports.find(import_id))
        kept = await load_kept(tx, import_id, is_open=earlier.state is ImportState.PREVIEWED)
    return await preview_import(database, kept.body, replace(_read_wish(kept.wish), mapping=mapping), now)


def _kept_wish(wish: ImportWish) -> dict[str, str | int | None]:
    """All but the columns."""
    had = wish.defaults
    return {
        "country": had.country,
        "kind": had.kind,
        "setup_micros": had.setup_micros,
        "monthly_micros": had.monthly_micros,
        "account_id": None if had.account_id is None else str(had.account_id),
        "trunk": wish.trunk,
    }


def _read_wish(kept: Mapping[str, str | int | None]) -> ImportWish:
    kind, account_id = kept["kind"], kept["account_id"]
    defaults = Defaults(
        country=str(kept["country"]),
        kind=None if kind is None else NumberKind(str(kind)),
        setup_micros=Micros(int(kept["setup_micros"] or 0)),
        monthly_micros=Micros(int(kept["monthly_micros"] or 0)),
        account_id=None if account_id is None else AccountId(UUID(str(account_id))),
    )
    return ImportWish(defaults=defaults, trunk=str(kept["trunk"]))


def _key(body: bytes, wish: ImportWish) -> str:
    """The request's key, with what it asked: after a refusal the same key may come with a corrected file."""
    if not wish.idempotency_key:
        return ""
    return f"{wish.idempotency_key}:{sha256(repr(wish).encode() + body).hexdigest()}"


async def _cell_reader(tx: Transaction, wish: ImportWish) -> CellReader:
    trunks: dict[str, TrunkId] = {}
    for trunk in reversed(await tx.trunks.list_live()):  # of several of one name the first that calls would try
        trunks |= {trunk.name: trunk.id, str(trunk.id): trunk.id}
    if not wish.trunk:
        return CellReader(wish.defaults, trunks)
    if wish.trunk not in trunks:
        raise Invalid(f"there is no trunk {wish.trunk[:64]!r}", reason="INVALID_ARGUMENT", field="trunk")
    return CellReader(replace(wish.defaults, trunk_id=trunks[wish.trunk]), trunks)


async def _checked(tx: Transaction, owners: Owners, lines: Sequence[ImportLine]) -> list[ImportLine]:
    """The lines; those for an account or by a trunk that cannot be as problems."""
    await owners.look_up(tx, [line.row for line in lines if line.row is not None])
    return [_judged(owners, line) for line in lines]


def _judged(owners: Owners, line: ImportLine) -> ImportLine:
    refusal = None if line.row is None else owners.obstacle(line.row)
    return line if refusal is None else problem(line.position, line.line, line.number, refusal)


async def get_import(database: Database, import_id: ImportId) -> StockImport:
    """Raises NotFound (IMPORT_NOT_FOUND)."""
    async with database.reading() as tx:
        return _given(await tx.imports.find(import_id))


async def list_imports(database: Database, *, before: datetime | None = None, limit: int = 100) -> list[StockImport]:
    """Newest first."""
    async with database.reading() as tx:
        return await tx.imports.list_newest(before=before, limit=limit)


async def list_lines(
    database: Database, import_id: ImportId, outcomes: Collection[Outcome] = (), *, after: int = 0, limit: int = 100
) -> list[ImportLine]:
    """One page in the order of the file, after the position `after`. Raises NotFound."""
    async with database.reading() as tx:
        _given(await tx.imports.find(import_id))
        return await tx.imports.list_lines(import_id, outcomes, after=after, limit=limit)


# --- applying --------------------------------------------------------------------------------------------------------


async def start_import(
    database: Database, import_id: ImportId, now: datetime, *, skip_problems: bool = False
) -> StockImport:
    """Begin to put what a preview shows into stock, by `go_on` or a worker. Starting again changes nothing.

    What accounts are to pay for numbers that become theirs is set aside at once, so that an import that began does not
    fail for lack of money. Raises NotFound; Invalid naming the first problem, where there are any and `skip_problems`
    is not said; InsufficientBalance; Conflict after an undo.
    """
    async with database.transaction() as tx:
        imported = _given(await tx.imports.find(import_id, lock=True))
        if not imported.may_start():
            return imported
        if imported.counts.problem and not skip_problems:
            await _refuse(tx, imported)
        await _set_aside(tx, imported, now)
        started = replace(imported, state=ImportState.APPLYING, skip_problems=skip_problems, reached=0, updated_at=now)
        await tx.imports.save(started)
    return started


async def _refuse(tx: Transaction, imported: StockImport) -> None:
    first = (await tx.imports.list_lines(imported.id, [Outcome.PROBLEM], after=0, limit=1))[0]
    says = f"line {first.line}: {first.detail}; {imported.counts.problem} in all, nothing was imported"
    raise Invalid(says, reason="IMPORT_HAS_PROBLEMS", field=first.field)


async def start_undo(database: Database, import_id: ImportId, now: datetime) -> StockImport:
    """Begin to take out of stock what an import put there, by `go_on` or a worker. Numbers that somebody has, had or
    holds stay. Raises NotFound, Conflict where it was not applied, long ago, or undone before."""
    async with database.transaction() as tx:
        imported = _given(await tx.imports.find(import_id, lock=True))
        imported.check_undo(now)
        started = replace(imported, state=ImportState.UNDOING, reached=0, updated_at=now)
        await tx.imports.save(started)
    return started


async def go_on(database: Database, import_id: ImportId, now: datetime) -> StockImport:
    """Take the next step; the import as it stands then. Nothing happens where nothing is under way."""
    async with database.transaction() as tx:
        return await _step(tx, _given(await tx.imports.find(import_id, lock=True)), now)


async def finish(database: Database, import_id: ImportId, now: datetime) -> StockImport:
    """All steps to the end."""
    while True:
        imported = await go_on(database, import_id, now)
        if not imported.state.is_at_work:
            return imported


async def go_on_with_imports(database: Database, now: datetime) -> bool:
    """A worker's turn: one step of one import that nobody else is at; whether there was one."""
    async with database.transaction() as tx:
        imported = await tx.imports.at_work()
        if imported is None:
            return False
        await _step(tx, imported, now)
    return True


async def forget_imports(database: Database, now: datetime, *, limit: int = 10) -> int:
    """Forget previews that nobody applied with their files, and the lines of imports that can no longer be undone; how
    many."""
    async with database.transaction() as tx:
        await tx.kept_files.forget(before=now - PREVIEW_KEPT)
        return await tx.imports.forget(previewed_before=now - PREVIEW_KEPT, applied_before=now - UNDO_KEPT, limit=limit)


async def _step(tx: Transaction, imported: StockImport, now: datetime) -> StockImport:
    """One step with a locked import."""
    if not imported.state.is_at_work:
        return imported
    applying = imported.state is ImportState.APPLYING
    wanted = Outcome.NEW if applying else Outcome.ADDED
    lines = await tx.imports.list_lines(imported.id, [wanted], after=imported.reached, limit=STEP)
    noted = await (_put_in(tx, imported, lines, now) if applying else _take_out(tx, lines))
    await tx.imports.note(imported.id, noted)
    reached = lines[-1].position if lines else imported.reached
    moved = replace(imported, counts=_moved(imported.counts, wanted, noted), reached=reached, updated_at=now)
    if applying:
        await _set_aside(tx, moved, now)
    if not asdict(moved.counts)[wanted.value]:
        moved = (
            replace(moved, state=ImportState.APPLIED, applied_at=now)
            if applying
            else replace(moved, state=ImportState.UNDONE, undone_at=now)
        )
    await tx.imports.save(moved)
    if moved.state is ImportState.APPLIED and moved.counts.added >= MANY:
        await tx.inventory.look_again()
    return moved


def _moved(counts: Counts, wanted: Outcome, noted: Sequence[Noted]) -> Counts:
    """The counts after lines that were `wanted` became what was noted."""
    changed = asdict(counts)
    for outcome, many in Counter(each.outcome for each in noted).items():
        changed[outcome.value] += many
        changed[wanted.value] -= many
    return Counts(**changed)


async def _put_in(tx: Transaction, imported: StockImport, lines: Sequence[ImportLine], now: datetime) -> list[Noted]:
    """Put lines into stock. What changed since the preview counts: an account that was closed gets nothing, and a
    number that came here by another way meanwhile, or is to come by a port, is known."""
    checked = await _checked(tx, await Owners.load(tx, hold=True), lines)
    claimed = await tx.ports.claimed([line.number for line in checked])
    rows = [line.row for line in checked if line.row is not None and line.number not in claimed]
    placed = await place(tx, rows, OPERATOR, now)
    await _settle(tx, imported, placed, now)
    return [
        Noted(line.position, Outcome.PROBLEM, None, line.field, line.detail)
        if line.row is None
        else Noted(line.position, Outcome.ADDED, placed.items[line.number].id)
        if line.number in placed.items
        else Noted(line.position, Outcome.KNOWN)
        for line in checked
    ]


async def _take_out(tx: Transaction, lines: Sequence[ImportLine]) -> list[Noted]:
    added = [(line.position, line.item_id) for line in lines if line.item_id is not None]
    left = await tx.inventory.remove_untouched([item_id for _, item_id in added])
    return [
        Noted(position, Outcome.KEPT, item_id, "number", _STAYS[left[item_id]])
        if item_id in left
        else Noted(position, Outcome.WITHDRAWN)
        for position, item_id in added
    ]


_STAYS = {
    ItemState.OFFERED: "somebody has had or reserved it since",
    ItemState.HELD: "it is reserved or being ordered",
    ItemState.ASSIGNED: "an account has it",
    ItemState.QUARANTINED: "an account has just released it, and may take it back",
}


# --- money -----------------------------------------------------------------------------------------------------------


def _hold_key(imported: StockImport, account_id: AccountId) -> str:
    """Of what is set aside for the numbers that are still to come: a new one after each step."""
    return f"import:{imported.id}:{account_id}:{imported.reached}"


async def _settle(tx: Transaction, imported: StockImport, placed: Placed, now: datetime) -> None:
    """Charge for what became the accounts' own, from what was set aside; the rest is set aside anew after the step."""
    held = await tx.imports.prices(imported.id, after=imported.reached)
    if held:
        await release_many(tx, [_hold_key(imported, account_id) for account_id in held], now)
        settlements = [Settlement(account, _hold_key(imported, account), charge) for account, charge in placed.charges]
        await settle_many(tx, settlements, now)


async def _set_aside(tx: Transaction, imported: StockImport, now: datetime) -> None:
    """Hold what the accounts will pay for what is still to come. Within a step this cannot fail: the hold of the step
    before was more."""
    for account_id, amount in sorted((await tx.imports.prices(imported.id, after=imported.reached)).items()):
        try:
            await place_hold(tx, account_id, amount, key=_hold_key(imported, account_id), expires_at=None, now=now)
        except InsufficientBalance as refusal:
            says = f"The account {account_id} cannot pay {show_usd(amount)} USD for the numbers that become its own"
            raise InsufficientBalance(says, reason=refusal.reason, field="account_id") from refusal


def _given(imported: StockImport | None) -> StockImport:
    if imported is None:
        raise NotFound("There is no such import", reason="IMPORT_NOT_FOUND")
    return imported
