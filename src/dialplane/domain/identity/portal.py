"""What the portal keeps beside people: sessions, links in mails, the mails, passkeys. Lives and limits as values."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dialplane.domain.ids import AccountId, PasskeyId, PersonId, SessionId

IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
HALF_SESSION = timedelta(minutes=10)
"""How long the second step of signing in may take."""
LINK_LIFE = timedelta(minutes=30)
INVITATION_LIFE = timedelta(days=7)
CHALLENGE_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that somebody is signed in with. The token itself is known only to the browser."""

    id: SessionId
    token_hash: bytes = field(repr=False)
    person_id: PersonId
    is_complete: bool
    """False: the second step is still to come."""
    address: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    notice: dict[str, str] | None = None
    """Shown once, on the next page."""

    def is_alive(self, now: datetime) -> bool:
        if self.ended_at is not None or now >= self.created_at + LONGEST_SESSION:
            return False
        return now < (self.seen_at + IDLE if self.is_complete else self.created_at + HALF_SESSION)


@dataclass(frozen=True, slots=True)
class SignUp:
    """Who will be there once the address is proved. Kept with the link, so that whoever opens it gets the password of
    the very sign-up that it was sent for."""

    name: str
    phone: str
    timezone: str
    password_hash: str = field(repr=False)


class LinkPurpose(StrEnum):
    ACTIVATE = "activate"
    RESET = "reset"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class Link:
    """What a mail's link opens, once."""

    token_hash: bytes = field(repr=False)
    purpose: LinkPurpose
    email: str
    person_id: PersonId | None
    expires_at: datetime
    created_at: datetime
    sign_up: SignUp | None = None
    account_id: AccountId | None = None
    """Of an invitation."""
    role: str = ""
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential of a person."""

    id: PasskeyId
    person_id: PersonId
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    last_used_at: datetime | None = None


class MailStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"


MOST_ATTEMPTS = 6
_FIRST_PAUSE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class PortalMail:
    """A mail of the portal itself, to a person."""

    id: UUID
    recipient: str
    subject: str
    content: str = field(repr=False)
    status: MailStatus
    send_at: datetime
    created_at: datetime
    attempts: int = 0

    def after_failure(self, now: datetime) -> "PortalMail":
        """To be tried again after 30 seconds, a minute, two, ...; given up after six attempts."""
        attempts = self.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            return replace(self, attempts=attempts, status=MailStatus.REFUSED)
        return replace(self, attempts=attempts, send_at=now + _FIRST_PAUSE * (1 << (attempts - 1)))
