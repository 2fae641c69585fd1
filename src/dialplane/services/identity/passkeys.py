"""Passkeys: WebAuthn credentials as the only or the second factor (WEB-3). The protocol itself is behind a port."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.errors import Conflict, Invalid, NotAuthenticated, NotFound
from dialplane.domain.identity.people import Person
from dialplane.domain.identity.portal import CHALLENGE_LIFE, Passkey, Session
from dialplane.domain.ids import PasskeyId, PersonId, new_id
from dialplane.services.identity.access_keys import hash_token
from dialplane.services.identity.people import load_person
from dialplane.services.identity.sign_in import Browser, SignedIn, begin_session, complete
from dialplane.services.transaction import Database

MOST_PASSKEYS = 20


class PasskeyStore(Protocol):
    """Port."""

    async def insert(self, passkey: Passkey) -> None:
        """Raises AlreadyExists where the credential is known."""
        ...

    async def find(self, credential_id: bytes) -> Passkey | None:
        """Locked until the transaction ends."""
        ...

    async def note_use(self, passkey: Passkey) -> None:
        """Write its counter and when it was used."""
        ...

    async def list_for(self, person_id: PersonId) -> Sequence[Passkey]: ...

    async def has_any(self, person_id: PersonId) -> bool: ...

    async def remove(self, person_id: PersonId, passkey_id: PasskeyId) -> bool: ...

    async def put_challenge(self, token_hash: bytes, challenge: bytes, expires_at: datetime) -> None:
        """In place of the one before."""
        ...

    async def take_challenge(self, token_hash: bytes, now: datetime) -> bytes | None:
        """Only one caller gets it; None where there is none or its time is over."""
        ...

    async def forget_challenges(self, *, before: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Attested:
    """A new credential whose attestation was good."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class WebAuthn(Protocol):
    """Port: the ceremonies of WebAuthn level 2 for this portal's own origin."""

    def new_challenge(self) -> bytes: ...

    def creation_options(self, person: Person, challenge: bytes, known: Collection[bytes]) -> str:
        """JSON for `navigator.credentials.create`."""
        ...

    def request_options(self, challenge: bytes, allowed: Collection[bytes]) -> str:
        """JSON for `navigator.credentials.get`; none allowed by name: whatever the person has."""
        ...

    def check_creation(self, answer: Mapping[str, object], challenge: bytes) -> Attested:
        """Raises Invalid where origin, challenge or attestation are not good."""
        ...

    def check_assertion(self, answer: Mapping[str, object], challenge: bytes, passkey: Passkey) -> int:
        """The credential's new counter. Raises NotAuthenticated where anything is not good."""
        ...

    def credential_of(self, answer: Mapping[str, object]) -> bytes:
        """Which credential answers. Raises NotAuthenticated where it says none."""
        ...


async def offer_creation(
    database: Database, webauthn: WebAuthn, person: Person, browser_token: str, now: datetime
) -> str:
    """The options for a new passkey. Raises Conflict where there are too many."""
    challenge = webauthn.new_challenge()
    async with database.transaction() as tx:
        known = await tx.passkeys.list_for(person.id)
        if len(known) >= MOST_PASSKEYS:
            raise Conflict(f"There are {MOST_PASSKEYS} passkeys; remove one first", reason="STATE_INVALID")
        await tx.passkeys.put_challenge(hash_token(browser_token), challenge, now + CHALLENGE_LIFE)
    return webauthn.creation_options(person, challenge, [each.credential_id for each in known])


async def add_passkey(
    database: Database,
    webauthn: WebAuthn,
    person_id: PersonId,
    browser_token: str,
    answer: Mapping[str, object],
    name: str,
    now: datetime,
) -> Passkey:
    """Raises Invalid, Conflict."""
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise Invalid("Give it a name of 1 to 64 characters", field="name")
    async with database.transaction() as tx:
        challenge = await tx.passkeys.take_challenge(hash_token(browser_token), now)
    if challenge is None:
        raise Invalid("That took too long; try again", field="passkey")
    attested = webauthn.check_creation(answer, challenge)
    passkey = Passkey(
        PasskeyId(new_id(now)), person_id, attested.credential_id, attested.public_key, attested.sign_count, name, now
    )
    async with database.transaction() as tx:
        await tx.passkeys.insert(passkey)
    return passkey


async def offer_request(
    database: Database, webauthn: WebAuthn, half: Session | None, browser_token: str, now: datetime
) -> str:
    """The options for signing in: by any passkey, or as the second step of a half session by that person's."""
    challenge = webauthn.new_challenge()
    async with database.transaction() as tx:
        allowed = [] if half is None else await tx.passkeys.list_for(half.person_id)
        await tx.passkeys.put_challenge(hash_token(browser_token), challenge, now + CHALLENGE_LIFE)
    return webauthn.request_options(challenge, [each.credential_id for each in allowed])


async def sign_in_with_passkey(
    database: Database,
    webauthn: WebAuthn,
    half: Session | None,
    browser_token: str,
    answer: Mapping[str, object],
    browser: Browser,
    now: datetime,
) -> SignedIn:
    """Begin a session, or complete the half one. A challenge is good once: a replayed answer finds none.

    Raises NotAuthenticated.
    """
    credential_id = webauthn.credential_of(answer)
    async with database.transaction() as tx:
        challenge = await tx.passkeys.take_challenge(hash_token(browser_token), now)
    async with database.transaction() as tx:
        passkey = await tx.passkeys.find(credential_id)
        if challenge is None or passkey is None or (half is not None and half.person_id != passkey.person_id):
            raise NotAuthenticated("The passkey was not accepted", reason="INVALID_CREDENTIALS")
        count = webauthn.check_assertion(answer, challenge, passkey)
        await tx.passkeys.note_use(replace(passkey, sign_count=count, last_used_at=now))
        if half is not None:
            return await complete(tx, half, browser, now)
        return await begin_session(tx, await load_person(tx, passkey.person_id), browser, now, is_complete=True)


async def list_passkeys(database: Database, person_id: PersonId) -> Sequence[Passkey]:
    async with database.reading() as tx:
        return await tx.passkeys.list_for(person_id)


async def remove_passkey(database: Database, person_id: PersonId, passkey_id: PasskeyId) -> None:
    """Raises NotFound."""
    async with database.transaction() as tx:
        if not await tx.passkeys.remove(person_id, passkey_id):
            raise NotFound("There is no such passkey", reason="PASSKEY_NOT_FOUND")
