"""What an account sets about itself beyond its name: metadata, and which PSTN calls it may place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import NIL, AccountId, NumberId
from dialplane.domain.numbering.numbers import Number, NumberStatus
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database

_COUNTRY = re.compile(r"[a-z]{2}")
KNOWN_CODECS = ("PCMU", "PCMA")
_OUTBOUND = "outbound"
"""Where the account's metadata keeps the parts of the outbound config that have no column of their own."""


@dataclass(frozen=True, slots=True)
class OutboundConfig:
    """Where calls may go and how they look. No country in the whitelist denies every PSTN call."""

    destination_whitelist: tuple[str, ...] = ()
    name: str = ""
    detail: str = ""
    codecs: str = "PCMU,PCMA"
    default_number_id: NumberId | None = None


@dataclass(frozen=True, slots=True)
class OutboundChange:
    """None leaves a value as it is; the nil UUID clears the default number."""

    destination_whitelist: tuple[str, ...] | None = None
    name: str | None = None
    detail: str | None = None
    codecs: str | None = None
    default_number_id: UUID | None = None


async def set_metadata(database: Database, account_id: AccountId, *, rtp_debug: bool, now: datetime) -> Account:
    """Write the customer's metadata. Raises NotFound."""
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        account = replace(account, metadata={**account.metadata, "rtp_debug": rtp_debug}, updated_at=now)
        await tx.accounts.update(account)
    return account


def outbound_config(account: Account) -> OutboundConfig:
    """The outbound config as the account's row holds it."""
    kept = account.metadata.get(_OUTBOUND)
    texts: Mapping[str, object] = kept if isinstance(kept, dict) else {}
    number_id = texts.get("default_number_id")
    return OutboundConfig(
        account.destination_whitelist,
        name=str(texts.get("name", "")),
        detail=str(texts.get("detail", "")),
        codecs=str(texts.get("codecs", OutboundConfig().codecs)),
        default_number_id=NumberId(UUID(str(number_id))) if number_id else None,
    )


async def update_outbound_config(
    database: Database, account_id: AccountId, change: OutboundChange, *, now: datetime
) -> Account:
    """Change what is given; the default number must be a normal one of the account's (reference 4.3).

    Raises Invalid naming the field, NotFound (`NUMBER_NOT_FOUND`).
    """
    _check(change)
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        wanted = change.default_number_id or NIL
        if wanted != NIL:
            _check_default(await tx.numbers.find(account_id, NumberId(wanted)))
        account = _apply(account, change, now)
        await tx.accounts.update(account)
    return account


def _apply(account: Account, change: OutboundChange, now: datetime) -> Account:
    old = outbound_config(account)
    number_id = old.default_number_id if change.default_number_id is None else change.default_number_id
    kept = {
        "name": old.name if change.name is None else change.name,
        "detail": old.detail if change.detail is None else change.detail,
        "codecs": old.codecs if change.codecs is None else change.codecs,
        "default_number_id": None if number_id in (None, NIL) else str(number_id),
    }
    whitelist = change.destination_whitelist
    return replace(
        account,
        destination_whitelist=account.destination_whitelist if whitelist is None else whitelist,
        metadata={**account.metadata, _OUTBOUND: kept},
        updated_at=now,
    )


def _check_default(number: Number | None) -> None:
    field = "default_outgoing_source_number_id"
    if number is None or number.status is NumberStatus.RELEASED:
        raise NotFound("There is no such number", reason="NUMBER_NOT_FOUND", field=field)
    if not number.kind.is_ordinary:
        raise Invalid(f"{field}: the PSTN is shown no {number.kind} number", reason="INVALID_ARGUMENT", field=field)


def _check(change: OutboundChange) -> None:
    for country in change.destination_whitelist or ():
        if not _COUNTRY.fullmatch(country):
            raise Invalid(
                "destination_whitelist holds ISO 3166 codes of two letters in lower case", field="destination_whitelist"
            )
    for codec in change.codecs.split(",") if change.codecs else ():
        if codec.strip() not in KNOWN_CODECS:
            raise Invalid(f"codecs may name {', '.join(KNOWN_CODECS)}", field="codecs")
    for name, value, longest in (("name", change.name, 255), ("detail", change.detail, 4096)):
        if value is not None and len(value) > longest:
            raise Invalid(f"{name} has more than {longest} characters", field=name)
