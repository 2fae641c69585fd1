"""One line of an import, field by field as text, read as the numbers that it puts into stock."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, TrunkId, from_sid
from dialplane.domain.money import MICROS_PER_UNIT, ZERO, Micros
from dialplane.domain.numbering.numbers import NumberKind, parse_kind
from dialplane.domain.supply.import_numbers import NumberReader, check_count, count_range, expand, split_range
from dialplane.domain.supply.imports import MOST_NUMBERS, NONE, StockRow
from dialplane.domain.supply.inventory import NewItem

_LONGEST_NAME = 255
_YES = frozenset({"1", "y", "yes", "true", "x", "on", "enabled"})
_NO = frozenset({"", "0", "n", "no", "false", "off", "-", "disabled"})
_SWITCHES = ("voice", "sms", "mms", "fax")
_USUAL = ("voice", "sms")
_KIND_WORDS = {
    "geographic": NumberKind.LOCAL,
    "geo": NumberKind.LOCAL,
    "landline": NumberKind.LOCAL,
    "fixed": NumberKind.LOCAL,
    "fixedline": NumberKind.LOCAL,
    "freephone": NumberKind.TOLL_FREE,
    "tf": NumberKind.TOLL_FREE,
    "cell": NumberKind.MOBILE,
    "cellular": NumberKind.MOBILE,
}
_AMOUNT = re.compile(r"(?:USD|US\$|\$)?\s*([0-9]{1,7}(?:[.,][0-9]{1,6})?)\s*(?:USD)?", re.IGNORECASE)
_COUNTRY_CODE = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every line that does not say otherwise."""

    country: str = ""
    """Of numbers in national format; what their digits say counts for the number itself."""
    kind: NumberKind | None = None
    setup_micros: Micros = ZERO
    monthly_micros: Micros = ZERO
    account_id: AccountId | None = None
    trunk_id: TrunkId | None = None


@dataclass(frozen=True, slots=True)
class CellReader:
    """Reads the lines of one file."""

    defaults: Defaults
    trunks: Mapping[str, TrunkId] = field(default_factory=dict)
    """By id and by name."""
    numbers: NumberReader = field(default_factory=NumberReader)

    def read(self, cells: Mapping[str, str], *, international: bool = False) -> tuple[StockRow, Iterator[str]]:
        """A line's first number, and all its numbers: more than one where it is a range.

        Raises Invalid naming the field.
        """
        country = _country(cells.get("country", ""))
        first, size = self._range(cells, country or self.defaults.country, international)
        facts = self.numbers.facts(first)
        item = NewItem(
            number=first,
            kind=_kind(cells.get("type", "")) or self.defaults.kind or _needed(facts.kind),
            country=country or facts.country or self.defaults.country,
            region=cells.get("region", ""),
            locality=cells.get("locality", "") or cells.get("rate_center", ""),
            postal_code=cells.get("postal_code", ""),
            latitude=_degrees(cells, "latitude"),
            longitude=_degrees(cells, "longitude"),
            capabilities=_capabilities(cells),
            setup_micros=_price(cells, "setup", self.defaults.setup_micros),
            monthly_micros=_price(cells, "monthly", self.defaults.monthly_micros),
            documents_required=_words(cells.get("documents_required", "")),
            trunk_id=self._trunk(cells.get("trunk", "")),
        )
        item.check()
        if size > 1:  # what lies between the ends differs in nothing that is checked
            replace(item, number=f"+{int(first[1:]) + size - 1}").check()
        return StockRow(item, self._account(cells.get("account_id", "")), _name(cells)), expand(first, size)

    def _range(self, cells: Mapping[str, str], country: str, international: bool) -> tuple[str, int]:
        """The first number and how many there are."""
        text = cells.get("number", "")
        if not text:
            raise Invalid("the number is missing", reason="INVALID_ARGUMENT", field="number")
        start, end = split_range(text)
        first = self.numbers.read(start, country, international=international)
        end = end or cells.get("last", "")
        if end:
            return first, count_range(
                first, self.numbers.read(end, country, international=international), most=MOST_NUMBERS
            )
        count = cells.get("count", "") or "1"
        if not (count.isascii() and count.isdecimal()):
            raise Invalid(f"count is how many numbers, got {count[:40]!r}", reason="INVALID_ARGUMENT", field="count")
        return first, check_count(int(count[:9]), most=MOST_NUMBERS)

    def _account(self, text: str) -> AccountId | None:
        if not text:
            return self.defaults.account_id
        try:
            return AccountId(from_sid("AC", text) if text.startswith("AC") else UUID(text))
        except ValueError:
            raise _invalid("account_id", f"is an account's id or sid, got {text[:40]!r}") from None

    def _trunk(self, text: str) -> TrunkId | None:
        if not text:
            return self.defaults.trunk_id
        if text not in self.trunks:
            raise _invalid("trunk", f"is a trunk's id or name: there is no {text[:64]!r}")
        return self.trunks[text]


def _country(text: str) -> str:
    if text and not _COUNTRY_CODE.fullmatch(text):
        raise _invalid("country", f"is a country's two letters (ISO 3166), got {text[:40]!r}")
    return text.upper()


def _kind(text: str) -> NumberKind | None:
    if not text:
        return None
    word = text.lower().replace(" ", "_")
    return _KIND_WORDS.get(word.replace("_", "").replace("-", "")) or parse_kind(word)


def _needed(kind: NumberKind | None) -> NumberKind:
    if kind is None:
        raise _invalid("type", "is needed: the number's digits do not say it")
    return kind


def _name(cells: Mapping[str, str]) -> str:
    name = cells.get("name", "")
    if len(name) > _LONGEST_NAME:
        raise _invalid("name", f"has {_LONGEST_NAME} characters at most")
    return name


def _words(text: str) -> tuple[str, ...]:
    """Parted by commas, else by semicolons, else by spaces: so words that hold one of them can be written, too. A
    hyphen is none."""
    if text == NONE:
        return ()
    for separator in (",", ";"):
        if separator in text:
            return tuple(word for each in text.split(separator) if (word := each.strip()))
    return tuple(text.split())


def join_words(words: tuple[str, ...]) -> str:
    """What `_words` reads as the same."""
    if not words:
        return NONE
    if any(";" in word or len(word.split()) != 1 for word in words):
        return ",".join(words) + ","
    return ";".join(words)


def _capabilities(cells: Mapping[str, str]) -> tuple[str, ...]:
    listed = cells.get("capabilities", "")
    if listed:
        return tuple(word.lower() for word in _words(listed))
    if not any(name in cells for name in _SWITCHES):
        return _USUAL
    return tuple(name for name in _SWITCHES if _is_on(name, cells.get(name, "")))


def _is_on(name: str, text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise _invalid(name, f"is yes or no, got {text[:40]!r}")
    return text.lower() in _YES


def _price(cells: Mapping[str, str], name: str, usual: Micros) -> Micros:
    """`…_micros` as it stands; dollars as millionths of them."""
    micros = cells.get(f"{name}_micros", "")
    if micros:
        if not (micros.isascii() and micros.isdecimal()):
            raise _invalid(f"{name}_micros", f"must be a whole number of micros, got {micros[:40]!r}")
        return Micros(int(micros[:20]))
    text = cells.get(name, "")
    return _dollars(name, text) if text else usual


def _dollars(name: str, text: str) -> Micros:
    amount = _AMOUNT.fullmatch(text)
    # A comma with one or two digits after it is a decimal comma; with three it may be either, so it is refused.
    if amount is None or re.search(r",[0-9]{3,}", text):
        raise _invalid(name, f"is an amount of US dollars such as 1.15, got {text[:40]!r}")
    try:
        return Micros(int(Decimal(amount[1].replace(",", ".")) * MICROS_PER_UNIT))
    except InvalidOperation:
        raise _invalid(name, f"is an amount of US dollars such as 1.15, got {text[:40]!r}") from None


def _degrees(cells: Mapping[str, str], name: str) -> float | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        degrees = float(text)
    except ValueError:
        degrees = float("nan")
    if not abs(degrees) <= (90 if name == "latitude" else 180):
        raise _invalid(name, f"must be degrees, got {text[:40]!r}")
    return degrees


def _invalid(field: str, says: str) -> Invalid:
    return Invalid(f"{field} {says}", reason="INVALID_ARGUMENT", field=field)
