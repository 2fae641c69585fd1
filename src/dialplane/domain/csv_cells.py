"""Cells of CSV files that people open in spreadsheets (SIP-10): a text that a spreadsheet would run as a formula gets
an apostrophe in front, which spreadsheets read as "this is text". Reading takes it away again.
"""

import csv
import io
import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
# Some spreadsheets take blanks before the sign, and the wide signs of Asian keyboards, too.
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")


def guard(text: str) -> str:
    """The text as it is safe to show in a spreadsheet."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguard(text: str) -> str:
    """`unguard(guard(x)) == x`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """The rows as lines that end with CRLF (RFC 4180), every text guarded. None is an empty cell. Numbers, also phone
    numbers with their `+`, stay as they are."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(["" if cell is None else _cell(str(cell)) for cell in row] for row in rows)
    return text.getvalue()


def _cell(text: str) -> str:
    return text if _NUMBER.fullmatch(text) else guard(text)
