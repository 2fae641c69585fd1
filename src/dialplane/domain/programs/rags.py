"""Knowledge of assistants: texts in the account's files, cut into passages to search (VoIPBIN reference 6.10)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId

MOST_FILES = 50
"""Of one rag."""
PASSAGE = 1_200
"""Characters of a passage, about."""
MOST_PASSAGES = 5_000
"""Of one rag: 6 MB of text."""
GIVEN_PASSAGES = 4
"""So many of the best go along with a question."""


@dataclass(frozen=True, slots=True)
class Rag:
    id: UUID
    account_id: AccountId
    name: str
    created_at: datetime
    detail: str = ""
    file_ids: tuple[UUID, ...] = ()
    """Files of the account's storage, of type `rag`."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one of the files; `rank` says how well it fits what was asked."""

    file_id: UUID
    position: int
    text: str
    rank: float = 0.0


def read_text(name: str, content: bytes) -> str:
    """The text of a file. Raises Invalid (`storage_file_ids`) where it is none: only plain text can be searched."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Invalid(
            f"storage_file_ids: {name!r} is no text in UTF-8; only plain text can be searched", field="storage_file_ids"
        )
    return text


def cut(text: str) -> Iterator[str]:
    """Passages of about equal length: paragraphs stay together where they fit, words always."""
    passage = ""
    for piece in _pieces(text):
        if passage and len(passage) + len(piece) + 1 > PASSAGE:
            yield passage
            passage = ""
        passage = f"{passage}\n{piece}" if passage else piece
    if passage:
        yield passage


def _pieces(text: str) -> Iterator[str]:
    """Paragraphs; one that is too long, by its sentences and words."""
    for paragraph in re.split(r"\n\s*\n", text):
        rest = paragraph.strip()
        while len(rest) > PASSAGE:
            end = max(rest.rfind(". ", 0, PASSAGE) + 1, rest.rfind(" ", PASSAGE // 2, PASSAGE)) or PASSAGE
            yield rest[:end].strip()
            rest = rest[end:].strip()
        if rest:
            yield rest
