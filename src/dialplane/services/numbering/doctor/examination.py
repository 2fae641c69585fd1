"""The number doctor: one look at everything between the world and what a number runs, with what to do about each.

Nothing is changed. The carrier is asked, and the number's document is fetched as for a call, so it is the truth of this
moment and not of a cache; what does not answer in time is `unknown`, and the rest is told all the same.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.diagnosis import Finding, Verdict, worst
from dialplane.domain.numbering.numbers import Number
from dialplane.services.numbering.doctor.account_checks import (
    check_account,
    check_balance,
    check_consent,
    check_number,
    check_renewal,
)
from dialplane.services.numbering.doctor.arrival_checks import (
    Arrivals,
    check_last_call,
    check_last_message,
    check_trunk,
)
from dialplane.services.numbering.doctor.carrier_checks import check_carrier
from dialplane.services.numbering.doctor.target_checks import check_targets
from dialplane.services.numbering.numbers import get_number
from dialplane.services.programs.outside import Web
from dialplane.services.supply.carriers import Carriers
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every finding, in the order of the way from the world to the flow."""

    number: Number
    findings: tuple[Finding, ...]
    made_at: datetime

    @property
    def verdict(self) -> Verdict:
        return worst(self.findings)


async def examine(
    database: Database,
    carriers: Carriers,
    web: Web,
    account_id: AccountId,
    number_id: NumberId,
    now: datetime,
    *,
    billing_now: datetime,
) -> Diagnosis:
    """Raises NotFound for another account's number too."""
    number = await get_number(database, account_id, number_id)
    async with asyncio.TaskGroup() as group:
        at_carrier = group.create_task(check_carrier(database, carriers, number))
        targets = group.create_task(check_targets(database, web, number))
    async with database.reading() as tx:
        account = await tx.accounts.get(account_id)
        purse = await tx.ledger.find_purse(account_id)
        trunks = await tx.trunks.list_live()
        consent = await tx.consent.find_settings(account_id)
        arrivals = Arrivals(
            await tx.arrivals.last_call(number),
            await tx.arrivals.last_message(number),
            await tx.arrivals.last_refusal(number),
        )
    findings = [
        check_number(number),
        *at_carrier.result(),
        check_trunk(number, trunks),
        check_last_call(arrivals, now),
        check_last_message(number, arrivals, now),
        *targets.result(),
        check_consent(number, consent),
        check_account(account),
        check_balance(number, purse),
        check_renewal(number, billing_now),
    ]
    return Diagnosis(number, tuple(findings), now)
