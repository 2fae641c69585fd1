"""*Route explain*: why a call or message goes where it goes, for made-up traffic and for calls that were."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from dialplane.domain.calling.routing import MAX_DIALLED, Origin, RouteDecision, decide, user_forms
from dialplane.domain.calling.treatment import Circumstances, is_treated
from dialplane.domain.charging.call_billing import RESERVED_S
from dialplane.domain.charging.rating import CostType
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, ApplicationId, CallId
from dialplane.domain.numbering.application_documents import call_document, message_document
from dialplane.domain.numbering.number_settings import seen
from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX
from dialplane.domain.numbering.targets import ApplicationTarget, DocumentTarget
from dialplane.services.calling.route_patterns import Explained, explain_inside
from dialplane.services.calling.treatment import Asked, treat_calls
from dialplane.services.charging.rates import tariff_of
from dialplane.services.transaction import Database, Transaction


async def explain(
    database: Database,
    account_id: AccountId,
    kind: Literal["call", "message"],
    raw_from: str,
    raw_to: str,
    now: datetime,
) -> RouteDecision:
    """What would happen to a call or message from the PSTN: the decision of real traffic, with nothing recorded.

    Money is judged by what is free now. A number of another account is explained as unknown. SIP numbers and patterns
    are looked for as at a domain of the account's organization.
    """
    async with database.reading() as tx:
        account = (await tx.accounts.find_many({account_id}))[account_id]
        tried = user_forms(raw_to, account.home_country)
        found = {
            number.number: number
            for number in await tx.numbers.find_live(list(tried))
            if number.account_id == account_id
        }
        explained = Explained() if found else await explain_inside(tx, account, raw_to[:MAX_DIALLED], tried)
        purse = await tx.ledger.find_purse(account_id)
        prices = await tariff_of(tx, account_id, *tried)
        origin = (
            Origin.PSTN if raw_from.startswith("+") and not raw_from.startswith(VIRTUAL_PREFIX) else Origin.INTERNAL
        )
        called = next((form for form in tried if form in found), "")
        rate = prices.rate(CostType.CALL_PSTN_INCOMING if kind == "call" else CostType.SMS, called)
        first = rate.units_in(RESERVED_S) if kind == "call" else 1
        can_pay = purse is not None and purse.covers(rate.split(first, purse.free_tokens))
        decision = decide(
            kind,
            raw_to,
            tried,
            origin=origin,
            numbers=found,
            accounts={account_id: account},
            can_pay=can_pay,
            inside=explained.considered,
        )
        if is_treated(decision, account):
            caller = (user_forms(raw_from, account.home_country) or ("",))[0]
            (decision,) = await treat_calls(tx, [Asked(decision, account, Circumstances(caller, now))])
        document = await _document(tx, decision)
    return replace(decision, document=document, candidates=(*decision.candidates, *explained.passed_over))


async def _document(tx: Transaction, decision: RouteDecision) -> DocumentTarget | None:
    """What the application runs that the decision leads to, if it leads to one."""
    number, target = decision.number, decision.target
    if number is None or not isinstance(target, ApplicationTarget):
        return None
    application = await tx.applications.find(number.account_id, ApplicationId(target.application_id))
    if application is None:
        return None
    settings = seen(number.settings, number.targets)
    return (call_document if decision.kind == "call" else message_document)(application, settings)


async def get_call_route(database: Database, account_id: AccountId, call_id: CallId) -> dict[str, object]:
    """The decision as it was stored with the call.

    Raises NotFound where there is no such call, or where it was placed by the account itself and needed no decision.
    """
    async with database.reading() as tx:
        call = await tx.calls.find(account_id, call_id)
    if call is None:
        raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    if call.route is None:
        raise NotFound("An outgoing call has no route decision", reason="RESOURCE_NOT_FOUND")
    return call.route
