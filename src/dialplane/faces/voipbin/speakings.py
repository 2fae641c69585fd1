"""`/v1.0/speakings`: speech that a client streams into a call or a conference (reference 6.8)."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.speakings import LONGEST_TEXT
from dialplane.faces.voipbin.answers import Fields, answers, posted
from dialplane.faces.voipbin.paging import LARGEST_PAGE
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import speakings as service
from dialplane.services.shapes.speakings import speaking_shape


class Speaking(msgspec.Struct):
    """One speaker in a call or a conference."""

    id: UUID
    customer_id: UUID
    reference_type: Literal["call", "confbridge"]
    reference_id: UUID
    language: str
    provider: str
    voice_id: str
    direction: Literal["in", "out", "both"]
    status: Literal["initiating", "active", "stopped"]
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewSpeaking(msgspec.Struct):
    """The call must be answered; somebody must be in the conference."""

    reference_type: Literal["call", "confbridge"]
    reference_id: UUID
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""
    provider: Annotated[str, msgspec.Meta(max_length=64)] = ""
    voice_id: Annotated[str, msgspec.Meta(max_length=255)] = ""
    direction: Literal["", "in", "out", "both"] = ""
    """Who hears it: the party (`out`, if left out), whoever it talks with (`in`), or both."""


class Say(msgspec.Struct):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]


@get("/", responses=answers(list[Speaking]))
async def list_speakings(request: ApiRequest) -> list[Fields]:
    """The account's last speakings, newest first: a bare list."""
    rows = await service.list_speakings(request.database, request.account_id, limit=LARGEST_PAGE)
    return [speaking_shape(each) for each in rows]


@post("/", status_code=201, responses=posted(Speaking, 404, status=201))
async def create_speaking(request: ApiRequest, data: JSONBody[NewSpeaking]) -> Fields:
    """Get ready to speak."""
    request.require_manager()
    wish = service.SpeakingWish(
        data.reference_type,
        data.reference_id,
        data.language or "en-US",
        data.provider,
        data.voice_id,
        data.direction or "out",
    )
    return speaking_shape(await service.start_speaking(request.database, request.account_id, wish, request.now))


@get("/{speaking_id:str}", responses=answers(Speaking, 404))
async def get_speaking(request: ApiRequest, speaking_id: FromPath[UUID]) -> Fields:
    """One speaking."""
    return speaking_shape(await service.get_speaking(request.database, request.account_id, speaking_id))


@post("/{speaking_id:str}/say", status_code=200, responses=posted(Speaking, 404))
async def say(request: ApiRequest, speaking_id: FromPath[UUID], data: JSONBody[Say]) -> Fields:
    """Say a text after what was said before."""
    request.require_manager()
    speaking = await service.say(request.database, request.account_id, speaking_id, data.text, request.now)
    return speaking_shape(speaking)


@post("/{speaking_id:str}/flush", status_code=200, responses=posted(Speaking, 404))
async def flush_speaking(request: ApiRequest, speaking_id: FromPath[UUID]) -> Fields:
    """Drop what is not said yet."""
    request.require_manager()
    return speaking_shape(await service.flush(request.database, request.account_id, speaking_id, request.now))


@post("/{speaking_id:str}/stop", status_code=200, responses=posted(Speaking, 404))
async def stop_speaking(request: ApiRequest, speaking_id: FromPath[UUID]) -> Fields:
    """Fall silent for good."""
    request.require_manager()
    return speaking_shape(await service.stop(request.database, request.account_id, speaking_id, request.now))


router = Router(
    "/speakings",
    route_handlers=[list_speakings, create_speaking, get_speaking, say, flush_speaking, stop_speaking],
    tags=["Speech"],
)
