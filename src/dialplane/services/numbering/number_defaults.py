"""The settings of all numbers of a project (VoxCPaaS 3.5); what they mean is in `domain.numbering.number_defaults`."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Literal

from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.forwarding import read_sip_server
from dialplane.domain.numbering.number_defaults import KEPT_AS, NumberDefaults, defaults_of
from dialplane.services.eventing.webhooks import check_url
from dialplane.services.tenancy.accounts import load_account
from dialplane.services.transaction import Database


async def set_default_trunk(
    database: Database, account_id: AccountId, host: str, port: str, now: datetime
) -> NumberDefaults:
    """Where calls to numbers without a target go; "" is nowhere. Raises Invalid (`sip_server` or `sip_port`)."""
    sip = read_sip_server(host, port, field="sip_server", port_field="sip_port") if host else ""
    return await _change(database, account_id, now, sip=sip)


async def set_default_message_url(
    database: Database, account_id: AccountId, url: str, method: Literal["GET", "POST"], now: datetime
) -> NumberDefaults:
    """Where messages to numbers without a target go; "" is nowhere. Raises Invalid."""
    address = check_url(url) if url else ""
    return await _change(database, account_id, now, message_url=address, message_method=method)


async def _change(database: Database, account_id: AccountId, now: datetime, **change: str) -> NumberDefaults:
    async with database.transaction() as tx:
        account = await load_account(tx, account_id, for_update=True)
        defaults = replace(defaults_of(account.metadata), **change)  # type: ignore[arg-type]  # the callers' own names
        metadata = {**account.metadata, KEPT_AS: asdict(defaults)}
        await tx.accounts.update(replace(account, metadata=metadata, updated_at=now))
    return defaults
