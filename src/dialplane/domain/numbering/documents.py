"""Documents that an account hands in: what counts as one, and what the operator may say of it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, DocumentId

LARGEST = 10 << 20
"""Bytes. A scan of a few pages at a readable resolution is a tenth of that."""

MOST = 1000
"""Documents of one account: what it may fill our disk with is bounded."""

LONGEST_NAME = 255
LONGEST_REASON = 1024

LONGEST_KIND = 64
"""Characters. Kinds are what carriers ask for (`proof_of_identity`, `proof_of_address`), not a list of ours."""

_BEGINNINGS = (  # WEB-9 names these and no other
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


class DocumentStatus(StrEnum):
    PENDING = "pending"
    """Nobody has looked at it yet."""
    APPROVED = "approved"
    REJECTED = "rejected"


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Document:
    """One file of one account. Its content is kept under its id."""

    id: DocumentId
    account_id: AccountId
    kind: str
    name: str
    """As the account called it; for people only."""
    media_type: str
    size: int
    sha256: str
    status: DocumentStatus
    created_at: datetime
    reason: str = ""
    """Why it was rejected."""
    expires_on: date | None = None
    """The last day on which it counts."""
    reviewed_at: datetime | None = None
    deleted_at: datetime | None = None

    def has_expired(self, now: datetime) -> bool:
        return self.expires_on is not None and self.expires_on < now.date()


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document as it comes in."""

    kind: str
    content: bytes = field(repr=False)
    name: str = ""
    expires_on: date | None = None

    def check(self, now: datetime) -> None:
        """Raises Invalid naming the field."""
        if not 1 <= len(self.kind) <= LONGEST_KIND or not self.kind.isprintable():
            raise _invalid("kind", f"has 1 to {LONGEST_KIND} characters, such as proof_of_identity")
        if len(self.name) > LONGEST_NAME or not self.name.isprintable():
            raise _invalid("name", f"has {LONGEST_NAME} characters at most, and none that cannot be printed")
        if not self.content:
            raise _invalid("content", "is empty")
        if len(self.content) > LARGEST:
            raise _invalid("content", f"has {LARGEST >> 20} MiB at most")
        if self.expires_on is not None and self.expires_on < now.date():
            raise _invalid("expires_on", "lies in the past")


def media_type_of(content: bytes) -> str:
    """What the content is, whatever its name says. Raises Invalid where it is none of the forms that we take."""
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    raise _invalid("content", "is no PDF, PNG or JPEG")


def check_verdict(verdict: Verdict, reason: str) -> None:
    """Raises Invalid: whoever is refused learns why."""
    if verdict is Verdict.REJECT and not reason.strip():
        raise _invalid("reason", "is needed with a rejection")
    if len(reason) > LONGEST_REASON:
        raise _invalid("reason", f"has {LONGEST_REASON} characters at most")


def _invalid(field: str, says: str) -> Invalid:
    return Invalid(f"{field} {says}", reason="INVALID_ARGUMENT", field=field)


def content_key(account_id: AccountId, document_id: DocumentId) -> str:
    """Where the content of a document is kept."""
    return f"{account_id}/{document_id}"
