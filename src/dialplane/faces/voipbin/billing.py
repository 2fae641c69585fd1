"""`/v1.0/billing_account`, `/v1.0/billings` and `/v1.0/credit_history`: the account's money, where it went and where it
came from (reference 7.1, 7.4)."""

from uuid import UUID

import msgspec
from litestar import Router, get, put
from litestar.di import Provide
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from dialplane.domain.ids import EntryId
from dialplane.faces.downloads import csv_download
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers
from dialplane.faces.voipbin.billing_filters import Wanted, read_filter
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.charging import billing as service
from dialplane.services.charging.billing_files import write_billings, write_credit_history
from dialplane.services.shapes.billing import show_billing, show_billing_account, show_credit_movement
from dialplane.services.tenancy.accounts import CustomerChange, update_customer


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


class BillingAccountUpdate(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None


class PaymentInfo(msgspec.Struct):
    payment_type: service.PaymentType
    payment_method: service.PaymentMethod


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


class CreditMovement(msgspec.Struct):
    """An entry of the ledger that is no use: money that came, or that somebody moved."""

    id: UUID
    customer_id: UUID
    transaction_type: str
    reference_type: str
    reference_id: UUID
    detail: str
    amount_credit: int
    balance_credit_snapshot: int
    tm_create: str | None


@get("/billing_account", responses=answers(BillingAccount, 404))
async def get_billing_account(request: ApiRequest) -> Fields:
    """The account's balance and plan."""
    request.require_admin()
    return show_billing_account(await service.get_balance(request.database, request.account_id))


@put("/billing_account", responses=answers(BillingAccount, 404))
async def update_billing_account(request: ApiRequest, data: JSONBody[BillingAccountUpdate]) -> Fields:
    """Change name and detail: they are the account's own."""
    request.require_admin()
    change = CustomerChange(name=data.name, detail=data.detail)
    await update_customer(request.database, request.account_id, change, now=request.now)
    return show_billing_account(await service.get_balance(request.database, request.account_id))


@put("/billing_account/payment_info", responses=answers(BillingAccount, 404))
async def update_payment_info(request: ApiRequest, data: JSONBody[PaymentInfo]) -> Fields:
    """Say how you pay; it is kept and shown."""
    request.require_admin()
    payment = service.Payment(data.payment_type, data.payment_method)
    return show_billing_account(await service.set_payment(request.database, request.account_id, payment, request.now))


@get("/billings", responses=answers(Paged[Billing]))
async def list_billings(request: ApiRequest, page: Paging, wanted: Wanted) -> Fields:
    """The ledger's entries of the account, newest first."""
    request.require_admin()
    rows = await service.list_billings(
        request.database, request.account_id, before=page.before, limit=page.fetch, wanted=wanted
    )
    return show_page(rows, show_billing, page)


@get("/billings.csv", media_type="text/csv", responses=answers(str, media_type="text/csv", says="The file"))
async def download_billings(request: ApiRequest, wanted: Wanted) -> Stream:
    """The same as CSV, all pages of it; amounts are in micros of a dollar."""
    request.require_admin()
    return csv_download(write_billings(request.database, request.account_id, wanted), "billings.csv")


@get("/credit_history", responses=answers(Paged[CreditMovement]))
async def list_credit_history(request: ApiRequest, page: Paging, wanted: Wanted) -> Fields:
    """What was paid in, corrected and given back, newest first."""
    request.require_admin()
    rows = await service.list_billings(
        request.database, request.account_id, before=page.before, limit=page.fetch, wanted=wanted.only_credit()
    )
    return show_page(rows, show_credit_movement, page)


@get("/credit_history.csv", media_type="text/csv", responses=answers(str, media_type="text/csv", says="The file"))
async def download_credit_history(request: ApiRequest, wanted: Wanted) -> Stream:
    """The same as CSV, all pages of it."""
    request.require_admin()
    return csv_download(write_credit_history(request.database, request.account_id, wanted), "credit_history.csv")


@get("/billings/{billing_id:str}", responses=answers(Billing, 404))
async def get_billing(request: ApiRequest, billing_id: FromPath[UUID]) -> Fields:
    """One entry of the ledger."""
    request.require_admin()
    return show_billing(await service.get_billing(request.database, request.account_id, EntryId(billing_id)))


router = Router(
    "/",
    route_handlers=[
        get_billing_account,
        update_billing_account,
        update_payment_info,
        list_billings,
        download_billings,
        get_billing,
        list_credit_history,
        download_credit_history,
    ],
    dependencies={"wanted": Provide(read_filter, sync_to_thread=False)},
    tags=["Billing"],
)
