"""Files that an account keeps for its own use (VoIPBIN reference 6.11)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId

LARGEST_FILE = 10 << 20
MOST_KEPT = 10 << 30
"""Octets that an account may keep."""
LONGEST_NAME = 255
KINDS = ("", "rag")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`kind` is what the file is for, in its owner's words; `rag`: material for an assistant."""

    id: UUID
    account_id: AccountId
    kind: str
    name: str
    size: int
    created_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What an account keeps in all."""

    count: int
    size: int


def check_file(kind: str, name: str, size: int) -> None:
    """Raises Invalid naming the field."""
    if kind not in KINDS:
        raise Invalid("type is rag, or left out", field="type")
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid(f"a file's name has 1 to {LONGEST_NAME} printable characters", field="file")
    if not 0 < size <= LARGEST_FILE:
        raise Invalid(f"a file has 1 to {LARGEST_FILE} octets", field="file")
