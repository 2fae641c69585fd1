"""Two-step sign-in by an authenticator app, with recovery codes for when it is lost (WEB-2)."""

import base64
import os
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.errors import Conflict, Invalid, LimitExceeded, NotAuthenticated
from dialplane.domain.identity.one_time_codes import (
    RECOVERY_CODES,
    SECRET_OCTETS,
    matching_step,
    read_recovery_code,
    show_recovery_code,
)
from dialplane.domain.identity.people import Person
from dialplane.domain.ids import PersonId
from dialplane.services.identity.access_keys import hash_token
from dialplane.services.identity.people import load_person
from dialplane.services.transaction import Database, Transaction

MOST_WRONG_CODES = 5
BLOCKED = timedelta(minutes=15)
_RECOVERY_OCTETS = 10


class RecoveryCodeStore(Protocol):
    """Port: hashes of recovery codes."""

    async def replace_all(self, person_id: PersonId, hashes: Collection[bytes]) -> None: ...

    async def spend(self, person_id: PersonId, code_hash: bytes, now: datetime) -> bool:
        """False where there is no such code, or it was used before."""
        ...

    async def count_left(self, person_id: PersonId) -> int: ...


async def begin_totp(database: Database, person_id: PersonId, now: datetime) -> bytes:
    """The secret for the app, which counts once a code of it was entered. Asked again before that, it is the same.

    Raises Conflict where an app is set up already.
    """
    async with database.transaction() as tx:
        person = await load_person(tx, person_id, lock=True)
        if person.has_totp:
            raise Conflict("An authenticator app is set up already", reason="STATE_INVALID")
        if person.totp_secret:
            return base64.b64decode(person.totp_secret)
        secret = os.urandom(SECRET_OCTETS)
        await tx.people.update(replace(person, totp_secret=base64.b64encode(secret).decode(), updated_at=now))
    return secret


async def confirm_totp(database: Database, person_id: PersonId, code: str, now: datetime) -> list[str]:
    """The app works: two-step sign-in is on from now on. Gives the recovery codes, this once.

    Raises Invalid (`code`), Conflict where nothing is to be confirmed.
    """
    async with database.transaction() as tx:
        person = await load_person(tx, person_id, lock=True)
        if person.has_totp or not person.totp_secret:
            raise Conflict("There is no app to confirm", reason="STATE_INVALID")
        step = matching_step(base64.b64decode(person.totp_secret), code, now.timestamp(), after=person.totp_last_step)
        if step is None:
            raise Invalid("The code does not fit. Is the clock of your phone right?", field="code")
        await tx.people.update(replace(person, totp_confirmed_at=now, totp_last_step=step, updated_at=now))
        return await _issue_recovery_codes(tx, person_id)


async def remove_totp(database: Database, person_id: PersonId, now: datetime) -> None:
    async with database.transaction() as tx:
        person = await load_person(tx, person_id, lock=True)
        await tx.people.update(replace(person, totp_secret="", totp_confirmed_at=None, updated_at=now))
        await tx.recovery_codes.replace_all(person_id, ())


async def renew_recovery_codes(database: Database, person_id: PersonId) -> list[str]:
    """New ones in place of all before. Raises Conflict where no app is set up."""
    async with database.transaction() as tx:
        if not (await load_person(tx, person_id, lock=True)).has_totp:
            raise Conflict("There is no authenticator app", reason="STATE_INVALID")
        return await _issue_recovery_codes(tx, person_id)


async def count_recovery_codes(database: Database, person_id: PersonId) -> int:
    async with database.reading() as tx:
        return await tx.recovery_codes.count_left(person_id)


async def spend_code(database: Database, person_id: PersonId, code: str, now: datetime) -> None:
    """Take a code of the app or a recovery code; each is good once. Five wrong ones block all for 15 minutes, the right
    one too, so that nobody guesses on.

    Raises NotAuthenticated, LimitExceeded while blocked.
    """
    async with database.transaction() as tx:
        person = await load_person(tx, person_id, lock=True)
        if person.codes_blocked_until is not None and person.codes_blocked_until > now:
            raise LimitExceeded("Too many wrong codes; try again in 15 minutes", reason="CODES_BLOCKED")
        good = await _spend(tx, person, code, now)
    if not good:
        raise NotAuthenticated("The code is wrong, or was used already", reason="INVALID_CODE")


async def _spend(tx: Transaction, person: Person, code: str, now: datetime) -> bool:
    step = None
    if person.has_totp:
        secret = base64.b64decode(person.totp_secret)
        step = matching_step(secret, code, now.timestamp(), after=person.totp_last_step)
    recovery = read_recovery_code(code)
    if step is not None:
        after = replace(person, totp_last_step=step, wrong_codes=0, codes_blocked_until=None)
    elif recovery is not None and await tx.recovery_codes.spend(person.id, hash_token(recovery), now):
        after = replace(person, wrong_codes=0, codes_blocked_until=None)
    else:
        wrong = person.wrong_codes + 1
        blocked = wrong >= MOST_WRONG_CODES
        await tx.people.update(
            replace(person, wrong_codes=0 if blocked else wrong, codes_blocked_until=now + BLOCKED if blocked else None)
        )
        return False
    await tx.people.update(after)
    return True


async def _issue_recovery_codes(tx: Transaction, person_id: PersonId) -> list[str]:
    codes = [show_recovery_code(os.urandom(_RECOVERY_OCTETS)) for _ in range(RECOVERY_CODES)]
    await tx.recovery_codes.replace_all(person_id, [hash_token(code.replace("-", "")) for code in codes])
    return codes
