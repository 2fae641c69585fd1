"""A whole import, number by number: ranges taken apart, numbers that come twice named."""

from collections.abc import Iterator
from dataclasses import replace

from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.supply.import_cells import CellReader
from dialplane.domain.supply.import_files import ImportFile, Line
from dialplane.domain.supply.imports import MOST_NUMBERS, ImportLine, Outcome, StockRow

_LONGEST_NUMBER = 64
_LONGEST_DETAIL = 500


def read_lines(file: ImportFile, reader: CellReader) -> Iterator[ImportLine]:
    """Each number, or each line with a problem, in the order of the file.

    Raises Invalid where the file cannot be read any further, or has too many numbers.
    """
    seen: dict[str, int] = {}
    position = 0
    for line in file.lines():
        for number, found in _read(line, reader):
            position += 1
            if position > MOST_NUMBERS:
                raise Invalid(f"at most {MOST_NUMBERS} numbers at a time", reason="INVALID_ARGUMENT", field=file.format)
            if isinstance(found, StockRow) and number in seen:
                found = Invalid(f"{number} stands in line {seen[number]} too", field="number")
            if isinstance(found, StockRow):
                seen[number] = line.number
                yield ImportLine(position, line.number, Outcome.NEW, number, found)
            else:
                yield problem(position, line.number, number, found)


def _read(line: Line, reader: CellReader) -> Iterator[tuple[str, StockRow | Refusal]]:
    """The line's numbers, or the one thing that is wrong with it."""
    try:
        if line.fault is not None:
            raise line.fault
        row, numbers = reader.read(line.cells, international=line.international)
    except Refusal as refusal:
        yield line.cells.get("number", ""), refusal
        return
    for number in numbers:
        yield number, row if number == row.item.number else replace(row, item=replace(row.item, number=number))


def problem(position: int, line: int, number: str, refusal: Refusal) -> ImportLine:
    """A line that cannot be imported, cut to what can be kept."""
    return ImportLine(
        position, line, Outcome.PROBLEM, number[:_LONGEST_NUMBER], field=refusal.field[:_LONGEST_NUMBER],
        detail=refusal.message[:_LONGEST_DETAIL],
    )  # fmt: skip
