"""Files of imports, kept for a day, in which they may be read again with other columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict
from dialplane.services.transaction import Transaction


@dataclass(frozen=True, slots=True)
class KeptFile:
    """`wish` is what was asked with it, as JSON has it."""

    body: bytes = field(repr=False)
    wish: Mapping[str, str | int | None] = field(default_factory=dict)


class KeptFileStore(Protocol):
    """Port. A file bears the id of its import, or of its job."""

    async def add(self, file_id: UUID, file: KeptFile, now: datetime) -> None: ...

    async def find(self, file_id: UUID) -> KeptFile | None: ...

    async def forget(self, *, before: datetime) -> None: ...


async def load_kept(tx: Transaction, file_id: UUID, *, is_open: bool) -> KeptFile:
    """Raises Conflict where it cannot be read again."""
    kept = await tx.kept_files.find(file_id) if is_open else None
    if kept is None:
        raise Conflict("The file can no longer be read again: choose it once more", reason="STATE_INVALID")
    return kept
