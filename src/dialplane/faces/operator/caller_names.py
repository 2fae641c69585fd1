"""Names of callers that numbers with `VoiceCallerIdLookup` are told (CNAM)."""

from typing import Annotated

import msgspec
from litestar import Router, get, put
from litestar.params import FromQuery, JSONBody

from dialplane.faces.operator.answers import refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.calling import caller_names as service

PAGE = 1000


class CallerName(msgspec.Struct):
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    name: Annotated[str, msgspec.Meta(max_length=service.LONGEST_NAME)]
    """Empty: forget it."""


class CallerNames(msgspec.Struct):
    names: Annotated[list[CallerName], msgspec.Meta(max_length=service.MOST_AT_ONCE)]


class Written(msgspec.Struct):
    written: int


@put("/", responses=refusals(413))
async def write_caller_names(request: OperatorRequest, data: JSONBody[CallerNames]) -> Written:
    """Keep names by E.164 number; an empty one is forgotten, the others stay as they are."""
    names = {each.number: each.name for each in data.names}
    return Written(await service.write_caller_names(request.database, names))


@get("/", responses=refusals())
async def list_caller_names(request: OperatorRequest, after: FromQuery[str] = "") -> CallerNames:
    """A thousand in the order of their numbers, from behind `after` on."""
    found = await service.list_caller_names(request.database, after=after.replace("\x00", "")[:32], limit=PAGE)
    return CallerNames([CallerName(number, name) for number, name in found])


router = Router("/caller_names", route_handlers=[write_caller_names, list_caller_names], tags=["Caller names"])
