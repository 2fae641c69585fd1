"""Phone numbers as people and spreadsheets write them, read as E.164; what their digits say; and ranges of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers

from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.portability import KINDS

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SCIENTIFIC = re.compile(r"\+?[0-9]+([.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_FRACTION = re.compile(r"(\+?[0-9]{7,15})[.,]0+")
"""What a table of floating-point numbers makes of a number; no digit is lost."""
_DECORATION = dict.fromkeys(
    [*map(ord, " .-()/\t\u00a0\u2007\u2009\u202f\u200e\u202a\u202c\ufeff"), *range(0x2010, 0x2016)]
)
_RANGE = re.compile(r"(.*[0-9])\s*(?:\.\.\.?|–|—|\bto\b|\s-\s|-(?=\s*(?:\+|00)))\s*((?:\+|\(|tel:)?[0-9].*)")
_TAIL = 4
"""Numbering plans give numbers away in blocks of ten thousand and more: what is found out about one number holds for
all that differ in the last four digits."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a number's digits say; empty and None where they do not."""

    country: str
    kind: NumberKind | None


class NumberReader:
    """Reads the numbers of one file; asks the numbering plans once for each block (70 microseconds a question)."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, str], str] = {}
        self._facts: dict[str, Facts] = {}

    def read(self, text: str, country: str = "", *, international: bool = False) -> str:
        """E.164. Without `+` it is read as dialled in `country`, or with the country's code in front; where `country`
        is empty only the latter, and only if `international`. Raises Invalid for the field `number`."""
        bare = _bare(text)
        if _E164.fullmatch(bare):
            return bare
        if bare.startswith("+") or not (bare.isascii() and bare.isdecimal()) or not 4 < len(bare) <= 20:
            raise _invalid(f"{text[:40]!r} is not a phone number")
        if not country and not international:
            raise _invalid(f"{text[:40]!r} has no + and country code: say the country")
        key = (country, bare[:-_TAIL])
        if key not in self._heads:
            self._heads[key] = _international(bare, country, text)[:-_TAIL]
        return self._heads[key] + bare[-_TAIL:]

    def facts(self, number: str) -> Facts:
        """Of a number in E.164."""
        head = number[:-_TAIL]
        if head not in self._facts:
            self._facts[head] = _facts(number)
        return self._facts[head]


def _bare(text: str) -> str:
    """Without what only pleases the eye."""
    text = text.strip().removeprefix("'")
    if text[:4].lower() == "tel:":
        text = text[4:]
    if _SCIENTIFIC.fullmatch(text):
        raise _invalid(
            f"a spreadsheet has made {text[:40]} of the number, and its last digits may be lost:"
            " format the column as text and export it again"
        )
    whole = _FRACTION.fullmatch(text)
    if whole:
        return whole[1]
    if "(0)" in text and text.startswith(("+", "00")):
        return _without_trunk_prefix("+" + text.removeprefix("00").removeprefix("+"))
    bare = text.translate(_DECORATION)
    return "+" + bare[2:] if bare.startswith("00") else bare


def _without_trunk_prefix(text: str) -> str:
    """`+44 (0)20 …` is `+4420…`; where the zero belongs to the number, it stays."""
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _international(bare: str, country: str, text: str) -> str:
    for candidate, region in ((bare, country), ("+" + bare, None)):
        if region == "":
            continue
        try:
            parsed = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    raise _invalid(f"{text[:40]!r} is no number of {country}" if country else f"{text[:40]!r} is no country's number")


def _facts(number: str) -> Facts:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Facts("", None)
    country = phonenumbers.region_code_for_number(parsed) or ""
    return Facts(country if country.isalpha() else "", KINDS.get(phonenumbers.number_type(parsed)))


# --- ranges ----------------------------------------------------------------------------------------------------------


def split_range(text: str) -> tuple[str, str]:
    """`+12025550100-+12025550199` (or with ` - `, `..`, `to`) as first and last; the last is empty for one number."""
    found = _RANGE.fullmatch(text.strip())
    return (found[1], found[2]) if found else (text, "")


def count_range(first: str, last: str, *, most: int) -> int:
    """How many numbers a range in E.164 has, both ends counted. Raises Invalid."""
    if len(first) != len(last):
        raise _invalid(f"the range from {first} to {last} joins numbers of different lengths")
    size = int(last[1:]) - int(first[1:]) + 1
    if size < 1:
        raise _invalid(f"the range from {first} to {last} ends before it begins")
    return check_count(size, most=most)


def check_count(size: int, *, most: int) -> int:
    if not 1 <= size <= most:
        raise Invalid(f"a range has 1 to {most} numbers", reason="INVALID_ARGUMENT", field="count")
    return size


def expand(first: str, size: int) -> Iterator[str]:
    """The numbers of a range. Raises Invalid where it goes over the end of its numbers' length."""
    start, length = int(first[1:]), len(first)
    if len(str(start + size - 1)) + 1 != length:
        raise _invalid(f"a range of {size} from {first} does not end in a number of the same length")
    return (f"+{number}" for number in range(start, start + size))


def _invalid(says: str) -> Invalid:
    return Invalid(says, reason="INVALID_ARGUMENT", field="number")
