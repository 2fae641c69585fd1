"""STIR/SHAKEN: the certificate that signs, the roots that are believed, and what each trunk does."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.calling.destinations import SpecialRange
from dialplane.domain.calling.trust import Checking, TrunkTrust, Trust
from dialplane.domain.ids import AccountId, TrunkId
from dialplane.faces.operator.answers import refusals
from dialplane.faces.operator.request import OperatorRequest
from dialplane.services.calling import special_ranges
from dialplane.services.calling import trust as service


class NewSigning(msgspec.Struct, forbid_unknown_fields=True):
    certificate_url: Annotated[str, msgspec.Meta(max_length=service.MAX_URL)]
    """Where the world fetches the certificate (`x5u`): https."""
    certificate: Annotated[str, msgspec.Meta(max_length=service.MAX_PEM)]
    """PEM, the chain above it behind it."""
    private_key: Annotated[str, msgspec.Meta(max_length=service.MAX_PEM)]
    """PEM, on the curve P-256. It is kept sealed and never shown."""


class StirChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    signing: NewSigning | msgspec.UnsetType | None = msgspec.UNSET
    """null: sign nothing."""
    trust_anchors: Annotated[str, msgspec.Meta(max_length=service.MAX_ANCHORS)] | msgspec.UnsetType = msgspec.UNSET
    """Certificates in PEM whose holders may vouch for signers; empty: nobody is believed."""


class ShownSigning(msgspec.Struct):
    certificate_url: str
    certificate: str


class ShownStir(msgspec.Struct):
    signing: ShownSigning | None
    trust_anchors: str


class ShownTrunkTrust(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out is as it is for every trunk."""

    signs: bool = False
    """Calls to it get an Identity header."""
    checking: Checking = Checking.MARK
    """What becomes of a call whose signed caller ID does not hold: `off`, `mark` or `reject`."""
    requires_identity: bool = False
    """A call without one does not hold either: 428 where `checking` is `reject`."""
    takes_emergency: bool = False
    """Emergency calls go to such trunks and to no others."""


class SpecialDestinations(msgspec.Struct, forbid_unknown_fields=True):
    """All are closed unless they are opened here."""

    allowed: Annotated[list[SpecialRange], msgspec.Meta(max_length=len(SpecialRange))]


@get("/stir", responses=refusals())
async def get_stir(request: OperatorRequest) -> ShownStir:
    """All but the private key."""
    return _show(await service.read_trust(request.database))


@put("/stir", responses=refusals(413))
async def change_stir(request: OperatorRequest, data: JSONBody[StirChange]) -> ShownStir:
    """Every node follows within a second."""
    change = service.TrustChange(
        signing=None if data.signing is None or data.signing is msgspec.UNSET else _draft(data.signing),
        signs_no_more=data.signing is None,
        anchors=None if data.trust_anchors is msgspec.UNSET else data.trust_anchors,
    )
    return _show(await service.change_trust(request.database, change, request.now))


@get("/trunks/{trunk_id:uuid}/trust", responses=refusals(404))
async def get_trunk_trust(request: OperatorRequest, trunk_id: FromPath[UUID]) -> ShownTrunkTrust:
    """How the calls of one trunk are looked at, and whether outgoing ones are signed."""
    return ShownTrunkTrust(**asdict(await service.get_trunk_trust(request.database, TrunkId(trunk_id))))


@put("/trunks/{trunk_id:uuid}/trust", responses=refusals(404, 413))
async def set_trunk_trust(
    request: OperatorRequest, trunk_id: FromPath[UUID], data: JSONBody[ShownTrunkTrust]
) -> ShownTrunkTrust:
    """Replace all of it. Every node follows within a second."""
    trust = TrunkTrust(data.signs, data.checking, data.requires_identity, data.takes_emergency)
    return ShownTrunkTrust(
        **asdict(await service.set_trunk_trust(request.database, TrunkId(trunk_id), trust, request.now))
    )


@get("/accounts/{account_id:uuid}/special_destinations", responses=refusals(404))
async def get_special_destinations(request: OperatorRequest, account_id: FromPath[UUID]) -> SpecialDestinations:
    """Ranges of costly numbers that the account may reach."""
    return SpecialDestinations(await special_ranges.get_special_ranges(request.database, AccountId(account_id)))


@put("/accounts/{account_id:uuid}/special_destinations", responses=refusals(404, 413))
async def set_special_destinations(
    request: OperatorRequest, account_id: FromPath[UUID], data: JSONBody[SpecialDestinations]
) -> SpecialDestinations:
    """Open these ranges for it, and no others. A range of a country needs the country in its outbound config, too."""
    opened = await special_ranges.set_special_ranges(request.database, AccountId(account_id), data.allowed, request.now)
    return SpecialDestinations(opened)


def _draft(signing: NewSigning) -> service.SigningDraft:
    return service.SigningDraft(signing.certificate_url, signing.certificate, signing.private_key)


def _show(trust: Trust) -> ShownStir:
    signing = None if trust.signing is None else ShownSigning(trust.signing.url, trust.signing.certificate)
    return ShownStir(signing, trust.anchors)


router = Router(
    "/",
    route_handlers=[
        get_stir,
        change_stir,
        get_trunk_trust,
        set_trunk_trust,
        get_special_destinations,
        set_special_destinations,
    ],
    tags=["Trust"],
)
