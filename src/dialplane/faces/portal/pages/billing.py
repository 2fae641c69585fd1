"""Credits: what there is, adding some, and the history (VoxCPaaS 2.3.4 to 2.3.8)."""

import re
from uuid import UUID, uuid4

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from dialplane.domain.charging.entry_filters import EntryFilter
from dialplane.domain.charging.ledger import Entry
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.identity.people import Deed
from dialplane.domain.money import Micros, usd
from dialplane.faces.downloads import csv_download
from dialplane.faces.portal.forms import Form, typed
from dialplane.faces.portal.rendering import done, go, show, show_money
from dialplane.faces.portal.request import PortalRequest
from dialplane.faces.portal.routing import action, page
from dialplane.faces.portal.tables import PAGE, page_of, read_moment_cursor
from dialplane.services.charging.billing import list_billings
from dialplane.services.charging.billing_files import write_credit_history
from dialplane.services.charging.payments import Redirect, top_up

_AMOUNT = re.compile(r"\$?\s*([0-9]{1,7}(?:\.[0-9]{1,2})?)")


@page("/projects/{project:uuid}/credits", deed=Deed.VIEW)
async def show_credits(request: PortalRequest) -> Response[str]:
    return await _show(request, Form({"amount": "20"}))


@action("/projects/{project:uuid}/credits", deed=Deed.PAY)
async def take_credit(request: PortalRequest) -> Response[str]:
    fields = request.fields
    try:
        amount = read_amount(fields.get("amount"))
        if not fields.is_on("terms"):
            raise Invalid("Read and accept the policies to go on", field="terms")
        paid = await top_up(
            request.database,
            request.portal.payments,
            request.account_id,
            amount,
            _reference(fields.get("reference")),
            request.now,
        )
    except Refusal as refusal:
        return await _show(request, typed(fields).refuse(refusal))
    if isinstance(paid, Redirect):
        return go(paid.url)
    return await done(request, request.at("/credits"), f"{show_money(amount)} of credit were added.")


@page("/projects/{project:uuid}/credits.csv", deed=Deed.VIEW)
async def download_credits(request: PortalRequest) -> Stream:
    return csv_download(write_credit_history(request.database, request.account_id, EntryFilter()), "credit_history.csv")


async def _show(request: PortalRequest, form: Form) -> Response[str]:
    cursor = request.fields.get("after")
    found = await list_billings(
        request.database,
        request.account_id,
        before=read_moment_cursor(cursor),
        limit=PAGE + 1,
        wanted=EntryFilter().only_credit(),
    )
    table = page_of(found, _key, path=request.at("/credits"), filters={}, cursor=cursor)
    return await show(
        request,
        "credits.html",
        form=form,
        table=table,
        reference=form["reference"] or str(uuid4()),
        may_pay=request.member.may(Deed.PAY),
        has_payments=request.portal.payments is not None,
    )


def read_amount(text: str) -> Micros:
    """An amount in USD. Raises Invalid (`amount`)."""
    found = _AMOUNT.fullmatch(text.replace(",", ""))
    if found is None:
        raise Invalid("Enter an amount such as 20 or 20.50", field="amount")
    return usd(found[1])


def _reference(text: str) -> UUID:
    """The form's own id: sent twice, it pays once. Raises Invalid."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("The form is too old; send it again") from None


def _key(entry: Entry) -> str:
    return entry.created_at.isoformat()


HANDLERS: list[HTTPRouteHandler] = [show_credits, take_credit, download_credits]
