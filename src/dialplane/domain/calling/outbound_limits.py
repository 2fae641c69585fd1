"""What an account may spend and how much it may call and write outwards at most: what a stolen password can cost
(FRD-3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.charging.rating import MINUTE_S, CostType
from dialplane.domain.errors import Invalid
from dialplane.domain.money import ZERO, Micros, show_usd

MAX_COUNT = 1_000_000
MAX_MICROS = 10**15
COUNTS = (
    "concurrent_calls",
    "calls_per_second",
    "minutes_per_hour",
    "country_minutes_per_hour",
    "messages_per_hour",
    "country_messages_per_hour",
)
"""The limits that are no money."""
PAUSED = "paused"
PAUSE_TEXT = "Outgoing calls and texts are paused: the account spent far more than usual. The operator lifts it"


@dataclass(frozen=True, slots=True)
class OutboundLimits:
    """None: no limit. An hour is the last sixty minutes; days and months are UTC's."""

    concurrent_calls: int | None = None
    calls_per_second: int | None = None
    price_per_minute: Micros | None = None
    """No call to a destination that costs more is placed."""
    spend_per_hour: Micros | None = None
    spend_per_day: Micros | None = None
    spend_per_month: Micros | None = None
    minutes_per_hour: int | None = None
    """Started ones to the public network, those of calls that go on included."""
    country_minutes_per_hour: int | None = None
    """The same, to any one country."""
    messages_per_hour: int | None = None
    """To the public network, one for each receiver, counted when they were asked for."""
    country_messages_per_hour: int | None = None
    """The same, to any one country."""

    @property
    def counts_messages(self) -> bool:
        return self.messages_per_hour is not None or self.country_messages_per_hour is not None

    @property
    def counts_minutes(self) -> bool:
        return self.minutes_per_hour is not None or self.country_minutes_per_hour is not None


NO_LIMITS = OutboundLimits()


@dataclass(frozen=True, slots=True)
class OutboundPause:
    """Calls and texts to the public network stand still until the operator lifts it (FRD-5)."""

    since: datetime
    says: str
    """Why, in a sentence."""


@dataclass(frozen=True, slots=True)
class OutboundStanding:
    """What holds for an account's outgoing traffic."""

    limits: OutboundLimits
    pause: OutboundPause | None = None

    def find_hit(self, before: "OutboundUse", billing: CallBilling, country: str) -> "LimitHit | None":
        """Why one more call to a number of `country` may not be placed, None where it may."""
        is_outside = billing.rate.cost_type is CostType.CALL_PSTN_OUTGOING
        if self.pause is not None and is_outside:
            return LimitHit(PAUSED, PAUSE_TEXT)
        hit = find_hit(self.limits, before, first_minute(billing))
        return hit or (find_minutes_hit(self.limits, before, country) if is_outside else None)


@dataclass(frozen=True, slots=True)
class OutboundUse:
    """What an account does and has done. What is spent includes what is reserved for calls that go on."""

    live_calls: int = 0
    calls_this_second: int = 0
    spent_this_hour: Micros = ZERO
    spent_today: Micros = ZERO
    spent_this_month: Micros = ZERO
    minutes: Mapping[str, int] = field(default_factory=dict)
    """Of the last hour, by country; counted where a limit asks for it."""

    def and_call(self, first_minute: Micros, country: str = "") -> "OutboundUse":
        """With one more call, whose first minute is reserved; `country` is where it goes in the public network."""
        minutes = {**self.minutes, country: self.minutes.get(country, 0) + 1} if country else self.minutes
        return replace(
            self,
            live_calls=self.live_calls + 1,
            calls_this_second=self.calls_this_second + 1,
            spent_this_hour=Micros(self.spent_this_hour + first_minute),
            spent_today=Micros(self.spent_today + first_minute),
            spent_this_month=Micros(self.spent_this_month + first_minute),
            minutes=minutes,
        )


@dataclass(frozen=True, slots=True)
class LimitHit:
    """A call or a message that one of the limits forbids."""

    limit: str
    """Its field's name."""
    text: str


def first_minute(billing: CallBilling) -> Micros:
    """What a call costs at least, as if there were no tokens: a limit should not move with them."""
    return billing.rate.split(billing.rate.units_in(MINUTE_S), 0).micros


def find_hit(limits: OutboundLimits, before: OutboundUse, first_minute: Micros) -> LimitHit | None:
    """The first limit that one more call would pass, None where it may be placed."""
    after = before.and_call(first_minute)
    counts = (
        ("concurrent_calls", limits.concurrent_calls, after.live_calls, "calls at a time"),
        ("calls_per_second", limits.calls_per_second, after.calls_this_second, "calls a second"),
    )
    for name, most, wanted, of_what in counts:
        if most is not None and wanted > most:
            return LimitHit(name, f"The account may place {most} {of_what}")
    sums = (
        ("price_per_minute", limits.price_per_minute, first_minute, "a minute of a call"),
        ("spend_per_hour", limits.spend_per_hour, after.spent_this_hour, "an hour"),
        ("spend_per_day", limits.spend_per_day, after.spent_today, "a day"),
        ("spend_per_month", limits.spend_per_month, after.spent_this_month, "a month"),
    )
    for name, highest, wanted, of_what in sums:
        if highest is not None and wanted > highest:
            return LimitHit(name, f"The account may spend ${show_usd(highest)} {_on(name, of_what)}")
    return None


def find_minutes_hit(limits: OutboundLimits, before: OutboundUse, country: str) -> LimitHit | None:
    """The same for what is counted in minutes: one more call is one more at least."""
    if limits.minutes_per_hour is not None and sum(before.minutes.values()) >= limits.minutes_per_hour:
        return LimitHit("minutes_per_hour", f"The account may call {limits.minutes_per_hour} minutes an hour")
    most = limits.country_minutes_per_hour
    if most is not None and before.minutes.get(country, 0) >= most:
        return LimitHit(
            "country_minutes_per_hour", f"The account may call {most} minutes an hour to one country, here {country}"
        )
    return None


def find_messages_hit(limits: OutboundLimits, before: Mapping[str, int], wanted: Mapping[str, int]) -> LimitHit | None:
    """The same for messages, by country: those of the last hour, and those of one more message to its receivers."""
    most = limits.messages_per_hour
    if most is not None and wanted and sum(before.values()) + sum(wanted.values()) > most:
        return LimitHit("messages_per_hour", f"The account may send {most} messages an hour")
    most = limits.country_messages_per_hour
    for country, count in wanted.items():
        if most is not None and before.get(country, 0) + count > most:
            return LimitHit(
                "country_messages_per_hour",
                f"The account may send {most} messages an hour to one country, here {country}",
            )
    return None


def check_limits(limits: OutboundLimits) -> None:
    """Raises Invalid naming the field."""
    for each in fields(limits):
        value: int | None = getattr(limits, each.name)
        highest = MAX_COUNT if each.name in COUNTS else MAX_MICROS
        if value is not None and not 0 <= value <= highest:
            raise Invalid(f"{each.name} is 0 to {highest}, or null", field=each.name)


def _on(limit: str, of_what: str) -> str:
    return f"on {of_what}" if limit == "price_per_minute" else of_what
