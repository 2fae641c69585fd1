"""`/v1.0/sub_accounts`: credit and tokens of the accounts below. They are made and closed in Restcomm's dialect."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.money import Micros
from dialplane.faces.voipbin.answers import Fields, answers, posted
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.charging.billing import Balance
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.tenancy import account_tree as service


class SubAccount(msgspec.Struct):
    """An account below; `credit_micros` is what it has, `free_micros` what of that is not set aside."""

    id: UUID
    parent_id: UUID
    name: str
    email: str
    status: str
    auth_token: str
    credit_micros: int
    free_micros: int
    tm_create: str | None
    tm_update: str | None


class Transfer(msgspec.Struct):
    """From the caller to the account; a negative amount brings credit back."""

    amount_micros: Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]


@get("/{account_id:str}", responses=answers(SubAccount, 404))
async def get_sub_account(request: ApiRequest, account_id: FromPath[UUID]) -> Fields:
    """An account below, with its balance."""
    request.require_admin()
    return _show(await service.get_sub_account(request.database, request.account_id, AccountId(account_id)))


@post("/{account_id:str}/credits", status_code=200, responses=posted(SubAccount, 402, 404))
async def move_credit(request: ApiRequest, account_id: FromPath[UUID], data: JSONBody[Transfer]) -> Fields:
    """Move credit to an account below, or back; neither balance goes below zero."""
    request.require_admin()
    now, below = request.now, AccountId(account_id)
    key = request.idempotency_key or str(new_id(now))
    await service.move_credit(request.database, request.account_id, below, Micros(data.amount_micros), key=key, now=now)
    return _show(await service.get_sub_account(request.database, request.account_id, below))


@post("/{account_id:str}/auth_token", status_code=200, responses=posted(SubAccount, 404))
async def rotate_auth_token(request: ApiRequest, account_id: FromPath[UUID]) -> Fields:
    """Give an account below (or the caller's own) a new auth token; the old one ends at once."""
    request.require_admin()
    below = AccountId(account_id)
    await service.rotate_auth_token(request.database, request.account_id, below, request.now)
    return _show(await service.get_sub_account(request.database, request.account_id, below))


def _show(balance: Balance) -> Fields:
    account = balance.account
    return {
        "id": show_id(account.id),
        "parent_id": show_id(account.parent_id),
        "name": account.name,
        "email": account.email,
        "status": account.status.value,
        "auth_token": account.auth_token,
        "credit_micros": balance.purse.credit,
        "free_micros": balance.purse.free_credit,
        "tm_create": show_time(account.created_at),
        "tm_update": show_time(account.updated_at),
    }


router = Router(
    "/sub_accounts",
    route_handlers=[get_sub_account, move_credit, rotate_auth_token],
    tags=["Sub-accounts"],
)
