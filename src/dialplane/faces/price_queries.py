"""The query of a look-up of prices, and its answer: the same for tenants and the operator."""

from typing import Annotated

import msgspec
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from dialplane.services.charging.prices import Direction, Enquiry, Kind

LONGEST_CALL_S = 86_400
MOST_SEGMENTS = 10_000


class Quoted(msgspec.Struct):
    """What `units` of a call or text cost: in credit (micros of a dollar), or in tokens where they are not 0 and there
    are enough. `prefix` is of the rate deck's line, empty where the price is the same for all other numbers."""

    number: str
    cost_type: str
    prefix: str
    description: str
    unit: str
    unit_seconds: int | None
    """How long a unit of a call is; null for texts."""
    rate_credit_per_unit: int
    rate_token_per_unit: int
    setup_credit: int
    """What an answered call costs beside its units; it is in `cost_credit`."""
    units: int
    cost_credit: int
    cost_token: int
    cost: str
    """`cost_credit` in dollars."""


def read_enquiry(
    number: Annotated[
        str, QueryParameter(description="The number that is called or written to, with `+`.", max_length=64)
    ],
    kind: Annotated[Kind, QueryParameter(description="`call` or `message`.")] = "call",
    direction: Annotated[
        Direction, QueryParameter(description="`incoming`: what a call to your own `number` costs you.")
    ] = "outgoing",
    seconds: Annotated[int, QueryParameter(description="How long the call lasts.", ge=0, le=LONGEST_CALL_S)] = 60,
    segments: Annotated[int, QueryParameter(description="How long the text is.", ge=1, le=MOST_SEGMENTS)] = 1,
) -> Enquiry:
    """An unescaped `+` of a query is a space."""
    meant = f"+{number[1:]}" if number.startswith(" ") else number
    return Enquiry(meant, kind, direction, seconds, segments)


Asked = NamedDependency[Enquiry]
"""What a handler declares: `enquiry: Asked`."""
