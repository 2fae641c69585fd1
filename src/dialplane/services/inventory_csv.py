"""The operator's stock as CSV: read, checked line by line, shown before it is applied."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.inventory import NewItem
from dialplane.domain.money import Micros
from dialplane.domain.numbers import parse_kind
from dialplane.services.inventory import import_items
from dialplane.services.transaction import Database

MAX_LINES = 100_000

_REQUIRED = ("number", "type", "country")
_OPTIONAL = (
    "region", "locality", "postal_code", "latitude", "longitude", "capabilities", "setup_micros", "monthly_micros",
    "documents_required",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line; the heading is line 1."""

    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do."""

    items: tuple[NewItem, ...]
    new: tuple[str, ...]
    known: tuple[str, ...]
    """In stock already: the import leaves them alone."""
    problems: tuple[Problem, ...]


async def preview_csv(database: Database, text: str) -> Preview:
    """Read the file and say what applying it would do. Nothing is written.

    Lists within a field are separated by spaces. Raises Invalid where the heading lacks a needed column, names one
    that does not exist, or there are more than 100,000 lines.
    """
    items, problems = _read(text)
    async with database.reading() as tx:
        known = await tx.inventory.find_known([item.number for item in items])
    return Preview(
        items=tuple(items),
        new=tuple(item.number for item in items if item.number not in known),
        known=tuple(item.number for item in items if item.number in known),
        problems=tuple(problems),
    )


async def apply_csv(database: Database, text: str, now: datetime) -> Preview:
    """Import what `preview_csv` shows as new.

    Raises Invalid with every problem in its details where there is one; nothing is imported then.
    """
    preview = await preview_csv(database, text)
    if preview.problems:
        raise Invalid(
            f"{len(preview.problems)} lines cannot be imported",
            reason="INVALID_ARGUMENT",
            field="csv",
            details=[{"line": one.line, "field": one.field, "message": one.message} for one in preview.problems],
        )
    await import_items(database, preview.items, now)
    return preview


def _read(text: str) -> tuple[list[NewItem], list[Problem]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="surplus", restval="")
    _check_heading([name.strip() for name in reader.fieldnames or ()])
    items: list[NewItem] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for line, row in enumerate(reader, start=2):
        if line > MAX_LINES + 1:
            raise Invalid(f"A file has {MAX_LINES} lines at most", reason="INVALID_ARGUMENT", field="csv")
        try:
            item = _item({str(name).strip(): value for name, value in row.items()})
        except Refusal as refusal:
            problems.append(Problem(line, refusal.field, refusal.message))
            continue
        if item.number in seen:
            problems.append(Problem(line, "number", f"{item.number} stands in the file twice"))
        seen.add(item.number)
        items.append(item)
    return items, problems


def _check_heading(names: list[str]) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    unknown = [name for name in names if name not in _REQUIRED + _OPTIONAL]
    if missing:
        raise Invalid(f"The heading lacks {', '.join(missing)}", reason="INVALID_ARGUMENT", field="csv")
    if unknown:
        raise Invalid(f"There is no column {', '.join(unknown)[:200]}", reason="INVALID_ARGUMENT", field="csv")


def _item(row: Mapping[str, str]) -> NewItem:
    if "surplus" in row:
        raise Invalid("has more fields than the heading")
    item = NewItem(
        number=row["number"].strip(),
        kind=parse_kind(row["type"].strip()),
        country=row["country"].strip().upper(),
        region=row.get("region", "").strip(),
        locality=row.get("locality", "").strip(),
        postal_code=row.get("postal_code", "").strip(),
        latitude=_decimal(row, "latitude"),
        longitude=_decimal(row, "longitude"),
        capabilities=tuple(row.get("capabilities", "").split()) or ("voice", "sms"),
        setup_micros=_micros(row, "setup_micros"),
        monthly_micros=_micros(row, "monthly_micros"),
        documents_required=tuple(row.get("documents_required", "").split()),
    )
    item.check()
    return item


def _micros(row: Mapping[str, str], field: str) -> Micros:
    text = row.get(field, "").strip() or "0"
    if not (text.isascii() and text.isdigit()):
        raise Invalid(f"{field} is a whole number of micros, got {text[:40]!r}", field=field)
    return Micros(int(text[:20]))


def _decimal(row: Mapping[str, str], field: str) -> float | None:
    text = row.get(field, "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"{field} is a number of degrees, got {text[:40]!r}", field=field) from None
