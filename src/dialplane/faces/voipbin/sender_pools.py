"""`/v1.0/sender_pools`: numbers that send as one. In Twilio's dialect a pool is a `MessagingServiceSid`."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.messaging.sender_pools import FASTEST, MOST_NUMBERS
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.messaging import sender_pools as service
from dialplane.services.shapes.sender_pools import sender_pool_shape

PoolName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Numbers = Annotated[list[Annotated[str, msgspec.Meta(max_length=32)]], msgspec.Meta(max_length=MOST_NUMBERS)]
RateAMinute = Annotated[int, msgspec.Meta(ge=0, le=FASTEST)]


class SenderPool(msgspec.Struct):
    """Rates are messages a minute, of each number and to each country; 0 is any number of them."""

    id: UUID
    customer_id: UUID
    name: str
    numbers: list[str]
    number_rate: int
    destination_rate: int
    tm_create: str | None
    tm_update: str | None


class NewSenderPool(msgspec.Struct):
    name: PoolName
    numbers: Numbers = []
    number_rate: RateAMinute = 0
    destination_rate: RateAMinute = 0


class SenderPoolUpdate(msgspec.Struct):
    """What is left out stays as it is. A number that was in another pool leaves that one."""

    name: PoolName | None = None
    numbers: Numbers | None = None
    number_rate: RateAMinute | None = None
    destination_rate: RateAMinute | None = None


@get("/", responses=answers(Paged[SenderPool]))
async def list_pools(request: ApiRequest, page: Paging) -> Fields:
    """The account's sender pools, newest first."""
    rows = await service.list_pools(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, sender_pool_shape, page)


@post("/", status_code=200, responses=posted(SenderPool))
async def create_pool(request: ApiRequest, data: JSONBody[NewSenderPool]) -> Fields:
    """Make a pool of some of the account's numbers."""
    request.require_manager()
    made = await service.create_pool(
        request.database,
        request.account_id,
        data.name,
        data.numbers,
        number_rate=data.number_rate,
        destination_rate=data.destination_rate,
        now=request.now,
    )
    return sender_pool_shape(made)


@get("/{pool_id:str}", responses=answers(SenderPool, 404))
async def get_pool(request: ApiRequest, pool_id: FromPath[UUID]) -> Fields:
    """One sender pool."""
    return sender_pool_shape(await service.get_pool(request.database, request.account_id, pool_id))


@put("/{pool_id:str}", responses=answers(SenderPool, 404))
async def update_pool(request: ApiRequest, pool_id: FromPath[UUID], data: JSONBody[SenderPoolUpdate]) -> Fields:
    """Change its name, numbers or rates."""
    request.require_manager()
    changed = await service.update_pool(
        request.database,
        request.account_id,
        pool_id,
        name=data.name,
        numbers=data.numbers,
        number_rate=data.number_rate,
        destination_rate=data.destination_rate,
        now=request.now,
    )
    return sender_pool_shape(changed)


@delete("/{pool_id:str}", status_code=200, responses=answers(SenderPool, 404))
async def delete_pool(request: ApiRequest, pool_id: FromPath[UUID]) -> Fields:
    """Delete a pool; its numbers stay."""
    request.require_manager()
    return sender_pool_shape(await service.delete_pool(request.database, request.account_id, pool_id, request.now))


router = Router(
    "/sender_pools", route_handlers=[list_pools, create_pool, get_pool, update_pool, delete_pool], tags=["Messages"]
)
