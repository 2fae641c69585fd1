"""Files of numbers that come as the body of a request: how large they may be, which columns are named, how one was
understood."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from dialplane.domain.supply.imports import Reading

LARGEST_FILE = 16 << 20

Columns = Annotated[
    list[str] | None,
    QueryParameter(
        description="`FIELD:HEADING` (or the column's position from 1) for each column that is not to be guessed; "
        "nothing after the colon takes the field out. Repeatable."
    ),
]


class ShownReading(msgspec.Struct):
    """How the file was understood: each field with the heading, key or position that it was read from."""

    format: str
    delimiter: str
    headings: bool
    columns: dict[str, str]
    ignored: list[str]


def show_reading(reading: Reading) -> ShownReading:
    return ShownReading(
        reading.format, reading.delimiter, reading.has_headings, dict(reading.columns), list(reading.ignored)
    )
