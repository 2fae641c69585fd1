"""`/v1.0/ais` and `/v1.0/teams`: the assistants that `ai_talk` and `ai_task` name (reference 6.10)."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import new_id, unless_nil
from dialplane.domain.programs import ais as domain
from dialplane.faces.voipbin.answers import Detail, Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.programs import ais as service
from dialplane.services.shapes.ais import ai_shape, prompt_shape, team_shape

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Short = Annotated[str, msgspec.Meta(max_length=255)]
Prompt = Annotated[str, msgspec.Meta(max_length=16_384)]


class Ai(msgspec.Struct):
    """An assistant. What it says comes from the endpoint that the operator has set up, or from the built-in rules."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    engine_model: str
    init_prompt: str
    tts_voice_id: str
    rag_id: UUID
    direct_hash: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class AiPrompt(msgspec.Struct):
    """An `init_prompt` that it had, and since when."""

    id: UUID
    customer_id: UUID
    ai_id: UUID
    prompt: str
    tm_create: str | None


class NewAi(msgspec.Struct):
    """`engine_model` as `openai.gpt-4o`, or the endpoint's own name of a model; empty: the operator's."""

    name: Name
    detail: Detail = ""
    engine_model: Short = ""
    init_prompt: Prompt = ""
    tts_voice_id: Short = ""
    rag_id: UUID | None = None


class AiChange(msgspec.Struct, omit_defaults=True):
    """What is left out stays as it is; the nil UUID takes the rag away."""

    name: Name | None = None
    detail: Detail | None = None
    engine_model: Short | None = None
    init_prompt: Prompt | None = None
    tts_voice_id: Short | None = None
    rag_id: UUID | None = None


class Transition(msgspec.Struct):
    """When, and to whom, a member hands the conversation over."""

    function_name: Name
    next_member_id: UUID
    description: Detail = ""


class Member(msgspec.Struct):
    id: UUID
    ai_id: UUID
    name: Short = ""
    transitions: Annotated[list[Transition], msgspec.Meta(max_length=domain.MOST_TRANSITIONS)] = []


Members = Annotated[list[Member], msgspec.Meta(min_length=1, max_length=domain.MOST_MEMBERS)]


class Team(msgspec.Struct):
    """Several assistants; the conversation begins with one and is handed over by name."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    start_member_id: UUID
    members: list[Member]
    direct_hash: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewTeam(msgspec.Struct):
    name: Name
    start_member_id: UUID
    members: Members
    detail: Detail = ""


@get("/", responses=answers(Paged[Ai]))
async def list_ais(request: ApiRequest, page: Paging) -> Fields:
    """The account's assistants, newest first."""
    rows = await service.list_ais(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, ai_shape, page)


@post("/", status_code=200, responses=posted(Ai, 404))
async def create_ai(request: ApiRequest, data: JSONBody[NewAi]) -> Fields:
    """Make an assistant."""
    request.require_manager()
    made = domain.Ai(new_id(request.now), request.account_id, created_at=request.now, **_given(data))
    return ai_shape(await service.create_ai(request.database, made))


@get("/{ai_id:str}", responses=answers(Ai, 404))
async def get_ai(request: ApiRequest, ai_id: FromPath[UUID]) -> Fields:
    """One assistant."""
    return ai_shape(await service.get_ai(request.database, request.account_id, ai_id))


@put("/{ai_id:str}", responses=answers(Ai, 404))
async def update_ai(request: ApiRequest, ai_id: FromPath[UUID], data: JSONBody[AiChange]) -> Fields:
    """Change what is given."""
    request.require_manager()
    return ai_shape(await service.update_ai(request.database, request.account_id, ai_id, _given(data), request.now))


@delete("/{ai_id:str}", status_code=200, responses=answers(Ai, 404))
async def delete_ai(request: ApiRequest, ai_id: FromPath[UUID]) -> Fields:
    """Take it away; a flow that names it ends with an error from now on."""
    request.require_manager()
    return ai_shape(await service.delete_ai(request.database, request.account_id, ai_id, request.now))


@get("/{ai_id:str}/prompt_histories", responses=answers(list[AiPrompt], 404))
async def list_prompts(request: ApiRequest, ai_id: FromPath[UUID]) -> list[Fields]:
    """What it was told to be, newest first, the last hundred."""
    rows = await service.list_prompts(request.database, request.account_id, ai_id)
    return [prompt_shape(row) for row in rows]


@post("/{ai_id:str}/direct-hash-regenerate", status_code=200, responses=posted(Ai, 404))
async def regenerate_ai_hash(request: ApiRequest, ai_id: FromPath[UUID]) -> Fields:
    """Another address under which anyone may call it; the old one is void at once."""
    request.require_manager()
    return ai_shape(await service.regenerate_ai_hash(request.database, request.account_id, ai_id, request.now))


@get("/", responses=answers(Paged[Team]))
async def list_teams(request: ApiRequest, page: Paging) -> Fields:
    """The account's teams, newest first."""
    rows = await service.list_teams(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, team_shape, page)


@post("/", status_code=200, responses=posted(Team))
async def create_team(request: ApiRequest, data: JSONBody[NewTeam]) -> Fields:
    """Make a team of assistants that there are."""
    request.require_manager()
    made = domain.Team(
        new_id(request.now),
        request.account_id,
        data.name,
        data.start_member_id,
        _members(data.members),
        request.now,
        data.detail,
    )
    return team_shape(await service.save_team(request.database, made, event="team_created", now=request.now))


@get("/{team_id:str}", responses=answers(Team, 404))
async def get_team(request: ApiRequest, team_id: FromPath[UUID]) -> Fields:
    """One team."""
    return team_shape(await service.get_team(request.database, request.account_id, team_id))


@put("/{team_id:str}", responses=answers(Team, 404))
async def update_team(request: ApiRequest, team_id: FromPath[UUID], data: JSONBody[NewTeam]) -> Fields:
    """Write it anew, with all of its members."""
    request.require_manager()
    old = await service.get_team(request.database, request.account_id, team_id)
    changed = msgspec.structs.asdict(data) | {"members": _members(data.members)}
    team = replace(old, updated_at=request.now, **changed)
    return team_shape(await service.save_team(request.database, team, event="team_updated", now=request.now))


@delete("/{team_id:str}", status_code=200, responses=answers(Team, 404))
async def delete_team(request: ApiRequest, team_id: FromPath[UUID]) -> Fields:
    """Take it away; its assistants stay."""
    request.require_manager()
    return team_shape(await service.delete_team(request.database, request.account_id, team_id, request.now))


@post("/{team_id:str}/direct-hash-regenerate", status_code=200, responses=posted(Team, 404))
async def regenerate_team_hash(request: ApiRequest, team_id: FromPath[UUID]) -> Fields:
    """Another address under which anyone may call it; the old one is void at once."""
    request.require_manager()
    return team_shape(await service.regenerate_team_hash(request.database, request.account_id, team_id, request.now))


def _given(data: NewAi | AiChange) -> dict[str, Any]:
    """The fields that are written."""
    given = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}
    return given | ({"rag_id": unless_nil(data.rag_id)} if data.rag_id is not None else {})


def _members(given: list[Member]) -> tuple[domain.Member, ...]:
    return tuple(
        domain.Member(
            each.id,
            each.ai_id,
            each.name,
            tuple(domain.Transition(to.function_name, to.next_member_id, to.description) for to in each.transitions),
        )
        for each in given
    )


ais = Router(
    "/ais",
    route_handlers=[list_ais, create_ai, get_ai, update_ai, delete_ai, list_prompts, regenerate_ai_hash],
    tags=["Assistants"],
)
teams = Router(
    "/teams",
    route_handlers=[list_teams, create_team, get_team, update_team, delete_team, regenerate_team_hash],
    tags=["Teams"],
)
