"""`GET /v1.0/numbers/{id}/doctor`, and how a number stands at its carrier."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath

from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.diagnosis import Verdict
from dialplane.domain.supply.carrier_accounts import CarrierNumber, CarrierNumberState
from dialplane.faces.voipbin.answers import answers, posted
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.numbering.doctor.examination import examine
from dialplane.services.supply.carrier_numbers import look_at_own, repair_own


class ShownFinding(msgspec.Struct):
    """One thing that was looked at. `verdict`: ok, not_applicable, unknown, warning or problem."""

    check: str
    verdict: Verdict
    says: str
    advice: str


class ShownDiagnosis(msgspec.Struct):
    """`verdict` is the worst of the findings, which stand in the order of the way from the world to the flow."""

    id: UUID
    number: str
    verdict: Verdict
    findings: list[ShownFinding]
    tm_examine: datetime


class CarrierStanding(msgspec.Struct):
    """The number's settings at its carrier, by the carrier's names, as they were just seen."""

    number: str
    carrier: str
    state: CarrierNumberState
    drift: list[str]
    """Names of settings that differ."""
    wanted: dict[str, str]
    found: dict[str, str]
    fault: str
    tm_look: datetime


@get("/{number_id:str}/doctor", responses=answers(ShownDiagnosis, 404))
async def examine_number(request: ApiRequest, number_id: FromPath[UUID]) -> ShownDiagnosis:
    """Look at everything between the world and what the number runs; the carrier is asked, documents are fetched."""
    request.require_manager()
    found = await examine(
        request.database,
        request.ports.carriers,
        request.ports.web,
        request.account_id,
        NumberId(number_id),
        request.now,
        billing_now=await request.billing_now(),
    )
    findings = [ShownFinding(each.check, each.verdict, each.says, each.advice) for each in found.findings]
    return ShownDiagnosis(found.number.id, found.number.number, found.verdict, findings, found.made_at)


@get("/{number_id:str}/carrier_settings", responses=answers(CarrierStanding, 404, 409))
async def look_at_settings(request: ApiRequest, number_id: FromPath[UUID]) -> CarrierStanding:
    """Ask the carrier how the number stands there. 409 for a number that no carrier outside has."""
    request.require_manager()
    return show_standing(
        await look_at_own(
            request.database, request.ports.carriers, request.account_id, NumberId(number_id), request.now
        )
    )


@post("/{number_id:str}/carrier_settings/repair", status_code=200, responses=posted(CarrierStanding, 404))
async def repair_settings(request: ApiRequest, number_id: FromPath[UUID]) -> CarrierStanding:
    """Write our settings where the carrier's differ; the operator can put the old ones back."""
    request.require_manager()
    return show_standing(
        await repair_own(request.database, request.ports.carriers, request.account_id, NumberId(number_id), request.now)
    )


def show_standing(seen: CarrierNumber) -> CarrierStanding:
    return CarrierStanding(
        number=seen.number,
        carrier=seen.carrier,
        state=seen.state,
        drift=list(seen.drift),
        wanted=dict(seen.wanted),
        found=dict(seen.found),
        fault=seen.fault,
        tm_look=seen.looked_at,
    )


router = Router("/numbers", route_handlers=[examine_number, look_at_settings, repair_settings], tags=["Numbers"])
