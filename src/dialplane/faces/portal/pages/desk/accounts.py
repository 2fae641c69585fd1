"""Accounts: search among many, and one account's standing, plan, credit and prices."""

from uuid import UUID, uuid4

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from dialplane.domain.charging.entry_filters import EntryFilter
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.ids import AccountId, OrganizationId, find_uuid, to_sid
from dialplane.domain.money import Micros
from dialplane.domain.tenancy.accounts import AccountStatus, Plan
from dialplane.faces.portal.curl_lines import operator_curl
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.pages.billing import read_amount
from dialplane.faces.portal.pages.desk.reading import DESK, PLANS, chosen, id_behind, one_of
from dialplane.faces.portal.rendering import done, show, show_money
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of
from dialplane.services.charging.billing import add_credit, list_billings
from dialplane.services.charging.rates import assign_deck_to_account, list_rate_decks
from dialplane.services.operating.directory import AccountQuery, AccountSheet, read_account_sheet, search_accounts
from dialplane.services.tenancy.accounts import get_account
from dialplane.services.tenancy.administration import administer, set_plan, set_verified

_STATUSES = [(status.value, status.value.capitalize()) for status in AccountStatus]
_NEWEST = 10


@page("/operator/accounts")
async def show_accounts(request: PortalRequest) -> Response[str]:
    filters = {name: request.fields.get(name) for name in ("q", "status", "plan", "organization")}
    organization = find_uuid(filters["organization"])
    query = AccountQuery(
        text=filters["q"][:320],
        status=one_of(AccountStatus, filters["status"]),
        plan=one_of(Plan, filters["plan"]),
        organization_id=None if organization is None else OrganizationId(organization),
    )
    cursor = request.fields.get("after")
    found = await search_accounts(request.database, query, before=id_behind(cursor), limit=PAGE + 1)
    return await show(
        request,
        "desk/accounts.html",
        form=typed(request.fields),
        table=page_of(found, lambda row: str(row.id), path=f"{DESK}/accounts", filters=filters, cursor=cursor),
        statuses=_STATUSES,
        plans=PLANS,
        is_filtered=any(filters.values()),
    )


@page("/operator/accounts/{account:uuid}")
async def show_account(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    return await _show(request, AccountId(account), Form())


async def _show(request: PortalRequest, account_id: AccountId, form: Form) -> Response[str]:
    sheet = await read_account_sheet(request.database, account_id)
    if not form.is_refused:
        form = Form({"plan": sheet.account.plan.value, "rate_deck": sheet.rate_deck})
    return await show(
        request,
        "desk/account.html",
        form=form,
        sheet=sheet,
        account=sheet.account,
        sid=to_sid("AC", account_id),
        may=_steps(sheet),
        plans=PLANS,
        decks=[(deck.id, deck.name or deck.id) for deck in await list_rate_decks(request.database)],
        entries=await list_billings(request.database, account_id, limit=_NEWEST, wanted=EntryFilter().only_credit()),
        reference=form["reference"] or str(uuid4()),
    )


def _steps(sheet: AccountSheet) -> set[str]:
    """What may be done with an account of this standing."""
    if sheet.account.status is AccountStatus.DELETED:
        return set()
    return {"close", "suspend" if sheet.account.status.may_use else "open"}


@action("/operator/accounts/{account:uuid}/suspend")
async def take_suspension(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    return await _set_standing(
        request, account, AccountStatus.SUSPENDED, "The account and those below it are suspended."
    )


@action("/operator/accounts/{account:uuid}/open")
async def take_opening(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    return await _set_standing(request, account, AccountStatus.ACTIVE, "The account is open again.")


@action("/operator/accounts/{account:uuid}/close")
async def take_closing(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    """Final, so that the name is typed by hand first."""
    try:
        name = (await get_account(request.database, AccountId(account))).name
        if request.fields.get("close_name") != name:
            raise Invalid("Type the account's name as it stands above", field="close_name")
    except Refusal as refusal:
        return await _show(request, AccountId(account), typed(request.fields).refuse(refusal))
    return await _set_standing(request, account, AccountStatus.DELETED, "The account is closed.")


async def _set_standing(request: PortalRequest, account: UUID, status: AccountStatus, said: str) -> Response[str]:
    now = await request.billing_now() if status is AccountStatus.DELETED else request.now
    try:
        await administer(request.database, AccountId(account), status=status, now=now)
    except Refusal as refusal:
        return await done(request, _at(account), refusal.message, kind="bad")
    return await done(request, _at(account), said, curl=_curl(request, account, status=status))


@action("/operator/accounts/{account:uuid}/plan")
async def take_plan(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    try:
        plan = chosen(Plan, request.fields.get("plan"), field="plan")
        await set_plan(request.database, AccountId(account), plan, now=request.now)
    except Refusal as refusal:
        return await _show(request, AccountId(account), typed(request.fields).refuse(refusal))
    said = f"The plan is {plan} now. Limits hold for what is made from now on."
    return await done(request, _at(account), said, curl=_curl(request, account, plan=plan))


@action("/operator/accounts/{account:uuid}/identity")
async def take_identity(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    verified = request.fields.get("verified") == "yes"
    await set_verified(request.database, AccountId(account), verified, now=request.now)
    said = "The identity counts as verified." if verified else "The identity no longer counts as verified."
    return await done(request, _at(account), said, curl=_curl(request, account, verified=verified))


@action("/operator/accounts/{account:uuid}/credit")
async def take_credit(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    """Give credit, or take it away. The form's own reference lets it count once, however often it is sent."""
    fields = request.fields
    try:
        amount = read_amount(fields.get("amount"))
        reason = fields.get("reason")
        if not reason:
            raise Invalid("Say why: it stands in the account's history", field="reason")
        signed = -amount if fields.get("do") == "take" else amount
        key = f"desk:{account}:{find_uuid(fields.get('reference')) or uuid4()}"
        await add_credit(request.database, AccountId(account), Micros(signed), reason, key=key, now=request.now)
    except Refusal as refusal:
        return await _show(request, AccountId(account), typed(fields).refuse(refusal, amount_micros="amount"))
    verb = "given" if signed > 0 else "taken away"
    line = operator_curl(
        request, "POST", f"/accounts/{account}/credits", {"amount_micros": int(signed), "reason": reason}
    )
    return await done(request, _at(account), f"{show_money(amount)} of credit were {verb}.", curl=line)


@action("/operator/accounts/{account:uuid}/rate-deck")
async def take_deck(request: PortalRequest, account: FromPath[UUID]) -> Response[str]:
    deck = request.fields.get("rate_deck") or None
    try:
        chosen_deck = await assign_deck_to_account(request.database, AccountId(account), deck)
    except Refusal as refusal:
        return await _show(request, AccountId(account), typed(request.fields).refuse(refusal))
    said = f"The account pays by the rate deck {chosen_deck} from its next call on."
    line = operator_curl(request, "PUT", f"/accounts/{account}/rate_deck", {"rate_deck": deck})
    return await done(request, _at(account), said, curl=line)


def _at(account: UUID) -> str:
    return f"{DESK}/accounts/{account}"


def _curl(request: PortalRequest, account: UUID, **change: object) -> str:
    return operator_curl(request, "PATCH", f"/accounts/{account}", change)


HANDLERS: list[HTTPRouteHandler] = [
    show_accounts,
    show_account,
    take_suspension,
    take_opening,
    take_closing,
    take_plan,
    take_identity,
    take_credit,
    take_deck,
]
