"""What calls, texts and storage cost in one country, as VoxCPaaS's pricing page lists it (section 2.3)."""

from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.tariffs import Tariff
from dialplane.domain.csv_cells import csv_lines
from dialplane.domain.ids import AccountId
from dialplane.domain.money import show_usd
from dialplane.services.charging.rates import tariff_of
from dialplane.services.transaction import Database

_KINDS = (
    ("Landline", PhoneNumberType.FIXED_LINE),
    ("Mobile", PhoneNumberType.MOBILE),
    ("Toll free", PhoneNumberType.TOLL_FREE),
)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of the list: what, and the rate of a unit."""

    what: str
    rate: Rate
    unit: str
    """`minute`, `30 s`, `segment`, ..."""


async def list_prices(database: Database, account_id: AccountId, country: str) -> list[PriceLine]:
    """The account's own prices: custom rates are in them. A country without numbers of its own has fewer lines."""
    examples = _examples(country)
    async with database.reading() as tx:
        return _lines(await tariff_of(tx, account_id, *examples.values()), examples)


async def write_rate_sheet(database: Database, account_id: AccountId) -> Iterator[str]:
    """Every country's lines as CSV."""
    countries = {country: _examples(country) for country in sorted(phonenumbers.SUPPORTED_REGIONS)}
    async with database.reading() as tx:
        tariff = await tariff_of(tx, account_id, *(each for found in countries.values() for each in found.values()))
    rows = (
        (country, line.what, line.unit, show_usd(line.rate.micros), show_usd(line.rate.setup))
        for country, examples in countries.items()
        for line in _lines(tariff, examples)
    )
    return iter([csv_lines([("country", "what", "unit", "price_usd", "setup_usd")]), csv_lines(rows)])


def _lines(tariff: Tariff, examples: dict[str, str]) -> list[PriceLine]:
    lines = [
        *_calls(tariff, examples, CostType.CALL_PSTN_OUTGOING, "Outgoing call to a {} number"),
        *_calls(tariff, examples, CostType.CALL_PSTN_INCOMING, "Incoming call on a {} number"),
    ]
    receiver = examples.get("Mobile") or examples.get("Landline")
    if receiver:
        lines.append(PriceLine("Message", tariff.rate(CostType.SMS, receiver), "segment"))
    recording = tariff.rate(CostType.RECORDING, "")
    return [*lines, PriceLine("Recording and its storage", recording, _unit(recording))]


def _calls(tariff: Tariff, examples: dict[str, str], cost_type: CostType, words: str) -> Iterator[PriceLine]:
    for name, number in examples.items():
        rate = tariff.rate(cost_type, number)
        yield PriceLine(words.format(name.lower()), rate, _unit(rate))


def _unit(rate: Rate) -> str:
    return "minute" if rate.increment_s == 60 else f"{rate.increment_s} s"


def _examples(country: str) -> dict[str, str]:
    return {name: number for name, kind in _KINDS if (number := _example(country, kind))}


def _example(country: str, kind: int) -> str:
    found = phonenumbers.example_number_for_type(country, kind)
    return "" if found is None else phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
