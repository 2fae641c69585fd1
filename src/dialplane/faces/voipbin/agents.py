"""`/v1.0/agents`: people who sign in, and are rung for queues (reference 6.4)."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Invalid, NotPermitted
from dialplane.domain.ids import AgentId, TagId
from dialplane.domain.rooms.agents import AgentStatus
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.customer import Agent
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Party, read_party
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.rooms import agents as service
from dialplane.services.rooms.agents import AgentChange, AgentDraft
from dialplane.services.shapes.agents import agent_shape

Addresses = Annotated[list[Party], msgspec.Meta(max_length=10)]
Password = Annotated[str, msgspec.Meta(min_length=8, max_length=128)]


class NewAgent(msgspec.Struct):
    username: Annotated[str, msgspec.Meta(min_length=3, max_length=320)]
    password: Password
    name: Name = ""
    detail: Detail = ""
    ring_method: str = "ringall"
    """`ringall` or `linear`."""
    permission: int = 16
    tag_ids: list[UUID] = []
    addresses: Addresses = []


class AgentUpdate(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None
    ring_method: str | None = None


class AgentAddresses(msgspec.Struct):
    addresses: Addresses


class AgentTags(msgspec.Struct):
    tag_ids: list[UUID]


class AgentPermission(msgspec.Struct):
    permission: int


class AgentStanding(msgspec.Struct):
    status: str
    """`available`, `away`, `busy`, `offline` or `ringing`."""


class AgentPassword(msgspec.Struct):
    password: Password


@get("/", responses=answers(Paged[Agent]))
async def list_agents(
    request: ApiRequest,
    page: Paging,
    tag_ids: Annotated[
        str, QueryParameter(description="Agents with any of these tags: ids, separated by commas.")
    ] = "",
    status: Annotated[str, QueryParameter(description="Agents of this status.")] = "",
) -> Fields:
    """The account's agents, newest first."""
    rows = await service.list_agents(
        request.database,
        request.account_id,
        before=page.before,
        limit=page.fetch,
        tag_ids=_read_tags(tag_ids),
        status=_read_status(status),
    )
    return show_page(rows, agent_shape, page)


@post("/", status_code=201, responses=posted(Agent, status=201))
async def create_agent(request: ApiRequest, data: JSONBody[NewAgent]) -> Fields:
    """Make an agent, who may sign in with the username and password."""
    request.require_admin()
    draft = AgentDraft(
        username=data.username,
        password=data.password,
        name=data.name,
        detail=data.detail,
        ring_method=data.ring_method,
        permission=data.permission,
        tag_ids=data.tag_ids,
        addresses=read_addresses(data.addresses),
    )
    made = await service.create_agent(request.database, request.ports.hasher, request.account_id, draft, request.now)
    return agent_shape(made)


@get("/{agent_id:str}", responses=answers(Agent, 404))
async def get_agent(request: ApiRequest, agent_id: FromPath[UUID]) -> Fields:
    """One agent."""
    return agent_shape(await service.get_agent(request.database, request.account_id, AgentId(agent_id)))


@put("/{agent_id:str}", responses=answers(Agent, 404))
async def update_agent(request: ApiRequest, agent_id: FromPath[UUID], data: JSONBody[AgentUpdate]) -> Fields:
    """Change name, detail or ring method."""
    request.require_admin()
    change = AgentChange(name=data.name, detail=data.detail, ring_method=data.ring_method)
    return await _change(request, agent_id, change)


@delete("/{agent_id:str}", status_code=200, responses=answers(Agent, 404, 409))
async def delete_agent(request: ApiRequest, agent_id: FromPath[UUID]) -> Fields:
    """Take the agent away; the account's last admin stays."""
    request.require_admin()
    deleted = await service.delete_agent(request.database, request.account_id, AgentId(agent_id), request.now)
    request.forget_credentials()
    return agent_shape(deleted)


@put("/{agent_id:str}/addresses", responses=answers(Agent, 404))
async def update_agent_addresses(
    request: ApiRequest, agent_id: FromPath[UUID], data: JSONBody[AgentAddresses]
) -> Fields:
    """Where the agent is rung; agents may change their own."""
    _require_admin_or_self(request, agent_id)
    return await _change(request, agent_id, AgentChange(addresses=read_addresses(data.addresses)))


@put("/{agent_id:str}/tag_ids", responses=answers(Agent, 404))
async def update_agent_tags(request: ApiRequest, agent_id: FromPath[UUID], data: JSONBody[AgentTags]) -> Fields:
    """Which queues' calls the agent takes."""
    request.require_admin()
    return await _change(request, agent_id, AgentChange(tag_ids=data.tag_ids))


@put("/{agent_id:str}/permission", responses=answers(Agent, 404, 409))
async def update_agent_permission(
    request: ApiRequest, agent_id: FromPath[UUID], data: JSONBody[AgentPermission]
) -> Fields:
    """What the agent may do."""
    request.require_admin()
    changed = await _change(request, agent_id, AgentChange(permission=data.permission))
    request.forget_credentials()
    return changed


@put("/{agent_id:str}/status", responses=answers(Agent, 404))
async def update_agent_status(request: ApiRequest, agent_id: FromPath[UUID], data: JSONBody[AgentStanding]) -> Fields:
    """Whether the agent takes calls; agents may change their own."""
    _require_admin_or_self(request, agent_id)
    return await _change(request, agent_id, AgentChange(status=data.status))


@put("/{agent_id:str}/password", responses=answers(Agent, 404))
async def update_agent_password(request: ApiRequest, agent_id: FromPath[UUID], data: JSONBody[AgentPassword]) -> Fields:
    """Another password; agents may change their own."""
    _require_admin_or_self(request, agent_id)
    changed = await service.change_password(
        request.database, request.ports.hasher, request.account_id, AgentId(agent_id), data.password, request.now
    )
    return agent_shape(changed)


@post("/{agent_id:str}/direct-hash-regenerate", status_code=200, responses=posted(Agent, 404))
async def regenerate_agent_hash(request: ApiRequest, agent_id: FromPath[UUID]) -> Fields:
    """Give the agent another direct hash; the old one is void at once."""
    request.require_admin()
    return agent_shape(
        await service.regenerate_direct_hash(request.database, request.account_id, AgentId(agent_id), request.now)
    )


async def _change(request: ApiRequest, agent_id: UUID, change: AgentChange) -> Fields:
    changed = await service.update_agent(request.database, request.account_id, AgentId(agent_id), change, request.now)
    return agent_shape(changed)


def _require_admin_or_self(request: ApiRequest, agent_id: UUID) -> None:
    if not request.user.is_admin and request.user.agent_id != agent_id:
        raise NotPermitted("Others than oneself are for admins to change")


def read_addresses(parties: list[Party]) -> tuple[Address, ...]:
    return tuple(read_party(party, f"addresses[{index}]") for index, party in enumerate(parties))


def _read_tags(text: str) -> list[TagId]:
    try:
        return [TagId(UUID(each.strip())) for each in text.split(",") if each.strip()]
    except ValueError:
        raise Invalid(
            "tag_ids is a list of ids, separated by commas", reason="INVALID_REQUEST_PARAMETER", field="tag_ids"
        ) from None


def _read_status(text: str) -> str:
    if text and text not in set(AgentStatus):
        raise Invalid(f"status {text[:20]!r} is not known", reason="INVALID_REQUEST_PARAMETER", field="status")
    return text


router = Router(
    "/agents",
    route_handlers=[
        list_agents,
        create_agent,
        get_agent,
        update_agent,
        delete_agent,
        update_agent_addresses,
        update_agent_tags,
        update_agent_permission,
        update_agent_status,
        update_agent_password,
        regenerate_agent_hash,
    ],
    tags=["Agents"],
)
