"""How the number stands at its carrier: voice, messaging, emergency address, and whether its webhooks are believed."""

import asyncio

from dialplane.domain.numbering.diagnosis import Finding, fine, no_matter, problem, unknown, warning
from dialplane.domain.numbering.numbers import Number
from dialplane.services.supply.carrier_accounts import Exchange
from dialplane.services.supply.carriers import (
    CarrierFailed,
    Carriers,
    CarrierSettings,
    CarrierTimeout,
    RemoteNumber,
)
from dialplane.services.transaction import Database

TIMEOUT_S = 8.0

VOICE = ("connection_id", "trunk_sid", "voice_url")
"""Settings that lead calls, by the carriers' names; the others lead messages."""

_CHECKS = ("carrier", "carrier_voice", "carrier_messaging", "signature", "emergency")


async def check_carrier(database: Database, carriers: Carriers, number: Number) -> list[Finding]:
    """In the order of `_CHECKS`. Raises nothing but what the store raises."""
    settings = await carriers.find_settings(number.carrier)
    if settings is None:
        says = f"the number is of {number.carrier or 'nobody outside'}: no carrier has settings of it"
        return [no_matter(check, says) for check in _CHECKS]
    async with database.reading() as tx:
        last = await tx.carriers.last_webhook(number.carrier)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            there = await settings.find_number(number.number)
    except (CarrierTimeout, CarrierFailed, TimeoutError) as fault:
        words = str(fault) or "the carrier did not answer in time"
        return [
            problem(
                "carrier", words, "look at the key of the carrier account, and at GET /operator/v1/carrier_exchanges"
            ),
            *(unknown(check, "the carrier did not say", "") for check in ("carrier_voice", "carrier_messaging")),
            check_signature(settings, last),
            unknown("emergency", "the carrier did not say", ""),
        ]
    if there is None:
        missing = problem(
            "carrier",
            f"{number.carrier} does not have the number in our account",
            "release the number here, or have the carrier put it back; it cannot be reached",
        )
        rest = ("carrier_voice", "carrier_messaging", "emergency")
        return [missing, *(no_matter(check, "the carrier does not have the number") for check in rest)]
    return [
        fine("carrier", f"{number.carrier} has the number as {there.status or 'ours'}"),
        _compare("carrier_voice", settings, there, voice=True),
        _compare("carrier_messaging", settings, there, voice=False),
        check_signature(settings, last),
        check_emergency(there),
    ]


def _compare(check: str, settings: CarrierSettings, there: RemoteNumber, *, voice: bool) -> Finding:
    wanted = {name: value for name, value in settings.wanted_settings.items() if (name in VOICE) is voice}
    if not wanted:
        return warning(
            check,
            f"the carrier account says nothing of {'voice' if voice else 'messaging'}, so nothing is compared",
            f"set {'voice' if voice else 'messaging'} of the carrier account",
        )
    wrong = [
        f"{name} is {there.settings.get(name) or 'empty'} and should be {value or 'empty'}"
        for name, value in wanted.items()
        if there.settings.get(name, "") != value
    ]
    if wrong:
        return problem(check, "; ".join(wrong), "POST /v1.0/numbers/{id}/carrier_settings/repair writes ours")
    return fine(check, f"the carrier has our settings: {', '.join(wanted)}")


def check_signature(settings: CarrierSettings, last: Exchange | None) -> Finding:
    if not settings.verifies_webhooks:
        return problem(
            "signature",
            "no key verifies the carrier's webhooks, so all of them are refused",
            "set signing_key of the carrier account",
        )
    if last is None:
        return warning(
            "signature",
            "the carrier has sent no webhook yet",
            "enter webhook_url of the carrier account at the carrier, and write to the number",
        )
    if last.fault:
        return problem("signature", f"the last webhook was refused: {last.fault}", "repair what it names")
    return fine("signature", "the carrier's last webhook was genuine")


def check_emergency(there: RemoteNumber) -> Finding:
    if there.emergency == "registered":
        return fine("emergency", "an emergency address is registered")
    if not there.emergency:
        return unknown("emergency", "the carrier says nothing of an emergency address", "")
    return warning(
        "emergency",
        f"the emergency address is {there.emergency}",
        "register one at the carrier before people call for help from this number",
    )
