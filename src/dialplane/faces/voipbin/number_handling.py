"""What a number does with calls before its target runs: `/v1.0/numbers/{id}/screening`, `hours`, `split` and
`emergency_address`; and `/v1.0/screening` for all numbers of the account."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.screening import MOST_ENTRIES, Consequence, Deed, Screening
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.handling import (
    FEW_CALLS,
    MOST_FAILED_PERCENT,
    EmergencyAddress,
    Hours,
    Split,
)
from dialplane.domain.numbering.targets import VoiceTarget
from dialplane.faces.voipbin.answers import Fields, answers
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.targets import NumberTargets, VoiceBody, named_as_written, read_targets
from dialplane.services.numbering import handling as service
from dialplane.services.shapes.handling import emergency_shape, hours_shape, screening_shape, split_shape

_Entries = Annotated[list[Annotated[str, msgspec.Meta(max_length=32)]], msgspec.Meta(max_length=MOST_ENTRIES)]
_Line = Annotated[str, msgspec.Meta(max_length=255)]


class WhatBecomes(msgspec.Struct):
    """Of a call that is not wanted: refused with `status`, diverted to `target`, or let through with a label."""

    deed: Deed = Deed.REFUSE
    status: int = 603
    """403, 404, 480, 486, 603, 607 or 608."""
    target: VoiceBody | None = None


class CallerScreening(msgspec.Struct):
    """Entries are numbers (`+12025550143`), their beginnings (`+1900*`) and `anonymous`. An allow list goes before any
    deny list; the number's own lists are asked before the account's."""

    allow: _Entries = []
    deny: _Entries = []
    only_allowed: bool = False
    """Nobody else may call."""
    denied: WhatBecomes = msgspec.field(default_factory=WhatBecomes)
    spam_score: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    """From this score on a call counts as spam; 0: nobody is scored."""
    spam: WhatBecomes = msgspec.field(default_factory=lambda: WhatBecomes(Deed.LABEL))


class NumberHours(msgspec.Struct):
    """When the number is open. Outside, `closed` takes the call; null: its own target does, and is told by
    `voipbin.call.hours`."""

    schedule_id: UUID
    closed: VoiceBody | None = None


class NewSplit(msgspec.Struct):
    """A share of the calls that tries another target. It ends by itself, with the event `number_split_rolled_back`,
    where more than `failed_percent` of its calls failed, once `least_calls` of them have ended."""

    target: VoiceBody
    percent: Annotated[int, msgspec.Meta(ge=1, le=99)]
    failed_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = MOST_FAILED_PERCENT
    least_calls: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = FEW_CALLS


class NumberSplit(NewSplit, kw_only=True):
    started_at: datetime
    ended: int
    """Calls of the share that are over."""
    failed: int


class NumberAddress(msgspec.Struct):
    """Where help goes when somebody calls it from this number. Without one emergency calls are refused."""

    name: _Line
    street: _Line
    city: _Line
    country: Annotated[str, msgspec.Meta(min_length=2, max_length=2)]
    region: _Line = ""
    postal_code: Annotated[str, msgspec.Meta(max_length=32)] = ""


@get("/numbers/{number_id:str}/screening", responses=answers(CallerScreening, 404))
async def get_screening(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """Who may call the number."""
    handling = await service.get_handling(request.database, request.account_id, NumberId(number_id))
    return screening_shape(handling.screening or Screening())


@put("/numbers/{number_id:str}/screening", responses=answers(CallerScreening, 404))
async def set_screening(request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[CallerScreening]) -> Fields:
    """Replace the number's lists and score. They hold for the next call."""
    request.require_manager()
    with named_as_written():
        screening = _screening(data)
        await service.set_handling(request.database, request.account_id, NumberId(number_id), screening, request.now)
    return screening_shape(screening)


@delete("/numbers/{number_id:str}/screening", status_code=200, responses=answers(CallerScreening, 404))
async def delete_screening(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """Let everybody call again."""
    request.require_manager()
    await service.set_handling(request.database, request.account_id, NumberId(number_id), "screening", request.now)
    return screening_shape(Screening())


@get("/screening", responses=answers(CallerScreening))
async def get_account_screening(request: ApiRequest) -> Fields:
    """Who may call any number of the account."""
    kept = await service.get_account_screening(request.database, request.account_id)
    return screening_shape(kept or Screening())


@put("/screening", responses=answers(CallerScreening))
async def set_account_screening(request: ApiRequest, data: JSONBody[CallerScreening]) -> Fields:
    """Replace the lists and the score that hold for all numbers of the account."""
    request.require_manager()
    with named_as_written():
        screening = _screening(data)
        await service.set_account_screening(request.database, request.account_id, screening, request.now)
    return screening_shape(screening)


@delete("/screening", status_code=200, responses=answers(CallerScreening))
async def delete_account_screening(request: ApiRequest) -> Fields:
    """Leave the numbers' own lists alone to decide."""
    request.require_manager()
    await service.set_account_screening(request.database, request.account_id, None, request.now)
    return screening_shape(Screening())


@get("/numbers/{number_id:str}/hours", responses=answers(NumberHours, 404))
async def get_hours(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """When the number is open. 404 where it always is."""
    handling = await service.get_handling(request.database, request.account_id, NumberId(number_id))
    if handling.hours is None:
        raise NotFound("The number has no hours", reason="HOURS_NOT_FOUND")
    return hours_shape(handling.hours)


@put("/numbers/{number_id:str}/hours", responses=answers(NumberHours, 404))
async def set_hours(request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[NumberHours]) -> Fields:
    """Let the number go by a schedule. It holds for the next call."""
    request.require_manager()
    with named_as_written():
        hours = Hours(data.schedule_id, _target(data.closed, "closed"))
        await service.set_handling(request.database, request.account_id, NumberId(number_id), hours, request.now)
    return hours_shape(hours)


@delete("/numbers/{number_id:str}/hours", status_code=200, responses=answers(NumberHours, 404))
async def delete_hours(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """Let the number be open always again."""
    request.require_manager()
    handling = await service.get_handling(request.database, request.account_id, NumberId(number_id))
    if handling.hours is None:
        raise NotFound("The number has no hours", reason="HOURS_NOT_FOUND")
    await service.set_handling(request.database, request.account_id, NumberId(number_id), "hours", request.now)
    return hours_shape(handling.hours)


@get("/numbers/{number_id:str}/split", responses=answers(NumberSplit, 404))
async def get_split(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """The share of the calls that tries another target, and what came of it. 404 where there is none, any more."""
    return await _show_split(request, NumberId(number_id), await _split(request, NumberId(number_id)))


@put("/numbers/{number_id:str}/split", responses=answers(NumberSplit, 404))
async def set_split(request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[NewSplit]) -> Fields:
    """Begin a share, or replace it: its calls are counted anew."""
    request.require_manager()
    with named_as_written():
        target = _target(data.target, "target")
        split = Split(target, data.percent, request.now, data.failed_percent, data.least_calls)
        await service.set_handling(request.database, request.account_id, NumberId(number_id), split, request.now)
    return await _show_split(request, NumberId(number_id), split)


@delete("/numbers/{number_id:str}/split", status_code=200, responses=answers(NumberSplit, 404))
async def delete_split(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """Let the number's own target take all calls again."""
    request.require_manager()
    split = await _split(request, NumberId(number_id))
    await service.set_handling(request.database, request.account_id, NumberId(number_id), "split", request.now)
    return await _show_split(request, NumberId(number_id), split)


@get("/numbers/{number_id:str}/emergency_address", responses=answers(NumberAddress, 404))
async def get_emergency_address(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """404 where the number has none."""
    handling = await service.get_handling(request.database, request.account_id, NumberId(number_id))
    return emergency_shape(_require_address(handling.emergency))


@put("/numbers/{number_id:str}/emergency_address", responses=answers(NumberAddress, 404))
async def set_emergency_address(
    request: ApiRequest, number_id: FromPath[UUID], data: JSONBody[NumberAddress]
) -> Fields:
    """Set the number up for emergency calls."""
    request.require_manager()
    address = EmergencyAddress(data.name, data.street, data.city, data.country.upper(), data.region, data.postal_code)
    await service.set_handling(request.database, request.account_id, NumberId(number_id), address, request.now)
    return emergency_shape(address)


@delete("/numbers/{number_id:str}/emergency_address", status_code=200, responses=answers(NumberAddress, 404))
async def delete_emergency_address(request: ApiRequest, number_id: FromPath[UUID]) -> Fields:
    """Emergency calls from the number are refused from now on."""
    request.require_manager()
    handling = await service.get_handling(request.database, request.account_id, NumberId(number_id))
    address = _require_address(handling.emergency)
    await service.set_handling(request.database, request.account_id, NumberId(number_id), "emergency", request.now)
    return emergency_shape(address)


def _require_address(address: EmergencyAddress | None) -> EmergencyAddress:
    if address is None:
        raise NotFound("The number has no emergency address", reason="EMERGENCY_ADDRESS_NOT_FOUND")
    return address


async def _split(request: ApiRequest, number_id: NumberId) -> Split:
    split = (await service.get_handling(request.database, request.account_id, number_id)).split
    if split is None:
        raise NotFound("No share of the number's calls tries another target", reason="SPLIT_NOT_FOUND")
    return split


async def _show_split(request: ApiRequest, number_id: NumberId, split: Split) -> Fields:
    calls = await service.split_calls(request.database, number_id, split)
    return {**split_shape(split), "ended": calls.ended, "failed": calls.failed}


def _screening(body: CallerScreening) -> Screening:
    return Screening(
        tuple(dict.fromkeys(body.allow)),
        tuple(dict.fromkeys(body.deny)),
        body.only_allowed,
        _consequence(body.denied, "denied"),
        body.spam_score,
        _consequence(body.spam, "spam"),
    )


def _consequence(body: WhatBecomes, field: str) -> Consequence:
    return Consequence(body.deed, body.status, _target(body.target, f"{field}.target"))


def _target(body: VoiceBody | None, field: str) -> VoiceTarget:
    """The target, faults named by the field that it stands in here."""
    try:
        return read_targets(NumberTargets(voice=body)).voice
    except Invalid as refusal:
        named = refusal.field.replace("voice", field, 1)
        raise Invalid(refusal.message.replace(refusal.field, named, 1), reason=refusal.reason, field=named) from refusal


router = Router(
    "/",
    route_handlers=[
        get_screening,
        set_screening,
        delete_screening,
        get_account_screening,
        set_account_screening,
        delete_account_screening,
        get_hours,
        set_hours,
        delete_hours,
        get_split,
        set_split,
        delete_split,
        get_emergency_address,
        set_emergency_address,
        delete_emergency_address,
    ],
    tags=["Numbers"],
)
