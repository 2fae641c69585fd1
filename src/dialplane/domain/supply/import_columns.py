"""Which column of a file is which field: guessed from its heading, unless somebody says it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialplane.domain.errors import Invalid

_SPELLINGS = {
    "number": "number phonenumber phone did didnumber msisdn e164 tn telephone telephonenumber tel "
    "start rangestart startnumber first firstnumber from",
    "last": "last end rangeend endnumber lastnumber to",
    "count": "count quantity qty blocksize",
    "type": "type numbertype linetype didtype",
    "country": "country countrycode iso countryiso isocountry",
    "region": "region state province stateprovince",
    "locality": "locality city town place municipality",
    "rate_center": "ratecenter ratecentre rc",
    "postal_code": "postalcode zip zipcode postcode",
    "latitude": "latitude lat",
    "longitude": "longitude lon lng long",
    "capabilities": "capabilities features services",
    "voice": "voice",
    "sms": "sms",
    "mms": "mms",
    "fax": "fax",
    "setup_micros": "setupmicros",
    "monthly_micros": "monthlymicros",
    "setup": "setup setupfee setupprice setupcost nrc onetime activation",
    "monthly": "monthly monthlyfee monthlyprice monthlycost monthlyrate mrc price",
    "documents_required": "documentsrequired documents",
    "account_id": "accountid account accountsid customerid customer",
    "trunk": "trunk trunkid trunkname",
    "name": "name friendlyname label description",
}
FIELDS = tuple(_SPELLINGS)
"""What can be read. `setup` and `monthly` are dollars, their `…_micros` millionths; `last` and `count` make a range;
`rate_center` stands in where there is no locality; `voice`, `sms`, `mms`, `fax` are yes or no."""

_INTERNATIONAL = frozenset({"msisdn", "e164"})
_NO_LETTER = re.compile(r"[^a-z0-9]")
_LONGEST_SHOWN = 80
MOST_SHOWN = 100
"""Columns that an answer names."""


@dataclass(frozen=True, slots=True)
class Headings:
    """By which headings the fields of a kind of file are known."""

    fields: Mapping[str, str]
    """Each spelling, without blanks and signs, and its field."""
    open_prefix: str = ""
    """Headings that begin with it are fields themselves; "" where there are none such."""

    def guess(self, heading: str) -> str:
        """The field that a heading means; "" where it means none."""
        if self.open_prefix and heading.startswith(self.open_prefix):
            return heading
        return self.fields.get(_plain(heading), "")


def headings(spellings: Mapping[str, str], *, open_prefix: str = "") -> Headings:
    """Of each field and its spellings, parted by blanks."""
    return Headings({each: field for field, known in spellings.items() for each in known.split()}, open_prefix)


STOCK = headings(_SPELLINGS)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands, by the position of the column from 0."""

    places: Mapping[str, int]
    headings: Sequence[str]
    """Empty where the file has none."""
    international: bool = False
    """The heading says that the numbers begin with the country's code, even where the `+` is missing."""
    width: int = 0
    """How many there are."""

    @property
    def named(self) -> dict[str, str]:
        """Each field and the heading, or the position from 1, of its column."""
        return {
            field: self.headings[place][:_LONGEST_SHOWN] if self.headings else str(place + 1)
            for field, place in self.places.items()
        }

    @property
    def ignored(self) -> list[str]:
        """By heading, or by position from 1 where there are none."""
        read = set(self.places.values())
        named = self.headings or [str(place + 1) for place in range(self.width)]
        unread = (text for place, text in enumerate(named) if place not in read and text)
        return [text[:_LONGEST_SHOWN] for text in unread][:MOST_SHOWN]


def _plain(heading: str) -> str:
    return _NO_LETTER.sub("", heading.lower())


def is_international(heading: str) -> bool:
    """Whether the heading of the numbers says that they begin with the country's code."""
    return _plain(heading) in _INTERNATIONAL


def read_mapping(wishes: Sequence[str], known: Sequence[str] = FIELDS, *, open_prefix: str = "") -> dict[str, str]:
    """`number:Phone Number` for each column that is not to be guessed; the field is a known one, or begins with
    `open_prefix` where there is one. Raises Invalid."""
    found: dict[str, str] = {}
    for wish in wishes:
        field, colon, column = wish.partition(":")
        is_field = field in known or (open_prefix and field.startswith(open_prefix) and len(field) <= _LONGEST_SHOWN)
        if not colon or not is_field or len(column) > _LONGEST_SHOWN or not column.isprintable():
            raise Invalid(f"column is FIELD:HEADING, the field one of {', '.join(known)}", field="column")
        found[field] = column.strip()
    return found


def place_columns(
    first: Sequence[str], mapping: Mapping[str, str], known: Headings, *, has_headings: bool, sample: Sequence[str] = ()
) -> Columns:
    """The columns of a file whose first line is `first`; `mapping` goes before what is guessed.

    A column is named by its heading or its position from 1; an empty name takes the field out. Where no heading means
    the number, it is the column that holds one in `sample`, the second line. Raises Invalid.
    """
    places: dict[str, int] = {}
    named = list(first) if has_headings else []
    for field, column in mapping.items():
        if column:
            places[field] = _place(column, first, named)
    for place, heading in enumerate(named):
        field = known.guess(heading)
        if field and field not in mapping and field not in places and place not in places.values():
            places[field] = place
    if "number" not in places and not has_headings:
        places["number"] = next((place for place, cell in enumerate(first) if looks_like_number(cell)), 0)
    if "number" not in places and "number" not in mapping:
        taken, cells = places.values(), enumerate(sample[: len(first)])
        found = next((place for place, cell in cells if place not in taken and looks_like_number(cell)), None)
        places |= {} if found is None else {"number": found}
    if "number" not in places:
        names = ", ".join(repr(heading[:40]) for heading in named[:20])
        raise Invalid(f"none of the columns {names} is known as the number: name it with column=number:…", field="csv")
    return Columns(places, named, bool(named) and is_international(named[places["number"]]), len(first))


def _place(column: str, first: Sequence[str], headings: Sequence[str]) -> int:
    wanted = column.casefold()
    for place, heading in enumerate(headings):
        if heading.casefold() == wanted:
            return place
    if column.isascii() and column.isdecimal() and 1 <= int(column[:6]) <= len(first):
        return int(column[:6]) - 1
    raise Invalid(f"there is no column {column[:40]!r}", field="column")


def are_headings(first: Sequence[str]) -> bool:
    """Whether the first line of a file names its columns. A line with a phone number in it does not."""
    return not any(looks_like_number(cell) for cell in first)


_NUMBER_LIKE = re.compile(r"'?(tel:)?[+(]?[0-9][0-9 .()/\u00a0-]{5,30}(\.[0-9]+E\+?[0-9]+)?", re.IGNORECASE)


def looks_like_number(cell: str) -> bool:
    return bool(_NUMBER_LIKE.match(cell.strip())) and sum(character.isdigit() for character in cell) >= 7
