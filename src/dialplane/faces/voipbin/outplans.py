"""`/v1.0/outplans`: how campaigns dial (reference 6.9)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.campaigns import outplans as domain
from dialplane.domain.ids import new_id
from dialplane.faces.voipbin.answers import Address, Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Caller, read_party
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.campaigns.outplans import OUTPLANS
from dialplane.services.shapes.campaigns import outplan_shape

DialTimeout = Annotated[int, msgspec.Meta(ge=1_000, le=600_000)]
TryInterval = Annotated[int, msgspec.Meta(ge=0, le=domain.LONGEST_INTERVAL_MS)]
Tries = Annotated[int, msgspec.Meta(ge=0, le=domain.MAX_TRIES)]


class Outplan(msgspec.Struct):
    """Times are in milliseconds; `max_try_count_n` is for `destination_n` of a target."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    source: Address | None
    dial_timeout: int
    try_interval: int
    max_try_count_0: int
    max_try_count_1: int
    max_try_count_2: int
    max_try_count_3: int
    max_try_count_4: int
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class OutplanChange(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None
    source: Caller | None = None
    dial_timeout: DialTimeout | None = None
    try_interval: TryInterval | None = None
    max_try_count_0: Tries | None = None
    max_try_count_1: Tries | None = None
    max_try_count_2: Tries | None = None
    max_try_count_3: Tries | None = None
    max_try_count_4: Tries | None = None

    def given(self, tries: tuple[int, ...]) -> dict[str, Any]:
        """The fields of the plan, whose tries were `tries`."""
        named = (
            ("name", self.name),
            ("detail", self.detail),
            ("dial_timeout_ms", self.dial_timeout),
            ("try_interval_ms", self.try_interval),
        )
        fields: dict[str, Any] = {name: value for name, value in named if value is not None}
        if self.source is not None:
            fields["source"] = read_party(self.source, "source") if self.source.target else None
        counts = (
            self.max_try_count_0,
            self.max_try_count_1,
            self.max_try_count_2,
            self.max_try_count_3,
            self.max_try_count_4,
        )
        fields["max_try_counts"] = tuple(old if new is None else new for old, new in zip(tries, counts, strict=True))
        return fields


class NewOutplan(OutplanChange, kw_only=True):
    """Without a source the calls come from the number of the outbound config; each destination is tried once."""

    name: Name


@get("/", responses=answers(Paged[Outplan]))
async def list_outplans(request: ApiRequest, page: Paging) -> Fields:
    """The account's outplans, newest first."""
    rows = await OUTPLANS.list_for(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, outplan_shape, page)


@post("/", status_code=200, responses=posted(Outplan))
async def create_outplan(request: ApiRequest, data: JSONBody[NewOutplan]) -> Fields:
    """Make an outplan."""
    request.require_manager()
    given = data.given(domain.TRIES)
    made = domain.Outplan(id=new_id(request.now), account_id=request.account_id, created_at=request.now, **given)
    return outplan_shape(await OUTPLANS.create(request.database, made))


@get("/{outplan_id:str}", responses=answers(Outplan, 404))
async def get_outplan(request: ApiRequest, outplan_id: FromPath[UUID]) -> Fields:
    """One outplan."""
    return outplan_shape(await OUTPLANS.get(request.database, request.account_id, outplan_id))


@put("/{outplan_id:str}", responses=answers(Outplan, 404))
async def update_outplan(request: ApiRequest, outplan_id: FromPath[UUID], data: JSONBody[OutplanChange]) -> Fields:
    """Change what is given, for the tries that come."""
    request.require_manager()
    old = await OUTPLANS.get(request.database, request.account_id, outplan_id)
    given = data.given(old.max_try_counts)
    return outplan_shape(await OUTPLANS.update(request.database, request.account_id, outplan_id, given, request.now))


@delete("/{outplan_id:str}", status_code=200, responses=answers(Outplan, 404))
async def delete_outplan(request: ApiRequest, outplan_id: FromPath[UUID]) -> Fields:
    """Take it away; a campaign that dials by it comes to its end."""
    request.require_manager()
    return outplan_shape(await OUTPLANS.delete(request.database, request.account_id, outplan_id, request.now))


router = Router(
    "/outplans",
    route_handlers=[list_outplans, create_outplan, get_outplan, update_outplan, delete_outplan],
    tags=["Campaigns"],
)
