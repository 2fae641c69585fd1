"""A spreadsheet of numbers, read as CSV (RFC 4180) with a head line, line by line and with every problem named."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.inventory import NewItem
from dialplane.domain.money import Micros
from dialplane.domain.numbers import parse_kind
from dialplane.services.inventory import import_items
from dialplane.services.transaction import Database

COLUMNS = (
    "number", "type", "country", "region", "locality", "postal_code", "latitude", "longitude", "capabilities",
    "setup_micros", "monthly_micros", "documents_required",
)  # fmt: skip
"""Only the first three are needed. Several capabilities or documents are parted by `;` or spaces."""
_NEEDED = ("number", "type", "country")
LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong with one line; the head line is line 1."""

    line: int
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do."""

    items: list[NewItem] = field(default_factory=list)
    known: frozenset[str] = frozenset()
    """Numbers that are in stock already, and would stay as they are."""
    problems: list[LineProblem] = field(default_factory=list)


async def preview_import(database: Database, text: str) -> ImportPlan:
    """Read and check, change nothing. Raises Invalid where the head line is wrong or there are too many lines."""
    items, problems = _read(text)
    async with database.reading() as tx:
        known = await tx.inventory.find_known([item.number for item in items])
    return ImportPlan(items, frozenset(known), problems)


async def apply_import(database: Database, text: str, now: datetime) -> list[str]:
    """Import everything or, where any line has a problem, nothing; the numbers that were new. Raises Invalid."""
    items, problems = _read(text)
    if problems:
        first = problems[0]
        raise Invalid(
            f"line {first.line}: {first.detail}; {len(problems)} in all, nothing was imported", field=first.field
        )
    return await import_items(database, items, now)


def _read(text: str) -> tuple[list[NewItem], list[LineProblem]]:
    try:
        return _read_lines(text)
    except csv.Error as fault:  # such as a field of over 128 KiB
        raise Invalid(f"the file is not CSV: {fault}", field="csv") from fault


def _read_lines(text: str) -> tuple[list[NewItem], list[LineProblem]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", restkey="")
    columns = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in _NEEDED if name not in columns]
    unknown = [name for name in columns if name not in COLUMNS]
    if missing or unknown:
        raise Invalid(
            f"the head line must have {', '.join(_NEEDED)} and may have {', '.join(COLUMNS[3:])}", field="csv"
        )
    reader.fieldnames = columns
    items: list[NewItem] = []
    problems: list[LineProblem] = []
    seen: set[str] = set()
    for row in reader:
        if len(items) + len(problems) >= LARGEST:
            raise Invalid(f"at most {LARGEST} lines at a time", field="csv")
        try:
            item = _item({name: str(value).strip() for name, value in row.items() if name})
            if item.number in seen:
                raise Invalid(f"{item.number} stands in two lines", field="number")
        except Refusal as refusal:
            problems.append(LineProblem(reader.line_num, refusal.field, refusal.message))
        else:
            seen.add(item.number)
            items.append(item)
    return items, problems


def _item(row: Mapping[str, str]) -> NewItem:
    item = NewItem(
        number=row["number"],
        kind=parse_kind(row["type"]),
        country=row["country"].upper(),
        region=row.get("region", ""),
        locality=row.get("locality", ""),
        postal_code=row.get("postal_code", ""),
        latitude=_degrees(row, "latitude"),
        longitude=_degrees(row, "longitude"),
        capabilities=_words(row.get("capabilities", "")) or ("voice", "sms"),
        setup_micros=_micros(row, "setup_micros"),
        monthly_micros=_micros(row, "monthly_micros"),
        documents_required=_words(row.get("documents_required", "")),
    )
    item.check()
    return item


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(";", " ").split())


def _micros(row: Mapping[str, str], name: str) -> Micros:
    text = row.get(name, "") or "0"
    if not (text.isascii() and text.isdecimal()):
        raise Invalid(f"{name} must be a whole number of micros, got {text[:40]!r}", field=name)
    return Micros(int(text))


def _degrees(row: Mapping[str, str], name: str) -> float | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"{name} must be degrees, got {text[:40]!r}", field=name) from None
