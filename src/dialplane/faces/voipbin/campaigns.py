"""`/v1.0/campaigns` and `/v1.0/campaigncalls`: dialling many targets by a plan (reference 6.9)."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.campaigns import campaigns as domain
from dialplane.domain.campaigns.campaigns import CampaignKind, CampaignStatus, EndHandle
from dialplane.domain.ids import new_id, unless_nil
from dialplane.faces.voipbin.answers import Address, Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.flows import ActionList
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.campaigns import campaigncalls as calls_service
from dialplane.services.campaigns import campaigns as service
from dialplane.services.shapes.campaigns import campaign_shape, campaigncall_shape

ServiceLevel = Annotated[int, msgspec.Meta(ge=0, le=domain.MAX_SERVICE_LEVEL)]


class Campaign(msgspec.Struct):
    """Dials the targets of an outdial by an outplan; `service_level` is in percent of the queue's available agents."""

    id: UUID
    customer_id: UUID
    type: CampaignKind
    name: str
    detail: str
    status: CampaignStatus
    end_handle: EndHandle
    service_level: int
    actions: list[dict[str, object]]
    outplan_id: UUID
    outdial_id: UUID
    queue_id: UUID
    next_campaign_id: UUID
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class ResourceInfo(msgspec.Struct, omit_defaults=True):
    """What is left out stays as it is; the nil UUID clears it."""

    outplan_id: UUID | None = None
    outdial_id: UUID | None = None
    queue_id: UUID | None = None
    next_campaign_id: UUID | None = None


class CampaignChange(ResourceInfo, omit_defaults=True):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None
    type: CampaignKind | None = None
    end_handle: EndHandle | None = None
    service_level: ServiceLevel | None = None
    actions: ActionList | None = None


class NewCampaign(CampaignChange, kw_only=True):
    """It is stopped until its status is put to `run`."""

    name: Name


class StatusChange(msgspec.Struct):
    status: Literal["run", "stop"]


class ActionsChange(msgspec.Struct):
    actions: ActionList


class ServiceLevelChange(msgspec.Struct):
    service_level: ServiceLevel


class NextCampaign(msgspec.Struct):
    next_campaign_id: UUID


class Campaigncall(msgspec.Struct):
    """One try of one target; `reference_id` is its call's, or its run's where the campaign is of type flow."""

    id: UUID
    customer_id: UUID
    campaign_id: UUID
    outplan_id: UUID
    outdial_id: UUID
    outdial_target_id: UUID
    queue_id: UUID
    activeflow_id: UUID
    reference_type: CampaignKind
    reference_id: UUID
    status: domain.CampaigncallStatus
    result: str
    source: Address | None
    destination: Address
    destination_index: int
    try_count: int
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


@get("/", responses=answers(Paged[Campaign]))
async def list_campaigns(request: ApiRequest, page: Paging) -> Fields:
    """The account's campaigns, newest first."""
    rows = await service.list_campaigns(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, campaign_shape, page)


@post("/", status_code=200, responses=posted(Campaign, 404))
async def create_campaign(request: ApiRequest, data: JSONBody[NewCampaign]) -> Fields:
    """Make a campaign."""
    request.require_manager()
    made = domain.Campaign(
        id=new_id(request.now), account_id=request.account_id, created_at=request.now, **_given(data)
    )
    return campaign_shape(await service.create_campaign(request.database, made))


@get("/{campaign_id:str}", responses=answers(Campaign, 404))
async def get_campaign(request: ApiRequest, campaign_id: FromPath[UUID]) -> Fields:
    """One campaign."""
    return campaign_shape(await service.get_campaign(request.database, request.account_id, campaign_id))


@put("/{campaign_id:str}", responses=answers(Campaign, 404))
async def update_campaign(request: ApiRequest, campaign_id: FromPath[UUID], data: JSONBody[CampaignChange]) -> Fields:
    """Change what is given, for the calls that come."""
    return await _update(request, campaign_id, data)


@put("/{campaign_id:str}/status", responses=answers(Campaign, 404))
async def set_campaign_status(request: ApiRequest, campaign_id: FromPath[UUID], data: JSONBody[StatusChange]) -> Fields:
    """Let it run, or stop it: calls that were begun go on, and it is `stopping` until the last of them is over."""
    request.require_manager()
    status = CampaignStatus(data.status)
    return campaign_shape(
        await service.set_status(request.database, request.account_id, campaign_id, status, request.now)
    )


@put("/{campaign_id:str}/actions", responses=answers(Campaign, 404))
async def set_campaign_actions(
    request: ApiRequest, campaign_id: FromPath[UUID], data: JSONBody[ActionsChange]
) -> Fields:
    """What a call runs when it is answered."""
    return await _update(request, campaign_id, data)


@put("/{campaign_id:str}/service_level", responses=answers(Campaign, 404))
async def set_campaign_service_level(
    request: ApiRequest, campaign_id: FromPath[UUID], data: JSONBody[ServiceLevelChange]
) -> Fields:
    """Percent of the queue's available agents that so many calls may ring for."""
    return await _update(request, campaign_id, data)


@put("/{campaign_id:str}/resource_info", responses=answers(Campaign, 404))
async def set_campaign_resources(
    request: ApiRequest, campaign_id: FromPath[UUID], data: JSONBody[ResourceInfo]
) -> Fields:
    """By which plan it dials whom, and where those wait who answer."""
    return await _update(request, campaign_id, data)


@put("/{campaign_id:str}/next_campaign_id", responses=answers(Campaign, 404))
async def set_next_campaign(request: ApiRequest, campaign_id: FromPath[UUID], data: JSONBody[NextCampaign]) -> Fields:
    """The campaign that begins when this one has come to its end."""
    return await _update(request, campaign_id, data)


@delete("/{campaign_id:str}", status_code=200, responses=answers(Campaign, 404, 409))
async def delete_campaign(request: ApiRequest, campaign_id: FromPath[UUID]) -> Fields:
    """Take away a campaign that is stopped."""
    request.require_manager()
    return campaign_shape(await service.delete_campaign(request.database, request.account_id, campaign_id, request.now))


@get("/{campaign_id:str}/campaigncalls", responses=answers(Paged[Campaigncall], 404))
async def list_calls_of_campaign(request: ApiRequest, campaign_id: FromPath[UUID], page: Paging) -> Fields:
    """The calls of one campaign, newest first."""
    await service.get_campaign(request.database, request.account_id, campaign_id)
    return await _calls(request, campaign_id, page)


@get("/", responses=answers(Paged[Campaigncall]))
async def list_campaigncalls(request: ApiRequest, page: Paging) -> Fields:
    """The calls of all campaigns, newest first."""
    return await _calls(request, None, page)


@get("/{campaigncall_id:str}", responses=answers(Campaigncall, 404))
async def get_campaigncall(request: ApiRequest, campaigncall_id: FromPath[UUID]) -> Fields:
    """One of them."""
    return campaigncall_shape(
        await calls_service.get_campaigncall(request.database, request.account_id, campaigncall_id)
    )


@delete("/{campaigncall_id:str}", status_code=200, responses=answers(Campaigncall, 404, 409))
async def delete_campaigncall(request: ApiRequest, campaigncall_id: FromPath[UUID]) -> Fields:
    """Take one that is over out of the lists."""
    request.require_manager()
    return campaigncall_shape(
        await calls_service.delete_campaigncall(request.database, request.account_id, campaigncall_id, request.now)
    )


async def _calls(request: ApiRequest, campaign_id: UUID | None, page: Paging) -> Fields:
    rows = await calls_service.list_campaigncalls(
        request.database, request.account_id, campaign_id, before=page.before, limit=page.fetch
    )
    return show_page(rows, campaigncall_shape, page)


async def _update(request: ApiRequest, campaign_id: UUID, data: msgspec.Struct) -> Fields:
    request.require_manager()
    given = _given(data)
    return campaign_shape(
        await service.update_campaign(request.database, request.account_id, campaign_id, given, request.now)
    )


def _given(data: msgspec.Struct) -> dict[str, Any]:
    """The fields that a body names; the nil UUID is none."""
    fields = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}
    return {name: unless_nil(value) if isinstance(value, UUID) else value for name, value in fields.items()}


router = Router(
    "/campaigns",
    route_handlers=[
        list_campaigns,
        create_campaign,
        get_campaign,
        update_campaign,
        set_campaign_status,
        set_campaign_actions,
        set_campaign_service_level,
        set_campaign_resources,
        set_next_campaign,
        delete_campaign,
        list_calls_of_campaign,
    ],
    tags=["Campaigns"],
)
calls_router = Router(
    "/campaigncalls", route_handlers=[list_campaigncalls, get_campaigncall, delete_campaigncall], tags=["Campaigns"]
)
