"""Rate decks as CSV: what a carrier or a spreadsheet has, read with every problem by its line; and what is written
reads back to the same.

A line has a `prefix` and one price: `per_minute` or `per_slice` in dollars, or the same in micros. A slice of a text is
a segment. `increment_s` is the slice's length (60 where left out), `setup` or `setup_micros` what an answered call
costs beside it. `cost_type` is call_pstn_outgoing where left out.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dialplane.domain.charging.rating import MINUTE_S, CostType, Rate
from dialplane.domain.charging.tariffs import PREFIXED, DeckLine, per_slice, whole_micros
from dialplane.domain.csv_cells import csv_lines, unguard
from dialplane.domain.errors import Invalid
from dialplane.domain.money import MICROS_PER_UNIT, ZERO, Micros

MOST_LINES = 100_000

WRITTEN = ("cost_type", "prefix", "description", "per_slice_micros", "increment_s", "setup_micros")
PRICES = ("per_minute", "per_slice", "per_minute_micros", "per_slice_micros")
SETUPS = ("setup", "setup_micros")
COLUMNS = frozenset({"cost_type", "prefix", "description", "increment_s", *PRICES, *SETUPS})

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
_WHOLE = re.compile(r"[0-9]{1,15}")
_PREFIX = re.compile(r"[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with one line; the head line is line 1."""

    line: int
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReadDeck:
    """The lines without a fault, and the faults."""

    lines: tuple[DeckLine, ...]
    faults: tuple[LineFault, ...]


def read_deck(text: str) -> ReadDeck:
    """Raises Invalid (`csv`) where the file as a whole cannot be read: no CSV, too long, columns that are missing or
    unknown."""
    try:
        return _read(csv.DictReader(io.StringIO(text, newline=""), restval="", restkey=""))
    except csv.Error as fault:  # such as a field of over 128 KiB
        raise Invalid(f"the file is not CSV: {fault}", field="csv") from fault


def write_deck(lines: Sequence[DeckLine]) -> Iterator[str]:
    """In parts. `read_deck` of all of them gives the lines."""
    yield csv_lines([WRITTEN])
    for start in range(0, len(lines), 1000):
        yield csv_lines(_cells(line) for line in lines[start : start + 1000])


def _cells(line: DeckLine) -> Iterable[object]:
    rate = line.rate
    return rate.cost_type, line.prefix, line.description, rate.micros, rate.increment_s, rate.setup


def _read(rows: "csv.DictReader[str]") -> ReadDeck:
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    _check_head(names)
    rows.fieldnames = names
    lines: dict[tuple[CostType, str], DeckLine] = {}
    faults: list[LineFault] = []
    for count, row in enumerate(rows, start=1):
        if count > MOST_LINES:
            raise Invalid(f"at most {MOST_LINES} lines at a time", field="csv")
        try:
            line = _line({name: (cell or "").strip() for name, cell in row.items() if isinstance(cell, str)})
            if line.key in lines:
                raise Invalid(f"{line.rate.cost_type} {line.prefix} comes twice", field="prefix")
        except Invalid as fault:
            faults.append(LineFault(rows.line_num, fault.field, fault.message))
        else:
            lines[line.key] = line
    return ReadDeck(tuple(lines.values()), tuple(faults))


def _check_head(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise Invalid(f"there is no column {unknown[0][:64]}", field="csv")
    if "prefix" not in names or not set(names) & set(PRICES) or len(set(names)) < len(names):
        raise Invalid(f"the head line has prefix and one of {', '.join(PRICES)}, each once", field="csv")


def _line(row: Mapping[str, str]) -> DeckLine:
    """Raises Invalid naming the column."""
    prefix = row["prefix"].removeprefix("+")
    if not _PREFIX.fullmatch(prefix):
        raise Invalid("a prefix is 1 to 15 digits and begins with a country code", field="prefix")
    word = row.get("cost_type") or CostType.CALL_PSTN_OUTGOING
    if word not in PREFIXED:
        raise Invalid(f"priced by prefix are {', '.join(PREFIXED)}", field="cost_type")
    increment_s = _whole(row.get("increment_s") or str(MINUTE_S), "increment_s")
    rate = Rate(CostType(word), _price(row, CostType(word), increment_s), increment_s=increment_s, setup=_setup(row))
    line = DeckLine(prefix, rate, unguard(row.get("description", "")))
    line.check()
    return line


def _price(row: Mapping[str, str], cost_type: CostType, increment_s: int) -> Micros:
    """Of a slice, rounded up to the micro."""
    given = [name for name in PRICES if row.get(name)]
    if len(given) != 1:
        raise Invalid(f"a line has one price: one of {', '.join(PRICES)}", field=given[1] if given else PRICES[0])
    name = given[0]
    amount = _amount(row[name], name)
    if not name.startswith("per_minute"):
        return whole_micros(amount)
    if cost_type is CostType.SMS:
        raise Invalid("texts are priced by the slice, which is a segment", field=name)
    return per_slice(amount, max(increment_s, 1))


def _setup(row: Mapping[str, str]) -> Micros:
    given = [name for name in SETUPS if row.get(name)]
    if len(given) == 2:  # both columns
        raise Invalid("a line has setup or setup_micros", field="setup_micros")
    if not given:
        return ZERO
    return whole_micros(_amount(row[given[0]], given[0]))


def _amount(text: str, name: str) -> Fraction:
    """In micros."""
    if name.endswith("_micros"):
        return Fraction(_whole(text, name))
    if not _DECIMAL.fullmatch(text):
        raise Invalid(f"{text[:32]} is no amount of dollars such as 0.0125", field=name)
    return Fraction(text) * MICROS_PER_UNIT


def _whole(text: str, name: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise Invalid(f"{text[:32]} is no whole number", field=name)
    return int(text)
