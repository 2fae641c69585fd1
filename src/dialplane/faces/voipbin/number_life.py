"""What happens to a number beyond its configuration: its history, and its way to another account."""

from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import AccountId, NumberId
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.numbers import Number
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.numbering.history import list_history
from dialplane.services.numbering.transfer import transfer_number
from dialplane.services.shapes.history import show_number_event
from dialplane.services.shapes.numbers import show_number


class Actor(msgspec.Struct):
    """`type`: access_key, agent, account, operator or system (the clock); `id` is the key's, the agent's, ..."""

    type: str
    id: UUID


class FieldChange(msgspec.Struct, rename={"old": "from", "new": "to"}):
    """One field before and after."""

    field: str
    old: object
    new: object


class NumberChange(msgspec.Struct):
    """One change. `what`: created, updated, transferred, suspended, reactivated, renewed, renewal_failed,
    released, restored, flow_deleted."""

    id: UUID
    number_id: UUID
    customer_id: UUID
    number: str
    what: str
    actor: Actor
    changes: list[FieldChange]
    tm_create: str | None


class Transfer(msgspec.Struct):
    customer_id: UUID
    """The account that gets the number."""


@get("/{number_id:str}/history", responses=answers(Paged[NumberChange], 404))
async def get_number_history(request: ApiRequest, number_id: FromPath[UUID], page: Paging) -> Fields:
    """Every change of a number, newest first: who made it, when, and what was there before."""
    rows = await list_history(
        request.database, request.account_id, NumberId(number_id), before=page.before, limit=page.fetch
    )
    return show_page(rows, show_number_event, page)


@post("/{number_id:str}/transfer", status_code=200, responses=posted(Number, 404))
async def transfer(request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[Transfer]) -> Fields:
    """Give a number to an account at or below the caller's, which pays for it from its next renewal on."""
    request.require_admin()
    moved = await transfer_number(
        request.database,
        request.account_id,
        NumberId(number_id),
        AccountId(data.customer_id),
        await request.billing_now(),
        by=request.actor,
    )
    return show_number(moved)


router = Router("/numbers", route_handlers=[get_number_history, transfer], tags=["Numbers"])
