"""What an account may look for among the numbers that it holds."""

from dataclasses import dataclass
from enum import StrEnum

from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.numbers import NumberKind


class NumberOrdering(StrEnum):
    CREATED = "created_at"
    NUMBER = "number"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class NumberQuery:
    """Every given part must hold. The rows come in `ordering`, those that are equal by id."""

    contains: str = ""
    """Part of the number, `*` standing for any one digit."""
    name: str | None = None
    """The whole name."""
    unnamed: str = ""
    """With `name`: this number fits too if it has no name of its own."""
    kinds: tuple[NumberKind, ...] = ()
    ordering: NumberOrdering = NumberOrdering.CREATED
    descending: bool = False
    after: NumberId | None = None
    """Only what follows this number in the order of creation; it may be released meanwhile."""
    offset: int = 0
    limit: int = 50
