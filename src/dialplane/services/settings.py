"""Facts of the whole installation: the sandbox's clock and carrier switch, the operator's key."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from dialplane.domain.errors import Invalid, NotAuthenticated
from dialplane.services.identity.access_keys import hash_token
from dialplane.services.transaction import Database, Transaction

EARLIEST_CLOCK, LATEST_CLOCK = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Ids, months and quarantines are reckoned from the clock: nearer to the ends of the calendar they are out of range."""
LONGEST_LEAP = timedelta(days=3650)
"""By which scheduled messages are brought nearer at most: nothing waits so long, and no date goes back to year 0."""

_CLOCK = "sandbox_clock_ahead_us"
_CARRIER = "sandbox_carrier"
_OPERATOR_KEY = "operator_key_sha256"


class CarrierSwitch(StrEnum):
    """How the simulated carrier treats orders of its own stock, until set back to `ok`."""

    OK = "ok"
    REJECT = "reject"
    TIMEOUT = "timeout"
    LATE = "late"


class SettingStore(Protocol):
    """Port: named JSON values."""

    async def find(self, name: str) -> object | None: ...

    async def put(self, name: str, value: object) -> None: ...

    async def put_if_absent(self, name: str, value: object) -> object:
        """The value that stands afterwards, whoever wrote it."""
        ...

    async def delete(self, name: str) -> None: ...

    async def wake_workers(self) -> None:
        """Hint at the commit that the billing clock was moved: what is due by it is done now."""
        ...


async def billing_now(tx: Transaction, now: datetime) -> datetime:
    """The time by which renewals, grace, quarantine and reservations go: `now`, or the sandbox's moved clock."""
    ahead = await tx.settings.find(_CLOCK)
    return now + timedelta(microseconds=ahead) if isinstance(ahead, int) else now


async def read_clock(database: Database, *, now: datetime) -> datetime:
    async with database.reading() as tx:
        return await billing_now(tx, now)


async def set_clock(database: Database, wanted: datetime | None, *, now: datetime) -> datetime:
    """Let the billing clock show `wanted` now and run on from there; None sets it back to the wall clock. Messages that
    wait for their time are nearer to it by as much as the clock is put forward.

    Raises Invalid before `EARLIEST_CLOCK` and after `LATEST_CLOCK`.
    """
    if wanted is not None and not EARLIEST_CLOCK <= wanted <= LATEST_CLOCK:
        raise Invalid("now is a time of the years 2000 to 9000", reason="INVALID_ARGUMENT", field="now")
    async with database.transaction() as tx:
        forward = (wanted or now) - await billing_now(tx, now)
        if forward > timedelta(0):
            await tx.messages.bring_nearer(min(forward, LONGEST_LEAP))
        if wanted is None:
            await tx.settings.delete(_CLOCK)
        else:
            await tx.settings.put(_CLOCK, (wanted - now) // timedelta(microseconds=1))
        await tx.settings.wake_workers()
    return wanted or now


async def carrier_switch(tx: Transaction) -> CarrierSwitch:
    """What the simulated carrier does with the next orders."""
    value = await tx.settings.find(_CARRIER)
    return CarrierSwitch(value) if isinstance(value, str) else CarrierSwitch.OK


async def read_carrier_switch(database: Database) -> CarrierSwitch:
    async with database.reading() as tx:
        return await carrier_switch(tx)


async def set_carrier_switch(database: Database, switch: CarrierSwitch) -> None:
    async with database.transaction() as tx:
        await tx.settings.put(_CARRIER, switch.value)


async def set_operator_key(tx: Transaction, key: str) -> None:
    """Make `key` the operator's; an earlier one is void with the commit. Only its hash is kept."""
    await tx.settings.put(_OPERATOR_KEY, hash_token(key).hex())


async def operator_key_mark(tx: Transaction) -> str:
    """Tells one operator's key from the next, and nothing of either; "" where there is none."""
    kept = await tx.settings.find(_OPERATOR_KEY)
    return hashlib.sha256(kept.encode()).hexdigest()[:16] if isinstance(kept, str) else ""


async def check_operator_key(database: Database, key: str) -> None:
    """Raises NotAuthenticated where `key` is not the operator's."""
    if not key:
        raise NotAuthenticated("The operator's key is missing", reason="AUTHENTICATION_REQUIRED")
    async with database.reading() as tx:
        kept = await tx.settings.find(_OPERATOR_KEY)
    if not isinstance(kept, str) or not hmac.compare_digest(kept, hash_token(key).hex()):
        raise NotAuthenticated("This is not the operator's key", reason="INVALID_CREDENTIALS")
