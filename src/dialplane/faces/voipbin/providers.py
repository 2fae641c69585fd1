"""`/v1.0/providers`: the operator's trunks that take calls, in the peer's words (reference 6.6).

They are the trunks of `/operator/v1/trunks`, where everything else about them is written.
"""

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.extensions import read_codecs
from dialplane.domain.calling.trunk_terms import LONGEST_AFFIX, TrunkTerms, check_host
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import TrunkId
from dialplane.domain.supply.carrier_accounts import CarrierAccess, CarrierKind
from dialplane.faces.voipbin.answers import Detail, Fields, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.platform import require_platform
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.calling import trunks as service
from dialplane.services.calling.trunk_states import Health, states_of
from dialplane.services.shapes.providers import provider_shape
from dialplane.services.supply.carrier_trunks import set_up_trunk
from dialplane.services.transaction import Database

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_Affix = Annotated[str, msgspec.Meta(max_length=LONGEST_AFFIX)]
_HIGHEST_PORT = 65_535


class Provider(msgspec.Struct):
    """`health_status` is as the voice nodes see it; `hostname` is the first of its gateways."""

    id: UUID
    type: str
    hostname: str
    tech_prefix: str
    tech_postfix: str
    tech_headers: dict[str, str]
    metadata: dict[str, str]
    name: str
    detail: str
    codecs: str
    health_status: Health
    health_checked_at: str | None
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class ProviderChange(msgspec.Struct):
    """What is left out stays as it is. `codecs` is a list with commas, such as PCMU,PCMA; empty: the usual ones."""

    type: Annotated[str, msgspec.Meta(pattern="^(sip)?$")] | None = None
    hostname: _Name | None = None
    tech_prefix: _Affix | None = None
    tech_postfix: _Affix | None = None
    tech_headers: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    name: _Name | None = None
    detail: Detail | None = None
    codecs: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class NewProvider(ProviderChange, kw_only=True):
    hostname: _Name
    """A host, or `host:port`. The port and transport of a name alone are found in DNS (RFC 3263)."""


class Credentials(msgspec.Struct):
    """Used once, and not kept."""

    api_key: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class ProviderSetup(msgspec.Struct):
    """`api_url`: another server that speaks the carrier's API."""

    carrier: Literal["telnyx"]
    name: _Name
    credentials: Credentials
    detail: Detail = ""
    api_url: Annotated[str, msgspec.Meta(max_length=1024)] = ""


@get("/", responses=answers(Paged[Provider]))
async def list_providers(request: ApiRequest, page: Paging) -> Fields:
    """The operator's trunks that take calls, newest first."""
    found = [trunk for trunk in await service.list_trunks(request.database) if _is_provider(trunk)]
    found.sort(key=lambda trunk: trunk.created_at, reverse=True)
    rows = [trunk for trunk in found if page.before is None or trunk.created_at < page.before][: page.fetch]
    states = await states_of(request.database, [trunk.id for trunk in rows])
    return show_page(rows, lambda trunk: provider_shape(trunk, states.get(trunk.id, {})), page)


@post("/", status_code=200, responses=posted(Provider))
async def create_provider(request: ApiRequest, data: JSONBody[NewProvider]) -> Fields:
    """Add a trunk for everybody's calls; routes say which take it."""
    empty = service.TrunkDraft(data.name or data.hostname)
    return provider_shape(await service.create_trunk(request.database, _changed(empty, data), now=request.now), {})


@post("/setup", status_code=200, responses=posted(Provider))
async def set_up_provider(request: ApiRequest, data: JSONBody[ProviderSetup]) -> Fields:
    """Open a trunk at the carrier by its API, and add it. `metadata` has its ids there; the connection's is a carrier
    account's `voice`. Where the carrier refuses, nothing is left on either side."""
    access = CarrierAccess(CarrierKind(data.carrier), data.credentials.api_key, data.api_url)
    made = await set_up_trunk(
        request.database, request.ports.trunk_carriers, access, data.name, data.detail, request.now
    )
    return provider_shape(made, {})


@get("/{provider_id:str}", responses=answers(Provider, 404))
async def get_provider(request: ApiRequest, provider_id: FromPath[UUID]) -> Fields:
    """One of them."""
    return await _show(request.database, await _find(request, provider_id))


@put("/{provider_id:str}", responses=answers(Provider, 404))
async def update_provider(request: ApiRequest, provider_id: FromPath[UUID], data: JSONBody[ProviderChange]) -> Fields:
    """The next call follows it; live ones go on."""
    trunk = await _find(request, provider_id)
    changed = await service.update_trunk(
        request.database, trunk.id, lambda now: _changed(service.draft_of(now), data), now=request.now
    )
    return await _show(request.database, changed)


@delete("/{provider_id:str}", status_code=200, responses=answers(Provider, 404))
async def delete_provider(request: ApiRequest, provider_id: FromPath[UUID]) -> Fields:
    """No call goes by it from now on, and its routes are gone."""
    trunk = await _find(request, provider_id)
    return provider_shape(await service.remove_trunk(request.database, trunk.id, now=request.now), {})


def _is_provider(trunk: Trunk) -> bool:
    return trunk.account_id is None and bool(trunk.gateways)


async def _find(request: ApiRequest, provider_id: UUID) -> Trunk:
    unknown = NotFound("There is no such provider", reason="PROVIDER_NOT_FOUND")
    try:
        trunk = await service.get_trunk(request.database, TrunkId(provider_id))
    except NotFound as refusal:
        raise unknown from refusal
    if not _is_provider(trunk):
        raise unknown
    return trunk


async def _show(database: Database, trunk: Trunk) -> Fields:
    return provider_shape(trunk, (await states_of(database, [trunk.id])).get(trunk.id, {}))


def _changed(draft: service.TrunkDraft, data: ProviderChange) -> service.TrunkDraft:
    if data.hostname is not None:
        host, port = _read_host(data.hostname)
        check_host(host, field="hostname")
        # The usual transport was written by nobody: this face has no word for it.
        transport = None if draft.transport == "udp" else draft.transport
        draft = replace(draft, host=host, port=port, transport=transport)
    return replace(
        draft,
        name=draft.name if data.name is None else data.name,
        detail=draft.detail if data.detail is None else data.detail,
        terms=_terms(draft.terms, data),
    )


def _terms(terms: TrunkTerms, data: ProviderChange) -> TrunkTerms:
    numbers, media = terms.numbers, terms.media
    if data.codecs is not None:
        media = replace(media, codecs=read_codecs([each.strip() for each in data.codecs.split(",") if each.strip()]))
    return replace(
        terms,
        media=media,
        numbers=replace(
            numbers,
            prefix=numbers.prefix if data.tech_prefix is None else data.tech_prefix,
            postfix=numbers.postfix if data.tech_postfix is None else data.tech_postfix,
        ),
        headers=terms.headers if data.tech_headers is None else tuple(data.tech_headers.items()),
        metadata=terms.metadata if data.metadata is None else tuple(data.metadata.items()),
    )


def _read_host(text: str) -> tuple[str, int | None]:
    """`host`, `host:port` or `[address]:port`. Raises Invalid."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not text.startswith("[")):
        return text.strip("[]"), None
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= _HIGHEST_PORT):
        raise Invalid("hostname is a host, or host:port", field="hostname")
    return host.strip("[]"), int(port)


router = Router(
    "/providers",
    route_handlers=[
        list_providers, create_provider, set_up_provider, get_provider, update_provider, delete_provider,
    ],
    guards=[require_platform],
    tags=["Platform"],
)  # fmt: skip
