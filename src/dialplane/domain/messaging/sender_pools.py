"""Sender pools: numbers that send as one. Whoever was written to from one of them is written to from the same again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId

MOST_NUMBERS = 400
MOST_POOLS = 1000
FASTEST = 60_000
"""Messages a minute."""


@dataclass(frozen=True, slots=True)
class SenderPool:
    """A pool. Rates are messages a minute, 0 is any number of them; `numbers` are in the order they were put in."""

    id: UUID
    account_id: AccountId
    name: str
    created_at: datetime
    numbers: tuple[str, ...] = ()
    number_rate: int = 0
    """Of each of its numbers."""
    destination_rate: int = 0
    """To each country, of all its numbers together."""
    updated_at: datetime | None = None


def check_pool(pool: SenderPool) -> None:
    """Raises Invalid naming the field."""
    if not 0 < len(pool.name) <= 255 or "\0" in pool.name:
        raise Invalid("name has 1 to 255 characters", field="name")
    if len(pool.numbers) > MOST_NUMBERS:
        raise Invalid(f"A pool has at most {MOST_NUMBERS} numbers", field="numbers")
    for name, rate in (("number_rate", pool.number_rate), ("destination_rate", pool.destination_rate)):
        if not 0 <= rate <= FASTEST:
            raise Invalid(f"{name} is from 0 to {FASTEST} messages a minute", field=name)


def choose_sender(numbers: Sequence[str], peer: str) -> str:
    """For somebody new: a number with the longest beginning in common (the same country, the same area), of several
    always the same one for the same receiver, and all of them equally often."""
    nearest = max(_common(number, peer) for number in numbers)
    near = [number for number in numbers if _common(number, peer) == nearest]
    return min(near, key=lambda number: blake2b(f"{number}>{peer}".encode(), digest_size=8).digest())


def _common(number: str, peer: str) -> int:
    """Digits in common at the beginning, as far as they name a place: beyond the area it is chance."""
    length = 0
    for ours, theirs in zip(number[:5], peer[:5], strict=False):
        if ours != theirs:
            break
        length += 1
    return length
