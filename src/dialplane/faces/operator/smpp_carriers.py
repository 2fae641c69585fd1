"""Carriers that take and bring messages by SMPP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.messaging.smpp_accounts import MOST_RATE, MOST_WINDOW, LongMessages
from dialplane.domain.messaging.smpp_carriers import Binds, BindStanding, BindState, CarrierAlphabet
from dialplane.domain.supply.carrier_accounts import CarrierStatus
from dialplane.faces.operator.answers import posting, refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.messaging import smpp_carriers as service

_Text = Annotated[str, msgspec.Meta(max_length=255)]
_Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class SmppCarrierFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is; `null` counts as left out."""

    name: _Text | None = None
    """Small letters, digits, - and _."""
    host: _Text | None = None
    port: _Port | None = None
    system_id: _Text | None = None
    password: _Text | None = None
    """Kept sealed, never shown."""
    system_type: _Text | None = None
    address_range: _Text | None = None
    binds: Binds | None = None
    """One transceiver, or a transmitter and a receiver (`separate`)."""
    rate: Annotated[int, msgspec.Meta(ge=1, le=MOST_RATE)] | None = None
    """Segments a second."""
    window: Annotated[int, msgspec.Meta(ge=1, le=MOST_WINDOW)] | None = None
    """Segments that may wait for their answer."""
    enquire_s: Annotated[int, msgspec.Meta(ge=5, le=600)] | None = None
    """Seconds of silence before an enquire_link."""
    long_messages: LongMessages | None = None
    """`udh`: parts with a header; `sar`: parts with parameters; `payload`: whole, in message_payload."""
    alphabet: CarrierAlphabet | None = None
    """What the carrier means by data_coding 0."""
    tls: bool | None = None
    """Bind over TLS, to a certificate for `host` that is believed."""
    national_tables: bool | None = None
    """It takes the national tables of GSM 03.38 (Turkish, Spanish, Portuguese), so that their letters need no UCS-2."""
    carries: Annotated[list[_Text], msgspec.Meta(max_length=20)] | None = None
    """Carriers of the numbers whose messages go this way; `owned` are the operator's own ranges."""
    status: CarrierStatus | None = None


class NewSmppCarrier(SmppCarrierFields, kw_only=True, forbid_unknown_fields=True):
    name: _Text
    host: _Text
    port: _Port
    system_id: _Text


class ShownBind(msgspec.Struct):
    """How the bind stands, as the process that has it last said."""

    state: BindState
    since: datetime
    fault: str


class ShownSmppCarrier(msgspec.Struct):
    """Without the password. `bind` is null where no process has it: paused, or no `dialplane smpp` runs."""

    id: UUID
    name: str
    host: str
    port: int
    system_id: str
    system_type: str
    address_range: str
    binds: Binds
    rate: int
    window: int
    enquire_s: int
    long_messages: LongMessages
    alphabet: CarrierAlphabet
    tls: bool
    national_tables: bool
    carries: list[str]
    status: CarrierStatus
    bind: ShownBind | None
    waiting: int
    """Messages that have no answer of the carrier yet."""
    created_at: datetime
    updated_at: datetime


class ShownSmppCarriers(msgspec.Struct):
    smpp_carriers: list[ShownSmppCarrier]


@post("/smpp_carriers", responses=posting())
async def create_smpp_carrier(request: OperatorRequest, data: JSONBody[NewSmppCarrier]) -> ShownSmppCarrier:
    """Set a carrier up; it is bound to within seconds."""
    made = await service.add_smpp_carrier(request.database, _change(data), request.now)
    return _shown(service.SeenCarrier(made))


@get("/smpp_carriers", responses=refusals())
async def list_smpp_carriers(request: OperatorRequest) -> ShownSmppCarriers:
    """By name, each with how its bind stands."""
    return ShownSmppCarriers([_shown(each) for each in await service.look_at_smpp_carriers(request.database)])


@get("/smpp_carriers/{carrier_id:uuid}", responses=refusals(404))
async def get_smpp_carrier(request: OperatorRequest, carrier_id: FromPath[UUID]) -> ShownSmppCarrier:
    """One carrier."""
    return _shown(await service.look_at_smpp_carrier(request.database, carrier_id))


@patch("/smpp_carriers/{carrier_id:uuid}", responses=refusals(404, 409, 413))
async def change_smpp_carrier(
    request: OperatorRequest, carrier_id: FromPath[UUID], data: JSONBody[SmppCarrierFields]
) -> ShownSmppCarrier:
    """It is bound to anew within seconds; paused, it is unbound from, and messages wait."""
    await service.change_smpp_carrier(request.database, carrier_id, _change(data), request.now)
    return _shown(await service.look_at_smpp_carrier(request.database, carrier_id))


@delete("/smpp_carriers/{carrier_id:uuid}", status_code=200, responses=refusals(404, 409))
async def delete_smpp_carrier(request: OperatorRequest, carrier_id: FromPath[UUID]) -> ShownSmppCarrier:
    """Where no message waits for it any more."""
    return _shown(service.SeenCarrier(await service.delete_smpp_carrier(request.database, carrier_id)))


def _change(data: SmppCarrierFields) -> service.SmppCarrierChange:
    given = {name: getattr(data, name) for name in SmppCarrierFields.__struct_fields__}
    return service.SmppCarrierChange(**given | {"carries": None if data.carries is None else tuple(data.carries)})


def _shown(seen: service.SeenCarrier) -> ShownSmppCarrier:
    carrier = seen.carrier
    return ShownSmppCarrier(
        id=carrier.id,
        name=carrier.name,
        host=carrier.host,
        port=carrier.port,
        system_id=carrier.system_id,
        system_type=carrier.system_type,
        address_range=carrier.address_range,
        binds=carrier.binds,
        rate=carrier.rate,
        window=carrier.window,
        enquire_s=carrier.enquire_s,
        long_messages=carrier.long_messages,
        alphabet=carrier.alphabet,
        tls=carrier.tls,
        national_tables=carrier.national_tables,
        carries=list(carrier.carries),
        status=carrier.status,
        bind=_bind(seen.standing),
        waiting=seen.waiting,
        created_at=carrier.created_at,
        updated_at=carrier.updated_at,
    )


def _bind(standing: BindStanding | None) -> ShownBind | None:
    return None if standing is None else ShownBind(standing.state, standing.since, standing.fault)


router = Router(
    "/",
    route_handlers=[
        create_smpp_carrier,
        list_smpp_carriers,
        get_smpp_carrier,
        change_smpp_carrier,
        delete_smpp_carrier,
    ],
    tags=["Carriers"],
)
