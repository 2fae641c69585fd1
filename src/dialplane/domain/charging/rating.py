"""What things cost: units, rates, and how a price is split between the two purses (VoIPBIN section 7.3)."""

from collections.abc import Mapping
from enum import StrEnum

from dialplane.domain.money import ZERO, Micros
from dialplane.domain.values import dataclass


class CostType(StrEnum):
    """What is paid for, in the words of VoIPBIN's `cost_type`."""

    NONE = ""
    CALL_PSTN_INCOMING = "call_pstn_incoming"
    CALL_PSTN_OUTGOING = "call_pstn_outgoing"
    CALL_VN = "call_vn"
    CALL_EXTENSION = "call_extension"
    CALL_DIRECT_EXT = "call_direct_ext"
    SMS = "sms"
    EMAIL = "email"
    NUMBER = "number"
    NUMBER_RENEW = "number_renew"
    TTS = "tts"
    RECORDING = "recording"
    TRANSCRIBE = "transcribe"
    """A minute of speech as text; ours, as the next: VoIPBIN has no word for it."""
    CALLER_ID_LOOKUP = "caller_id_lookup"
    """One look-up of a caller's name."""


MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one unit, copied into whatever it prices when that starts and never looked up again (LED-9)."""

    cost_type: CostType
    micros: Micros
    tokens: int = 0
    """Where not 0, a unit costs this many tokens while there are enough, and `micros` of credit after that."""
    increment_s: int = MINUTE_S
    """How long a unit is of what lasts; the rest is counted one by one."""
    setup: Micros = ZERO
    """What the first unit costs more."""

    @property
    def is_free(self) -> bool:
        return not (self.micros or self.tokens or self.setup)

    def units_in(self, seconds: float) -> int:
        """Units begun: of minutes 0 s is none, 0.1 s is one, 60 s is one, 125 s is three."""
        return -int(-seconds // self.increment_s)

    def split(self, units: int, tokens_available: int, *, has_begun: bool = False) -> "Price":
        """Tokens first, whole units only; the rest from credit. `has_begun`: the first unit was paid before."""
        by_tokens = min(units, tokens_available // self.tokens) if self.tokens else 0
        setup = self.setup if units and not has_begun else 0
        return Price(Micros((units - by_tokens) * self.micros + setup), by_tokens * self.tokens)

    def payable_units(self, units: int, *, credit: int, tokens: int, has_begun: bool = False) -> int:
        """How many of `units` the two purses pay for."""
        credit -= 0 if has_begun else self.setup
        if credit < 0:
            return 0
        by_tokens = min(units, tokens // self.tokens) if self.tokens else 0
        rest = units - by_tokens
        return by_tokens + (min(rest, credit // self.micros) if self.micros else rest)


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in both currencies."""

    micros: Micros
    tokens: int = 0

    def plus(self, other: "Price") -> "Price":
        return Price(Micros(self.micros + other.micros), self.tokens + other.tokens)

    def minus(self, other: "Price") -> "Price":
        return Price(Micros(self.micros - other.micros), self.tokens - other.tokens)


NOTHING = Price(Micros(0))


Rates = Mapping[CostType, Rate]


DEFAULT_RATES: Rates = {
    rate.cost_type: rate
    for rate in (
        Rate(CostType.CALL_PSTN_INCOMING, Micros(10_000)),
        Rate(CostType.CALL_PSTN_OUTGOING, Micros(10_000)),
        Rate(CostType.CALL_VN, Micros(1_000), tokens=1),
        Rate(CostType.CALL_EXTENSION, Micros(0)),
        Rate(CostType.CALL_DIRECT_EXT, Micros(0)),
        Rate(CostType.SMS, Micros(10_000)),
        Rate(CostType.EMAIL, Micros(10_000)),
        Rate(CostType.TTS, Micros(30_000), tokens=3),
        Rate(CostType.RECORDING, Micros(30_000), tokens=3),
        Rate(CostType.TRANSCRIBE, ZERO),
        Rate(CostType.CALLER_ID_LOOKUP, ZERO),
    )
}
"""VoIPBIN's rates: calls, speech, recordings by the started minute, texts by the segment. Numbers bring their own.

What is bought while the operator has not set a rate of his own (`services.charging.rates`)."""
