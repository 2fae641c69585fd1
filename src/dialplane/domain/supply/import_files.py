"""The text of an import, as CSV or JSON, cut into lines of fields. What a line means is `import_cells`' matter.

CSV as in RFC 4180, parted by commas, semicolons, tabs or bars, with or without headings. JSON as an array of objects,
as one object whose `items` is that array (what the export gives), or as one object a line.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from dialplane.domain.csv_cells import unguard
from dialplane.domain.errors import Invalid
from dialplane.domain.supply.import_columns import (
    MOST_SHOWN,
    STOCK,
    Columns,
    Headings,
    are_headings,
    is_international,
    place_columns,
)
from dialplane.domain.supply.imports import NONE, Reading

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)
"""What some spreadsheets write in front of everything."""
_QUOTED = re.compile(r'"[^"]*"?')
_MOST_COLUMNS = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One line's fields; `fault` where it cannot even be cut into them."""

    number: int
    cells: Mapping[str, str]
    international: bool = False
    fault: Invalid | None = None


@dataclass(slots=True)
class ImportFile:
    """A file that is read line by line. `reading` is complete when all its lines were read."""

    format: str
    _lines: Iterator[Line]
    _delimiter: str = ""
    _columns: Columns | None = None
    _keys: dict[str, str] = field(default_factory=dict)
    """Of JSON: each key and the field that it is read as."""

    def lines(self) -> Iterator[Line]:
        """Raises Invalid where what follows cannot be read at all."""
        return self._lines

    @property
    def reading(self) -> Reading:
        if self._columns is not None:
            columns = self._columns
            return Reading(self.format, self._delimiter, bool(columns.headings), columns.named, columns.ignored)
        named = {field: key for key, field in reversed(self._keys.items()) if field}
        return Reading(self.format, columns=named, ignored=[key for key, field in self._keys.items() if not field])


def open_file(body: bytes, mapping: Mapping[str, str], known: Headings = STOCK) -> ImportFile:
    """Decode and recognise the file; `mapping` names columns that are not to be guessed, `known` has the others.

    Raises Invalid (field `csv` or `json`) where it is no text in UTF-8, or neither CSV nor JSON.
    """
    text = _decode(body)
    if text.lstrip()[:1] in ("[", "{"):
        keys = {key: field for field, key in mapping.items() if key}
        return ImportFile("json", _json_lines(text, mapping, keys, known), _keys=keys)
    return _open_csv(text, mapping, known)


def _decode(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Invalid("the file is UTF-16, not UTF-8: save it as CSV UTF-8", reason="INVALID_ARGUMENT", field="csv")
    try:
        text = body.decode("utf-8-sig")  # spreadsheets put a byte order mark in front
    except UnicodeDecodeError as fault:
        line = body[: fault.start].count(b"\n") + 1
        says = f"the file is not UTF-8: line {line} holds the byte {body[fault.start]:#04x}; save it as CSV UTF-8"
        raise Invalid(says, reason="INVALID_ARGUMENT", field="csv") from fault
    if "\0" in text:
        raise Invalid("the file holds a NUL character", reason="INVALID_ARGUMENT", field="csv")
    return text


# --- CSV -------------------------------------------------------------------------------------------------------------


def _open_csv(text: str, mapping: Mapping[str, str], known: Headings) -> ImportFile:
    told = _SEPARATOR_LINE.match(text)
    begin = told.end() if told else 0
    delimiter = told[1] if told else _delimiter(text)
    stream = io.StringIO(text, newline="")
    stream.seek(begin)
    rows = _rows(csv.reader(stream, delimiter=delimiter, strict=True), before=1 if told else 0)
    number, first = next(rows, (0, []))
    if not first:
        raise Invalid("the file is empty", reason="INVALID_ARGUMENT", field="csv")
    has_headings = are_headings(first)
    second = next(rows, None)
    sample = second[1] if second is not None else ()
    columns = place_columns(first, mapping, known, has_headings=has_headings, sample=sample)
    ahead = [] if second is None else [second]
    lines = _csv_lines(chain([] if has_headings else [(number, first)], ahead, rows), columns, len(first))
    return ImportFile("csv", lines, delimiter, columns)


def _delimiter(text: str) -> str:
    """The one that stands most often in the first line, outside of quotes."""
    first = text.lstrip("\r\n")[:65536].split("\n", 1)[0]
    plain = _QUOTED.sub("", first)
    return max(_DELIMITERS, key=plain.count)


def _rows(reader: Iterator[list[str]], *, before: int) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty, with its number in the file, its cells without blanks around them."""
    line_num = before
    try:
        for row in reader:
            line_num = before + reader.line_num  # type: ignore[attr-defined]  # of csv's own reader
            cells = [unguard(cell.strip()) for cell in row[:_MOST_COLUMNS]]
            if any(cells):
                yield line_num, cells
    except csv.Error as fault:  # such as a field of over 128 KiB, or a quote that nobody closes
        raise Invalid(
            f"the file is not CSV after line {line_num}: {fault}", reason="INVALID_ARGUMENT", field="csv"
        ) from fault


def _csv_lines(rows: Iterable[tuple[int, list[str]]], columns: Columns, width: int) -> Iterator[Line]:
    for number, row in rows:
        yield _csv_line(number, row, columns, width)


def _csv_line(number: int, row: Sequence[str], columns: Columns, width: int) -> Line:
    cells = {field: row[place] for field, place in columns.places.items() if place < len(row)}
    fault = None
    if any(row[width:]):
        # Somebody forgot quotes around a comma, so every cell behind it is another's.
        fault = Invalid(f"has more than the {width} fields of the first line", reason="INVALID_ARGUMENT", field="csv")
    return Line(number, cells, columns.international, fault)


# --- JSON ------------------------------------------------------------------------------------------------------------


def _json_lines(text: str, mapping: Mapping[str, str], keys: dict[str, str], known: Headings) -> Iterator[Line]:
    objects = has_number = False
    for number, found in _objects(text):
        if not isinstance(found, dict) or any(_whole(key) != key for key in found):
            yield Line(number, {}, fault=Invalid("is no object", reason="INVALID_ARGUMENT", field="json"))
            continue
        cells: dict[str, str] = {}
        international = False
        fault = None
        for key, value in found.items():
            field = _field(key, mapping, keys, known)
            if not field or field in cells:
                continue
            try:
                cells[field] = _text(key, value)
            except Invalid as refusal:
                fault = refusal
            if field == "number":
                international = is_international(key)
        objects = True
        has_number = has_number or "number" in cells or fault is not None
        yield Line(number, cells, international, fault)
    if objects and not has_number:
        names = ", ".join(repr(key[:40]) for key in list(keys)[:20])
        says = f"none of the keys {names} is known as the number: name it with column=number:…"
        raise Invalid(says, reason="INVALID_ARGUMENT", field="json")


def _field(key: str, mapping: Mapping[str, str], keys: dict[str, str], known: Headings) -> str:
    """The field that a key is read as. Only so many keys are remembered: every object may bring new ones."""
    if key in keys:
        return keys[key]
    guessed = known.guess(key)
    field = "" if guessed in mapping else guessed
    if len(keys) < MOST_SHOWN:
        keys[key[:80]] = field
    return field


def _objects(text: str) -> Iterator[tuple[int, object]]:
    """Each element with its position, or its line where every line is an object of its own."""
    try:
        whole: object = json.loads(text)
    except ValueError as fault:
        if text.lstrip()[0] != "{":
            raise _no_json(fault) from fault
    else:
        items = whole.get("items", [whole]) if isinstance(whole, dict) else whole
        if not isinstance(items, list):
            raise Invalid("items is an array of objects", reason="INVALID_ARGUMENT", field="json")
        yield from enumerate(items, start=1)
        return
    for number, line in enumerate(io.StringIO(text), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as fault:
                raise _no_json(fault, f"line {number} of ") from fault


def _no_json(fault: ValueError, where: str = "") -> Invalid:
    return Invalid(f"{where}the file is not JSON: {fault}", reason="INVALID_ARGUMENT", field="json")


def _whole(text: str) -> str:
    """Without halves of characters (lone surrogates), which JSON can write and no store holds."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _text(key: str, value: object) -> str:
    """A value as a cell would have it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            if _whole(value) != value:
                raise Invalid(f"{key[:40]} holds half a character", reason="INVALID_ARGUMENT", field=key[:40])
            return value.strip()
        case int() | float():
            return str(value)
        case list() if all(isinstance(each, str) for each in value):
            return ",".join(value) + "," if value else NONE
        case _:
            raise Invalid(
                f"{key[:40]} is a text, a number or a list of texts", reason="INVALID_ARGUMENT", field=key[:40]
            )
