"""Mails of the portal itself: written into an outbox with the change that they are about, sent by a worker.

They go through the mail server of all e-mails (`services.messaging.emails.Mailer`). Without one they stay in the
outbox; the sandbox shows them at `/dev/mail`. Everything in them is ours: nobody can use the sign-up to write to
strangers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.identity.portal import MailStatus, PortalMail
from dialplane.domain.ids import NIL, AccountId, new_id
from dialplane.domain.messaging.emails import Email, EmailStatus
from dialplane.services.messaging.emails import Mailer
from dialplane.services.transaction import Database, Transaction

_LEASE = timedelta(minutes=2)
"""Longer than a mail server is waited for; a worker that dies meanwhile leaves the mail to the next."""
KEPT = timedelta(days=7)
"""What is over is kept for so long, for whoever asks what happened."""


class PortalMailStore(Protocol):
    """Port."""

    async def save(self, mail: PortalMail) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def lease_due(self, now: datetime, *, until: datetime, limit: int) -> Sequence[PortalMail]:
        """Waiting ones whose time has come; put off until `until`, so that nobody else takes them."""
        ...

    async def list_recent(self, *, limit: int) -> Sequence[PortalMail]:
        """Newest first."""
        ...

    async def forget(self, *, before: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Letters:
    """What the mails say. `base` is the portal's address as it is configured: no request has a say in it (WEB-8)."""

    base: str

    def activation(self, token: str) -> tuple[str, str]:
        return "Activate your Dialplane account", _text(
            "Somebody, hopefully you, signed up for Dialplane with this address.",
            "Activate the account within 30 minutes by this link:",
            f"{self.base}/activate/{token}",
            "If it was not you, do nothing: no account is made.",
        )

    def known_address(self) -> tuple[str, str]:
        return "You have a Dialplane account already", _text(
            "Somebody, hopefully you, signed up for Dialplane with this address, which has an account already.",
            f"Sign in: {self.base}/sign-in",
            f"Forgot the password? {self.base}/forgot-password",
            "If it was not you, do nothing.",
        )

    def reset(self, token: str) -> tuple[str, str]:
        return "A new password for Dialplane", _text(
            "Somebody, hopefully you, asked for a new password.",
            "Choose it within 30 minutes by this link, which works once:",
            f"{self.base}/reset-password/{token}",
            "If it was not you, do nothing: the old password stays. Two-step sign-in stays on either way.",
        )

    def unknown_address(self) -> tuple[str, str]:
        return "A new password for Dialplane", _text(
            "Somebody, hopefully you, asked for a new password, but no account has this address.",
            f"Sign up: {self.base}/sign-up",
            "If it was not you, do nothing.",
        )

    def password_changed(self) -> tuple[str, str]:
        return "Your Dialplane password was changed", _text(
            "The password of your account was changed, and every browser was signed out.",
            f"If it was not you, choose a new one now: {self.base}/forgot-password",
        )

    def invitation(self, token: str, *, inviter: str, role: str) -> tuple[str, str]:
        return "You are invited to a Dialplane project", _text(
            f"{inviter} invites you to a project, in the role {role}.",
            "Accept within seven days by this link:",
            f"{self.base}/invitation/{token}",
            "If you expect no invitation, do nothing.",
        )


def _text(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs) + "\n"


async def write_mail(tx: Transaction, recipient: str, letter: tuple[str, str], now: datetime) -> None:
    subject, content = letter
    await tx.portal_mails.save(PortalMail(new_id(now), recipient, subject, content, MailStatus.WAITING, now, now))


async def send_waiting_mails(database: Database, mailer: Mailer | None, now: datetime, *, limit: int = 20) -> bool:
    """Hand what waits to the mail server; whether more may be waiting. Without a server nothing is touched."""
    if mailer is None:
        return False
    async with database.transaction() as tx:
        due = await tx.portal_mails.lease_due(now, until=now + _LEASE, limit=limit)
    for mail in due:
        sent = await _send(mailer, mail, now)
        async with database.transaction() as tx:
            await tx.portal_mails.save(sent)
    return len(due) == limit


async def _send(mailer: Mailer, mail: PortalMail, now: datetime) -> PortalMail:
    email = Email(
        id=mail.id,
        account_id=AccountId(NIL),  # of no account: the mail goes to a person
        destinations=(Address("email", mail.recipient),),
        subject=mail.subject,
        content=mail.content,
        status=EmailStatus.INITIATED,
        created_at=mail.created_at,
    )
    try:
        await mailer.send(email, [])
    except Invalid:
        return replace(mail, status=MailStatus.REFUSED)
    except Unavailable:
        return mail.after_failure(now)
    return replace(mail, status=MailStatus.SENT)


async def list_recent_mails(database: Database, *, limit: int = 50) -> Sequence[PortalMail]:
    """For the sandbox: newest first."""
    async with database.reading() as tx:
        return await tx.portal_mails.list_recent(limit=limit)
