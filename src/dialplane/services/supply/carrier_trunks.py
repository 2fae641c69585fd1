"""Trunks that are set up at the carrier too: its API opens them there, and they are ours from then on.

The key that opens them is the operator's, used for this alone, and not kept.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import uuid4

import structlog

from dialplane.domain.calling.trunk_terms import TrunkTerms
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import Conflict, Invalid, Refusal, Unavailable
from dialplane.domain.supply.carrier_accounts import CarrierAccess
from dialplane.services.calling.trunks import TrunkDraft, check_trunk, create_trunk
from dialplane.services.supply.carriers import CarrierFailed, CarrierTimeout
from dialplane.services.transaction import Database

PROBE_S = 60
"""Between two OPTIONS, so that the provider's health is known before the first call."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TrunkWish:
    """What is to be opened at the carrier. `reference` is in the names that things get there: by it they are found."""

    name: str
    reference: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenedTrunk:
    """Where the calls go, and the carrier's own names for what was opened."""

    host: str
    metadata: Mapping[str, str]


class RemoteTrunks(Protocol):
    """Trunks at one carrier, by one key. Raises CarrierTimeout, CarrierFailed."""

    async def check_access(self) -> None:
        """Raises CarrierFailed where the carrier does not let the key in."""
        ...

    async def open(self, wish: TrunkWish) -> OpenedTrunk:
        """Open a trunk that takes calls from whoever knows its name and password."""
        ...

    async def close(self, reference: str) -> None:
        """Take away whatever was opened with the reference, all or a part of it; nothing where there is none."""
        ...


class TrunkCarriers(Protocol):
    def trunks_at(self, access: CarrierAccess) -> RemoteTrunks:
        """Raises Invalid where no trunk can be opened at a carrier of the kind."""
        ...


async def set_up_trunk(
    database: Database, carriers: TrunkCarriers, access: CarrierAccess, name: str, detail: str, now: datetime
) -> Trunk:
    """Open a trunk at the carrier and take it into ours; where either fails, neither is left.

    Raises Invalid naming the field (a key that is not let in among them), Conflict (CARRIER_REFUSED) in the carrier's
    words, Unavailable where it does not answer.
    """
    access.check()
    wish = TrunkWish(name, uuid4().hex, f"dp{secrets.token_hex(15)}", secrets.token_hex(24))
    draft = TrunkDraft(
        name, username=wish.username, password=wish.password, detail=detail, terms=TrunkTerms(probe_s=PROBE_S)
    )
    check_trunk(replace(draft, host="host.invalid"), now=now)  # before anything is done elsewhere
    carrier = carriers.trunks_at(access)
    try:
        await carrier.check_access()
    except CarrierFailed as fault:
        raise Invalid(str(fault), field="credentials.api_key") from fault
    except CarrierTimeout as fault:
        raise Unavailable(f"Nothing was set up: {fault}") from fault
    try:
        opened = await carrier.open(wish)
        terms = replace(draft.terms, metadata=tuple(opened.metadata.items()))
        return await create_trunk(database, replace(draft, host=opened.host, terms=terms), now=now)
    except CarrierFailed as fault:
        await _close(carrier, access, wish)
        raise Conflict(f"The carrier refused: {fault}", reason="CARRIER_REFUSED") from fault
    except CarrierTimeout as fault:
        await _close(carrier, access, wish)
        raise Unavailable(f"Nothing was set up: {fault}") from fault
    except Refusal:
        await _close(carrier, access, wish)
        raise


async def _close(carrier: RemoteTrunks, access: CarrierAccess, wish: TrunkWish) -> None:
    """What is not taken away now has to be by hand: its names there hold the reference."""
    try:
        await carrier.close(wish.reference)
    except (CarrierFailed, CarrierTimeout) as fault:
        log.warning("carrier_trunk_left", carrier=access.kind.value, reference=wish.reference, reason=str(fault))
