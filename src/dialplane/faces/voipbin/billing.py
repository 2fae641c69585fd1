"""`/v1.0/billing_account` and `/v1.0/billings`: the account's money and where it went (reference 7.1, 7.4)."""

from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.params import FromPath

from dialplane.domain.ids import EntryId
from dialplane.faces.voipbin.answers import Fields, Paged, answers
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services import billing as service
from dialplane.services.shapes.billing import show_billing, show_billing_account


class BillingAccount(msgspec.Struct):
    """What can be spent now (`balance_…`, in micros and tokens) and what is set aside (`held_…`)."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    plan_type: str
    plan_status: str
    balance_credit: int
    balance_token: int
    held_credit: int
    held_token: int
    payment_type: str
    payment_method: str
    paddle_subscription_id: str
    paddle_customer_id: str
    tm_last_topup: str | None
    tm_next_topup: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class Billing(msgspec.Struct):
    """One entry of the ledger; negative amounts are use."""

    id: UUID
    customer_id: UUID
    account_id: UUID
    transaction_type: str
    status: str
    reference_type: str
    reference_id: UUID
    cost_type: str
    detail: str
    usage_duration: int
    billable_units: int
    rate_token_per_unit: int
    rate_credit_per_unit: int
    amount_token: int
    amount_credit: int
    balance_token_snapshot: int
    balance_credit_snapshot: int
    idempotency_key: str
    tm_billing_start: str | None
    tm_billing_end: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


@get("/billing_account", responses=answers(BillingAccount, 404))
async def get_billing_account(request: ApiRequest) -> Fields:
    """The account's balance and plan."""
    request.require_admin()
    return show_billing_account(await service.get_balance(request.database, request.account_id))


@get("/billings", responses=answers(Paged[Billing]))
async def list_billings(request: ApiRequest, page: Paging) -> Fields:
    """The ledger's entries of the account, newest first."""
    request.require_admin()
    rows = await service.list_billings(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, show_billing, page)


@get("/billings/{billing_id:str}", responses=answers(Billing, 404))
async def get_billing(request: ApiRequest, billing_id: FromPath[UUID]) -> Fields:
    """One entry of the ledger."""
    request.require_admin()
    return show_billing(await service.get_billing(request.database, request.account_id, EntryId(billing_id)))


router = Router("/", route_handlers=[get_billing_account, list_billings, get_billing], tags=["Billing"])
