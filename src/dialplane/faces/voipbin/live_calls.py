"""What may be ordered of a live call (reference 4.3): `/v1.0/calls/{id}/hold`, `moh`, `silence`, `mute`, `talk`; and
our own `redirect`."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import CallId
from dialplane.faces.voipbin.answers import Fields, empty, posted
from dialplane.faces.voipbin.calls import Call
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.targets import RunDocument, RunFlow, read_program
from dialplane.services.calling import call_orders as service
from dialplane.services.shapes.calls import call_shape


class Mute(msgspec.Struct):
    """`in`: what the party says is not heard; `out`: it hears nothing."""

    direction: Literal["both", "in", "out"] = "both"


class Redirection(msgspec.Struct):
    """What the call does from now on. With `move_partner` whom it is connected to goes along, and is not hung up."""

    target: RunFlow | RunDocument
    move_partner: bool = False


class Talk(msgspec.Struct):
    """What is said to the party, over whatever it hears."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=service.LONGEST_TALK)]
    language: Annotated[str, msgspec.Meta(max_length=35)] = "en-US"
    provider: Annotated[str, msgspec.Meta(max_length=64)] = ""
    voice_id: Annotated[str, msgspec.Meta(max_length=128)] = ""


EMPTIED = empty(404, 409, 422)


def _done() -> Response[bytes]:
    """Reference 1.8: 200 with an empty body."""
    return Response(b"", media_type="text/plain")


def _switch(what: str, *, on: str, off: str) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    """POST turns `what` on, DELETE off; `on` and `off` are what the documentation says of the two."""

    async def switch(request: ApiRequest, call_id: UUID, *, is_on: bool) -> Response[bytes]:
        request.require_manager()
        call = CallId(call_id)
        await service.switch_call(request.database, request.account_id, call, what, request.now, on=is_on)
        return _done()

    path = f"/{{call_id:str}}/{what}"

    @post(path, status_code=200, responses=EMPTIED, operation_id=f"start_{what}", description=on)
    async def start(request: ApiRequest, call_id: FromPath[UUID]) -> Response[bytes]:
        return await switch(request, call_id, is_on=True)

    @delete(path, status_code=200, responses=EMPTIED, operation_id=f"stop_{what}", description=off)
    async def stop(request: ApiRequest, call_id: FromPath[UUID]) -> Response[bytes]:
        return await switch(request, call_id, is_on=False)

    return start, stop


SWITCHES = [
    *_switch("hold", on="Ask the party to be silent (a re-INVITE with `sendonly`).", off="Let the party speak again."),
    *_switch("moh", on="Let the party hear waiting music.", off="End the waiting music."),
    *_switch("silence", on="Let the party hear nothing.", off="Let the party hear again."),
]


@post("/{call_id:str}/mute", status_code=200, responses=EMPTIED)
async def mute_call(
    request: ApiRequest, call_id: FromPath[UUID], data: JSONBody[Mute | None] = None
) -> Response[bytes]:
    """Mute one direction of the call, or both."""
    request.require_manager()
    direction = (data or Mute()).direction
    await service.mute_call(request.database, request.account_id, CallId(call_id), direction, request.now)
    return _done()


@delete("/{call_id:str}/mute", status_code=200, responses=EMPTIED)
async def unmute_call(
    request: ApiRequest, call_id: FromPath[UUID], data: JSONBody[Mute | None] = None
) -> Response[bytes]:
    """End the muting of one direction, or of both."""
    request.require_manager()
    direction = (data or Mute()).direction
    await service.unmute_call(request.database, request.account_id, CallId(call_id), direction, request.now)
    return _done()


@post("/{call_id:str}/redirect", status_code=200, responses=posted(Call, 404))
async def redirect_call(request: ApiRequest, call_id: FromPath[UUID], data: JSONBody[Redirection]) -> Fields:
    """Let a live call drop what it does and run a flow or a document."""
    request.require_manager()
    call = await service.redirect_call(
        request.database,
        request.account_id,
        CallId(call_id),
        read_program(data.target, "target"),
        request.now,
        move_partner=data.move_partner,
    )
    return call_shape(call)


@post("/{call_id:str}/talk", status_code=200, responses=EMPTIED)
async def talk_into_call(request: ApiRequest, call_id: FromPath[UUID], data: JSONBody[Talk]) -> Response[bytes]:
    """Say something to the party."""
    request.require_manager()
    speech = service.Speech(data.text, data.language, data.provider, data.voice_id)
    await service.talk_into_call(request.database, request.account_id, CallId(call_id), speech, request.now)
    return _done()


router = Router(
    "/calls", route_handlers=[*SWITCHES, mute_call, unmute_call, redirect_call, talk_into_call], tags=["Calls"]
)
