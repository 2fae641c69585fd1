"""Signing in to the portal: the password or a passkey, the second step, and the sessions that come of it (WEB-4).

A session's token is known only to the browser; each step that makes a session mightier gives it another token.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.errors import NotAuthenticated, NotFound
from dialplane.domain.identity.people import Person
from dialplane.domain.identity.portal import Session
from dialplane.domain.ids import PersonId, SessionId, new_id
from dialplane.services.identity.access_keys import hash_token
from dialplane.services.identity.authentication import PasswordHasher
from dialplane.services.identity.people import load_person, new_token
from dialplane.services.identity.portal_mail import KEPT
from dialplane.services.identity.second_step import spend_code
from dialplane.services.transaction import Database, Transaction

_TOUCH_INTERVAL = timedelta(minutes=1)
"""When somebody was last seen is noted to the minute: a write for every page would cost more than the page."""
MOST_SESSIONS = 100
"""Of those shown; a person has a handful."""


class SessionStore(Protocol):
    """Port."""

    async def insert(self, session: Session) -> None: ...

    async def find_signed_in(self, token_hash: bytes) -> tuple[Session, Person] | None:
        """The session that has not ended, and who it is, in one query."""
        ...

    async def touch(self, session_id: SessionId, now: datetime) -> None: ...

    async def set_token(self, session_id: SessionId, token_hash: bytes) -> None: ...

    async def set_notice(self, session_id: SessionId, notice: dict[str, str] | None) -> None: ...

    async def end(self, session_id: SessionId, person_id: PersonId, now: datetime) -> bool:
        """False where this person has no such session."""
        ...

    async def end_all(self, person_id: PersonId, now: datetime, *, but: SessionId | None = None) -> None: ...

    async def list_for(self, person_id: PersonId, *, limit: int) -> Sequence[Session]:
        """Those that have not ended, the last seen first."""
        ...

    async def forget(self, *, before: datetime) -> None:
        """Take out those last seen before."""
        ...


@dataclass(frozen=True, slots=True)
class Browser:
    """What is kept of who signs in, for the list of sessions."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with who it is. `token` is there right after it was given out."""

    session: Session
    person: Person
    token: str = field(default="", repr=False)


async def sign_in(
    database: Database, hasher: PasswordHasher, email: str, password: str, browser: Browser, now: datetime
) -> SignedIn:
    """Check the password; where two-step sign-in is on, the session is not complete yet.

    A wrong password and an unknown address take the same time and give the same answer (WEB-8). A hash of weaker
    parameters is made anew (WEB-1). Raises NotAuthenticated.
    """
    async with database.reading() as tx:
        person = await tx.people.find_by_email(email.strip())
    fits = await hasher.verify(None if person is None else person.password_hash, password)
    if person is None or not fits:
        raise NotAuthenticated("The e-mail address or the password is wrong", reason="INVALID_CREDENTIALS")
    fresh = await hasher.hash(password) if hasher.is_outdated(person.password_hash) else ""
    async with database.transaction() as tx:
        if fresh:
            locked = await load_person(tx, person.id, lock=True)
            if locked.password_hash == person.password_hash:  # else it was changed meanwhile
                await tx.people.update(replace(locked, password_hash=fresh, updated_at=now))
        second = person.has_totp or await tx.passkeys.has_any(person.id)
        return await begin_session(tx, person, browser, now, is_complete=not second)


async def enter_code(database: Database, half: Session, code: str, browser: Browser, now: datetime) -> SignedIn:
    """The second step by a code of the app, or a recovery code. Raises NotAuthenticated, LimitExceeded after too many
    wrong ones."""
    await spend_code(database, half.person_id, code, now)
    async with database.transaction() as tx:
        return await complete(tx, half, browser, now)


async def complete(tx: Transaction, half: Session, browser: Browser, now: datetime) -> SignedIn:
    """The second step was taken: the half session ends, and a whole one begins."""
    if not await tx.sessions.end(half.id, half.person_id, now):
        raise NotAuthenticated("Sign in again", reason="INVALID_CREDENTIALS")
    return await begin_session(tx, await load_person(tx, half.person_id), browser, now, is_complete=True)


async def begin_session(
    tx: Transaction, person: Person, browser: Browser, now: datetime, *, is_complete: bool
) -> SignedIn:
    token = new_token()
    session = Session(
        id=SessionId(new_id(now)),
        token_hash=hash_token(token),
        person_id=person.id,
        is_complete=is_complete,
        address=browser.address[:64],
        user_agent=browser.user_agent[:512],
        created_at=now,
        seen_at=now,
    )
    await tx.sessions.insert(session)
    return SignedIn(session, person, token)


async def begin_again(database: Database, person_id: PersonId, browser: Browser, now: datetime) -> SignedIn:
    """A complete session for somebody who has just proved who they are, after their sessions were ended."""
    async with database.transaction() as tx:
        return await begin_session(tx, await load_person(tx, person_id), browser, now, is_complete=True)


async def find_session(database: Database, token: str, now: datetime) -> SignedIn | None:
    """Who has this token. None where nobody has, the session ended, or was idle too long."""
    async with database.reading() as tx:
        found = await tx.sessions.find_signed_in(hash_token(token))
    if found is None or not found[0].is_alive(now):
        return None
    session, person = found
    if session.seen_at <= now - _TOUCH_INTERVAL:
        async with database.transaction() as tx:
            await tx.sessions.touch(session.id, now)
    return SignedIn(session, person)


async def renew_token(database: Database, session: Session) -> str:
    """Another token for the same session, after it became mightier."""
    token = new_token()
    async with database.transaction() as tx:
        await tx.sessions.set_token(session.id, hash_token(token))
    return token


async def sign_out(database: Database, session: Session, now: datetime) -> None:
    async with database.transaction() as tx:
        await tx.sessions.end(session.id, session.person_id, now)


async def end_session(database: Database, person_id: PersonId, session_id: SessionId, now: datetime) -> None:
    """Sign another browser of the person out. Raises NotFound."""
    async with database.transaction() as tx:
        if not await tx.sessions.end(session_id, person_id, now):
            raise NotFound("There is no such session", reason="SESSION_NOT_FOUND")


async def end_other_sessions(database: Database, session: Session, now: datetime) -> None:
    async with database.transaction() as tx:
        await tx.sessions.end_all(session.person_id, now, but=session.id)


async def list_sessions(database: Database, person_id: PersonId, now: datetime) -> list[Session]:
    """The living ones, the last seen first."""
    async with database.reading() as tx:
        found = await tx.sessions.list_for(person_id, limit=MOST_SESSIONS)
    return [session for session in found if session.is_alive(now) and session.is_complete]


async def leave_notice(database: Database, session: Session, notice: dict[str, str]) -> None:
    """Something that the next page shows, once."""
    async with database.transaction() as tx:
        await tx.sessions.set_notice(session.id, notice)


async def take_notice(database: Database, session: Session) -> dict[str, str] | None:
    if session.notice is None:
        return None
    async with database.transaction() as tx:
        await tx.sessions.set_notice(session.id, None)
    return session.notice


async def forget_left_overs(database: Database, now: datetime) -> None:
    """Take out sessions, links, challenges and mails that are over and that nobody looks at any more."""
    async with database.transaction() as tx:
        await tx.sessions.forget(before=now - KEPT)
        await tx.links.forget(before=now - KEPT)
        await tx.passkeys.forget_challenges(before=now)
        await tx.portal_mails.forget(before=now - KEPT)
