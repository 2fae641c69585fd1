"""Peers that bring PSTN calls, take them, or both, and how they fare."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.extensions import read_codecs
from dialplane.domain.calling.media import MediaProfile, SrtpPolicy
from dialplane.domain.calling.trunk_terms import (
    Gateway,
    NumberFormat,
    NumberStyle,
    Reliable,
    TrunkTerms,
    TrunkTransport,
    read_gateway,
)
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, TrunkId
from dialplane.faces.operator.answers import posting, refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.calling import trunks as service
from dialplane.services.calling.trunk_states import GatewayState, Health, RegistrationState, TrunkState, states_of

_Priority = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class TrunkGateway(msgspec.Struct, forbid_unknown_fields=True):
    """One more place that takes the trunk's calls. Of a name, what is left out or null is found in DNS (RFC 3263):
    the port by SRV records, the transport by NAPTR records; of an address, port 5060 and UDP."""

    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] | None = None
    transport: TrunkTransport | None = None
    priority: _Priority = 10
    """Lower first."""
    weight: _Priority = 1
    """Among gateways of equal priority."""


class Terms(msgspec.Struct):
    """What most trunks leave as it is."""

    gateways: Annotated[list[TrunkGateway], msgspec.Meta(max_length=16)] = []
    gateway_priority: _Priority = 10
    """Of `host` among the gateways."""
    weight: _Priority = 1
    srtp: SrtpPolicy = SrtpPolicy.OPTIONAL
    codecs: Annotated[list[str], msgspec.Meta(max_length=4)] = []
    """PCMU, PCMA, G722, OPUS, in the order of preference; none: G.711, and the others from a peer with nothing else."""
    number_style: NumberStyle = NumberStyle.E164
    country: Annotated[str, msgspec.Meta(min_length=2, max_length=2)] = "US"
    """In which the peer writes numbers without +."""
    tech_prefix: Annotated[str, msgspec.Meta(max_length=16)] = ""
    tech_postfix: Annotated[str, msgspec.Meta(max_length=16)] = ""
    tech_headers: dict[str, str] = {}
    calls_at_once: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    """Both ways, on one voice node; null: no limit."""
    calls_per_second: Annotated[float, msgspec.Meta(gt=0, le=100_000)] | None = None
    probe_s: Annotated[int, msgspec.Meta(ge=0, le=3_600)] = 0
    """Between two OPTIONS to each gateway; 0: only while it is taken for dead."""
    registers: bool = False
    """Register at the peer with `username` and `password`."""
    register_s: Annotated[int, msgspec.Meta(ge=60, le=86_400)] = 3600
    session_timer_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 0
    """The session interval that our calls ask for (RFC 4028); 0: none."""
    reliable: Reliable = Reliable.OFF
    """Reliable provisional answers (RFC 3262)."""
    verifies: bool = True
    """Over TLS: the peer's certificate must be right for its name."""
    cost_deck: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """A rate deck with what the peer charges: the cheapest of equal routes goes first."""
    metadata: dict[str, str] = {}
    """Whatever is to be kept beside it."""


class WrittenTrunk(Terms):
    name: Annotated[str, msgspec.Meta(max_length=255)] = ""
    networks: Annotated[list[str], msgspec.Meta(max_length=100)] = []
    """Sources that count as this trunk: addresses or networks."""
    host: Annotated[str, msgspec.Meta(max_length=255)] = ""
    """Where outbound calls go; empty where it takes none. Calls from where a name leads are this trunk's."""
    port: int | None = None
    """Null: found in DNS where `host` is a name; else 5060."""
    transport: str | None = None
    """udp, tcp or tls; null: found in DNS where `host` is a name and `port` is null; else udp."""
    username: str = ""
    password: str = ""
    priority: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 10
    detail: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    login_username: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """With which the peer may prove itself, wherever it calls from."""
    login_password: Annotated[str, msgspec.Meta(max_length=128)] = ""


class NewTrunk(WrittenTrunk):
    account_id: UUID | None = None
    """Whose it is; all accounts' where left out."""


class ShownTarget(msgspec.Struct):
    host: str
    """An address."""
    port: int
    transport: str
    health: Health
    said: str


class ShownGateway(msgspec.Struct):
    node: str
    host: str
    port: int
    transport: str
    health: Health
    checked_at: datetime | None
    said: str
    targets: list[ShownTarget] = []
    """Where a name leads now."""


class ShownRegistration(msgspec.Struct):
    node: str
    is_registered: bool
    said: str
    """The answer to the last REGISTER, or why there is none."""
    since: datetime
    expires_at: datetime | None


class ShownTrunk(Terms, kw_only=True):
    """Everything but the passwords."""

    id: UUID
    account_id: UUID | None
    name: str
    networks: list[str]
    host: str
    port: int | None
    """Null: found in DNS."""
    transport: TrunkTransport | None
    """Null: found in DNS."""
    username: str
    priority: int
    detail: str
    login_username: str
    created_at: datetime
    health: Health = Health.UNKNOWN
    """As the voice nodes see it; healthy where any of its gateways is."""
    seen: list[ShownGateway] = []
    registrations: list[ShownRegistration] = []


class ShownTrunks(msgspec.Struct):
    trunks: list[ShownTrunk]


@post("/trunks", responses=posting(404))
async def create_trunk(request: OperatorRequest, data: JSONBody[NewTrunk]) -> ShownTrunk:
    """Add a peer that brings PSTN calls, takes them, or both. Calls follow it at once."""
    account_id = None if data.account_id is None else AccountId(data.account_id)
    return show_trunk(await service.create_trunk(request.database, _draft(data, account_id), now=request.now))


@get("/trunks", responses=refusals())
async def list_trunks(request: OperatorRequest) -> ShownTrunks:
    """In the order in which outbound calls try them."""
    found = await service.list_trunks(request.database)
    states = await states_of(request.database, [trunk.id for trunk in found])
    return ShownTrunks([show_trunk(trunk, states.get(trunk.id, {})) for trunk in found])


@get("/trunks/{trunk_id:uuid}", responses=refusals(404))
async def get_trunk(request: OperatorRequest, trunk_id: FromPath[UUID]) -> ShownTrunk:
    """One trunk, and how it fares."""
    trunk = await service.get_trunk(request.database, TrunkId(trunk_id))
    return show_trunk(trunk, (await states_of(request.database, [trunk.id])).get(trunk.id, {}))


@patch("/trunks/{trunk_id:uuid}", responses=refusals(404, 409, 413))
async def change_trunk(
    request: OperatorRequest, trunk_id: FromPath[UUID], data: JSONBody[dict[str, object]]
) -> ShownTrunk:
    """Change any fields but the account; what is left out stays as it is. Live calls go on."""

    def change(trunk: Trunk) -> service.TrunkDraft:
        written = {**msgspec.to_builtins(_written(trunk)), **data}
        try:
            return _draft(msgspec.convert(written, WrittenTrunk), trunk.account_id)
        except msgspec.ValidationError as fault:
            said, _, where = str(fault).partition(" - at `$.")
            raise Invalid(said, field=re.split(r"[^a-z_]", where)[0]) from fault

    return show_trunk(await service.update_trunk(request.database, TrunkId(trunk_id), change, now=request.now))


@delete("/trunks/{trunk_id:uuid}", status_code=200, responses=refusals(404))
async def delete_trunk(request: OperatorRequest, trunk_id: FromPath[UUID]) -> ShownTrunk:
    """No call comes or goes by it from now on, and its routes are gone; live calls go on."""
    return show_trunk(await service.remove_trunk(request.database, TrunkId(trunk_id), now=request.now))


def _draft(data: WrittenTrunk, account_id: AccountId | None) -> service.TrunkDraft:
    return service.TrunkDraft(
        name=data.name,
        account_id=account_id,
        networks=data.networks,
        host=data.host,
        port=data.port,
        transport=data.transport,
        username=data.username,
        password=data.password,
        priority=data.priority,
        terms=_terms(data),
        detail=data.detail,
        login_username=data.login_username,
        login_password=data.login_password,
    )


def _terms(data: Terms) -> TrunkTerms:
    return TrunkTerms(
        gateways=tuple(_gateway(each) for each in data.gateways),
        own_priority=data.gateway_priority,
        weight=data.weight,
        media=MediaProfile(data.srtp, read_codecs(data.codecs)),
        numbers=NumberFormat(data.number_style, data.country.upper(), data.tech_prefix, data.tech_postfix),
        headers=tuple(data.tech_headers.items()),
        calls_at_once=data.calls_at_once,
        calls_per_second=data.calls_per_second,
        probe_s=data.probe_s,
        registers=data.registers,
        register_s=data.register_s,
        session_timer_s=data.session_timer_s,
        reliable=data.reliable,
        verifies=data.verifies,
        cost_deck=data.cost_deck,
        metadata=tuple(data.metadata.items()),
    )


def _gateway(data: TrunkGateway) -> Gateway:
    return read_gateway(data.host, data.port, data.transport, priority=data.priority, weight=data.weight)


def _show_gateway(gateway: Gateway) -> TrunkGateway:
    return TrunkGateway(gateway.host, gateway.written_port, gateway.written_transport, gateway.priority, gateway.weight)


def _show_seen(node: str, state: GatewayState) -> ShownGateway:
    targets = [ShownTarget(each.host, each.port, each.transport, each.health, each.said) for each in state.targets]
    return ShownGateway(
        node, state.host, state.port, state.transport, state.health, state.checked_at, state.said, targets
    )


def _written(trunk: Trunk) -> WrittenTrunk:
    """The trunk as it would be written anew."""
    shown = show_trunk(trunk)
    same = {name: getattr(shown, name) for name in Terms.__struct_fields__}
    return WrittenTrunk(
        **same,
        name=trunk.name,
        networks=shown.networks,
        host=trunk.host,
        port=shown.port,
        transport=shown.transport,
        username=trunk.username,
        password=trunk.password,
        priority=trunk.priority,
        detail=trunk.detail,
        login_username=trunk.login_username,
        login_password=trunk.login_password,
    )


def show_trunk(trunk: Trunk, states: Mapping[str, TrunkState] | None = None) -> ShownTrunk:
    """`states` is how the voice nodes see it, by node."""
    terms, own, states = trunk.terms, trunk.own_gateway, states or {}
    healths = {state.health for state in states.values()}
    return ShownTrunk(
        id=trunk.id,
        account_id=trunk.account_id,
        name=trunk.name,
        networks=[str(network) for network in trunk.networks],
        host=trunk.host,
        port=own.written_port,
        transport=own.written_transport,
        username=trunk.username,
        priority=trunk.priority,
        detail=trunk.detail,
        login_username=trunk.login_username,
        created_at=trunk.created_at,
        gateways=[_show_gateway(gateway) for gateway in terms.gateways],
        gateway_priority=terms.own_priority,
        weight=terms.weight,
        srtp=terms.media.srtp,
        codecs=list(terms.media.codecs),
        number_style=terms.numbers.style,
        country=terms.numbers.country,
        tech_prefix=terms.numbers.prefix,
        tech_postfix=terms.numbers.postfix,
        tech_headers=dict(terms.headers),
        calls_at_once=terms.calls_at_once,
        calls_per_second=terms.calls_per_second,
        probe_s=terms.probe_s,
        registers=terms.registers,
        register_s=terms.register_s,
        session_timer_s=terms.session_timer_s,
        reliable=terms.reliable,
        verifies=terms.verifies,
        cost_deck=terms.cost_deck,
        metadata=dict(terms.metadata),
        health=next((each for each in (Health.HEALTHY, Health.UNHEALTHY) if each in healths), Health.UNKNOWN),
        seen=[_show_seen(node, each) for node, state in states.items() for each in state.gateways],
        registrations=[
            _registration(node, state.registration) for node, state in states.items() if state.registration is not None
        ],
    )


def _registration(node: str, state: RegistrationState) -> ShownRegistration:
    return ShownRegistration(node, state.is_registered, state.said, state.since, state.expires_at)


router = Router("/", route_handlers=[create_trunk, list_trunks, get_trunk, change_trunk, delete_trunk], tags=["Trunks"])
