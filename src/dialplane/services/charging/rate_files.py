"""The lines by prefix of a rate deck, as a file: what an import would change, the import, and the deck written out."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from dialplane.domain.charging.rate_files import LineFault, ReadDeck, read_deck, write_deck
from dialplane.domain.charging.rating import CostType
from dialplane.domain.charging.tariffs import DeckLine
from dialplane.domain.errors import Conflict, Invalid
from dialplane.services.charging.rates import find_version, lock_deck
from dialplane.services.transaction import Database, Transaction


@dataclass(frozen=True, slots=True)
class DeckPlan:
    """What an import does to a deck that is at `version`."""

    version: int
    added: tuple[DeckLine, ...]
    changed: tuple[DeckLine, ...]
    unchanged: int
    removed: tuple[DeckLine, ...]
    faults: tuple[LineFault, ...]


async def preview_deck(database: Database, deck: str, text: str, *, replaces: bool) -> DeckPlan:
    """What `import_deck` would do; nothing is changed. `replaces`: lines that the file has not are removed.

    Raises NotFound, Invalid (`csv`).
    """
    read = await read_lines(text)
    async with database.reading() as tx:
        return await plan_lines(tx, deck, await find_version(tx, deck), read, replaces=replaces)


async def import_deck(
    database: Database, deck: str, text: str, now: datetime, *, replaces: bool, version: int | None = None
) -> DeckPlan:
    """Change the deck for all that begins from now on, in one step; what was done, and the version that it made.

    Raises NotFound; Invalid (`csv`) with the faults in its details, and nothing is changed; Conflict where `version`,
    which a preview gave, is not the deck's any more.
    """
    read = await read_lines(text)
    async with database.transaction() as tx:
        current = await lock_deck(tx, deck)
        if version is not None and version != current:
            raise Conflict(f"The deck is at version {current} by now: look again", reason="STATE_INVALID")
        return await apply_lines(tx, deck, current, read, now, replaces=replaces)


async def export_deck(database: Database, deck: str) -> Iterator[str]:
    """The lines by prefix as CSV, in parts. Raises NotFound."""
    async with database.reading() as tx:
        await find_version(tx, deck)
        return write_deck(await tx.rates.list_lines(deck))


# --- parts -----------------------------------------------------------------------------------------------------------


async def apply_lines(
    tx: Transaction, deck: str, version: int, read: ReadDeck, now: datetime, *, replaces: bool
) -> DeckPlan:
    """Change the locked deck, which is at `version`. Raises Invalid (`csv`)."""
    plan = await plan_lines(tx, deck, version, read, replaces=replaces)
    check_faultless(plan)
    await tx.rates.save_lines(deck, [*plan.added, *plan.changed])
    await tx.rates.remove_lines(deck, [line.key for line in plan.removed])
    if plan.added or plan.changed or plan.removed:
        await tx.rates.count_change(deck, now)
        return replace(plan, version=version + 1)
    return plan


async def read_lines(text: str) -> ReadDeck:
    """In a thread and before anything is locked: a large file takes seconds, and others go on meanwhile."""
    return await asyncio.to_thread(read_deck, text)


async def plan_lines(tx: Transaction, deck: str, version: int, read: ReadDeck, *, replaces: bool) -> DeckPlan:
    """What the lines would change of the deck."""
    known: dict[tuple[CostType, str], DeckLine] = {line.key: line for line in await tx.rates.list_lines(deck)}
    wanted = {line.key for line in read.lines}
    return DeckPlan(
        version=version,
        added=tuple(line for line in read.lines if line.key not in known),
        changed=tuple(line for line in read.lines if line.key in known and known[line.key] != line),
        unchanged=sum(known.get(line.key) == line for line in read.lines),
        removed=tuple(line for key, line in known.items() if replaces and key not in wanted),
        faults=read.faults,
    )


def check_faultless(plan: DeckPlan) -> None:
    """Raises Invalid (`csv`) with the first faults in its details."""
    if not plan.faults:
        return
    first, shown = plan.faults[0], plan.faults[:100]
    raise Invalid(
        f"line {first.line}: {first.detail} ({len(plan.faults)} lines are at fault; nothing was imported)",
        field="csv",
        details=tuple({"line": fault.line, "field": fault.field, "detail": fault.detail} for fault in shown),
    )
