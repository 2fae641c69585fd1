"""E-mails: kept in an outbox first, then given to the mail server where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.errors import Invalid, NotFound, Unavailable
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.warnings import STAND_INS, Ability
from dialplane.domain.ids import AccountId, RecordingId, RunId, new_id
from dialplane.domain.messaging.emails import Email, EmailStatus
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.emails import email_shape
from dialplane.services.transaction import Database

MAX_DESTINATIONS = 50
MAX_SUBJECT = 998
MAX_CONTENT = 65_536
MAX_ATTACHMENTS = 10


class EmailStore(Protocol):
    """Port."""

    async def save(self, email: Email) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find(self, account_id: AccountId, email_id: UUID) -> Email | None: ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Email]:
        """Newest first; those made before `before`."""
        ...

    async def claim_due(self, now: datetime, *, limit: int) -> Sequence[Email]:
        """Those whose next attempt is due, marked as tried `now`: no other worker tries them meanwhile."""
        ...


class Mailer(Protocol):
    """Port: a mail server."""

    async def send(self, email: Email, files: Sequence[tuple[str, Path]]) -> None:
        """Hand it over with the files attached, each with its name.

        Raises Invalid where the server refuses it for good, Unavailable where it does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class EmailRequest:
    destinations: tuple[Address, ...]
    subject: str
    content: str
    attachments: tuple[UUID, ...] = ()
    """Recordings of the account."""
    sender: str = ""
    run_id: RunId | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """Where e-mails go: without a mailer they stay in the outbox."""

    mailer: Mailer | None = None
    recordings: Path | None = None
    """The folder of the recordings, for attachments."""


OUTBOX = Post()

GIVEN_UP_AFTER = timedelta(days=1)


async def send_email(
    database: Database, post: Post, account_id: AccountId, request: EmailRequest, now: datetime
) -> Email:
    """Keep the e-mail and hand it to the mail server; its status says what became of it.

    Raises Invalid (no destination, not an e-mail address, too long), NotFound for a foreign recording.
    """
    _check(request)
    files = await _files(database, post, account_id, request.attachments)
    email = Email(
        id=new_id(now),
        account_id=account_id,
        destinations=request.destinations,
        subject=request.subject,
        content=request.content,
        status=EmailStatus.INITIATED,
        created_at=now,
        sender=request.sender,
        attachments=request.attachments,
        run_id=request.run_id,
        note="" if post.mailer else STAND_INS[Ability.MAIL],
    )
    await _save(database, email, "email_created", now)
    if post.mailer is None:
        return email
    return await _hand_over(database, post.mailer, email, files, now)


async def _hand_over(
    database: Database, mailer: Mailer, email: Email, files: Sequence[tuple[str, Path]], now: datetime
) -> Email:
    status, note = EmailStatus.PROCESSED, ""
    try:
        await mailer.send(email, files)
    except Invalid as refusal:
        status, note = EmailStatus.DROPPED, refusal.message
    except Unavailable as refusal:
        is_hopeless = now - email.created_at > GIVEN_UP_AFTER
        status, note = EmailStatus.DROPPED if is_hopeless else EmailStatus.DEFERRED, refusal.message
    return await _note(database, email, status, note, now)


async def _note(database: Database, email: Email, status: EmailStatus, note: str, now: datetime) -> Email:
    told = replace(email, status=status, note=note[:1000], updated_at=now)
    await _save(database, told, "email_updated", now)
    return told


async def try_again(database: Database, post: Post, now: datetime, *, limit: int = 20) -> int:
    """A duty of the worker: hand over again what the mail server did not take, or a process that died left behind; each
    pause is twice the one before, from a minute on. Gives how many were tried. After a day an e-mail is dropped."""
    if post.mailer is None:
        return 0
    async with database.transaction() as tx:
        due = await tx.emails.claim_due(now, limit=limit)
    for email in due:
        try:
            files = await _files(database, post, email.account_id, email.attachments)
        except NotFound as refusal:
            await _note(database, email, EmailStatus.DROPPED, refusal.message, now)
        else:
            await _hand_over(database, post.mailer, email, files, now)
    return len(due)


async def list_emails(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Email]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.emails.list_for(account_id, before=before, limit=limit)


async def get_email(database: Database, account_id: AccountId, email_id: UUID) -> Email:
    """Raises NotFound (EMAIL_NOT_FOUND)."""
    async with database.reading() as tx:
        found = await tx.emails.find(account_id, email_id)
    if found is None:
        raise NotFound("There is no such e-mail", reason="EMAIL_NOT_FOUND")
    return found


async def delete_email(database: Database, account_id: AccountId, email_id: UUID, now: datetime) -> Email:
    """Take it out of the lists."""
    deleted = replace(await get_email(database, account_id, email_id), deleted_at=now, updated_at=now)
    await _save(database, deleted, "email_deleted", now)
    return deleted


async def _save(database: Database, email: Email, event: str, now: datetime) -> None:
    async with database.transaction() as tx:
        await tx.emails.save(email)
        await publish(tx, Event(email.account_id, event, email.id, email_shape(email), now, run_id=email.run_id))


async def _files(
    database: Database, post: Post, account_id: AccountId, recordings: Sequence[UUID]
) -> list[tuple[str, Path]]:
    """The files of the recordings, each with its name. Raises NotFound (RECORDING_NOT_FOUND)."""
    paths: list[Path] = []
    async with database.reading() as tx:
        for recording_id in recordings:
            found = await tx.recordings.find(account_id, RecordingId(recording_id))
            if found is None:
                raise NotFound("There is no such recording", reason="RECORDING_NOT_FOUND", field="attachments")
            paths.append(Path(found.path))
    folder = post.recordings
    return [(path.name, folder / path) for path in paths] if folder else []


def _check(request: EmailRequest) -> None:
    if not 1 <= len(request.destinations) <= MAX_DESTINATIONS:
        raise Invalid(f"destinations holds 1 to {MAX_DESTINATIONS} addresses", field="destinations")
    for party in request.destinations:
        name, at, host = party.target.rpartition("@")
        if party.type != "email" or not (name and at and host) or any(c in party.target for c in "\r\n\0 <>,"):
            raise Invalid("destinations must be of type email, such as ann@example.org", field="destinations")
    if len(request.sender) > 320 or any(c in request.sender for c in "\r\n\0"):
        raise Invalid("the sender must be one line of at most 320 characters", field="from")
    if len(request.subject) > MAX_SUBJECT or any(c in request.subject for c in "\r\n\0"):
        raise Invalid(f"subject must be one line of at most {MAX_SUBJECT} characters", field="subject")
    if len(request.content) > MAX_CONTENT or "\0" in request.content:
        raise Invalid(f"content has at most {MAX_CONTENT} characters", field="content")
    if len(request.attachments) > MAX_ATTACHMENTS:
        raise Invalid(f"attachments holds at most {MAX_ATTACHMENTS}", field="attachments")
