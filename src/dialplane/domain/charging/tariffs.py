"""Rates by prefix, and what one account pays: the lines of its deck, over those of the default deck, over the built-in.

A prefix is of the number that is called or written to, in digits without `+`: for what comes in that is the account's
own number. The longest prefix of a deck wins; a deck that has no line at all for the number leaves it to the next.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil

from dialplane.domain.addresses import normalize_tel
from dialplane.domain.charging.rating import DEFAULT_RATES, MINUTE_S, CostType, Rate
from dialplane.domain.errors import Invalid
from dialplane.domain.money import Micros
from dialplane.domain.values import dataclass

PREFIXED = (CostType.CALL_PSTN_OUTGOING, CostType.CALL_PSTN_INCOMING, CostType.SMS)
"""What is priced by the number. The rest has one rate for the world."""

LONGEST_PREFIX = 15
"""Digits of the longest number (E.164)."""

LONGEST_INCREMENT_S = 3600
HIGHEST_MICROS = 10**12
LONGEST_DESCRIPTION = 255

EVERY = ""
"""The prefix of all numbers that no other line is for."""


@dataclass(frozen=True, slots=True)
class DeckLine:
    """The rate of numbers that begin with `prefix`."""

    prefix: str
    rate: Rate
    description: str = ""

    @property
    def key(self) -> tuple[CostType, str]:
        return self.rate.cost_type, self.prefix

    def check(self) -> None:
        """Raises Invalid naming the field: `prefix`, `cost_type`, `micros`, `increment_s`, `setup` or `description`."""
        if not (self.prefix.isascii() and self.prefix.isdigit() and len(self.prefix) <= LONGEST_PREFIX):
            raise Invalid(f"a prefix is 1 to {LONGEST_PREFIX} digits", field="prefix")
        if self.rate.cost_type not in PREFIXED:
            raise Invalid(f"priced by prefix are {', '.join(PREFIXED)}", field="cost_type")
        if not 0 <= self.rate.micros <= HIGHEST_MICROS:
            raise Invalid("the price is not negative, and a million at most", field="micros")
        if not 0 <= self.rate.setup <= HIGHEST_MICROS:
            raise Invalid("the set-up price is not negative, and a million at most", field="setup")
        if not 1 <= self.rate.increment_s <= LONGEST_INCREMENT_S:
            raise Invalid(f"an increment is 1 to {LONGEST_INCREMENT_S} seconds", field="increment_s")
        if self.rate.cost_type is CostType.SMS and (self.rate.setup or self.rate.increment_s != MINUTE_S):
            field = "setup" if self.rate.setup else "increment_s"
            raise Invalid("texts are counted by segments: they have neither increment nor set-up", field=field)
        if len(self.description) > LONGEST_DESCRIPTION or not self.description.isprintable():
            raise Invalid(f"a description has {LONGEST_DESCRIPTION} printable characters", field="description")


def prefixes_of(numbers: Iterable[str]) -> list[str]:
    """Every prefix that a line for one of the numbers may have, the empty one too. What is no number has only that."""
    found = {EVERY}
    for number in numbers:
        digits = _digits(number)
        found.update(digits[:length] for length in range(1, min(len(digits), LONGEST_PREFIX) + 1))
    return sorted(found)


def _digits(number: str) -> str:
    """Empty for what is no number."""
    digits = number.removeprefix("+")
    return digits if digits.isascii() and digits.isdigit() else EVERY


def priced_number(text: str) -> str:
    """The number that a price goes by: in its normal form where it has one; what is no number at all is said
    elsewhere."""
    try:
        return normalize_tel(text)
    except Invalid:
        return text


def whole_micros(amount: Fraction) -> Micros:
    """Rounded up to the micro: prices are, here and nowhere else (LED-2)."""
    return Micros(ceil(amount))


def per_slice(per_minute: Fraction, increment_s: int) -> Micros:
    """The price of a slice where a minute costs so many micros."""
    return whole_micros(per_minute * increment_s / MINUTE_S)


Deck = Mapping[tuple[CostType, str], DeckLine]


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one account pays. `decks` are asked in order; they hold at least the lines for the numbers asked about."""

    decks: Sequence[Deck] = ()

    def line(self, cost_type: CostType, number: str = "") -> DeckLine:
        """The longest prefix of the first deck that has any."""
        digits = _digits(number) if cost_type in PREFIXED else EVERY
        for deck in filter(None, self.decks):  # most accounts pay by decks without a line for the number
            for length in range(min(len(digits), LONGEST_PREFIX), -1, -1):
                if (line := deck.get((cost_type, digits[:length]))) is not None:
                    return line
        return DeckLine(EVERY, DEFAULT_RATES[cost_type])

    def rate(self, cost_type: CostType, number: str = "") -> Rate:
        return self.line(cost_type, number).rate
