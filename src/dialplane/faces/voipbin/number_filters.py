"""The filters of `GET /v1.0/numbers`."""

from typing import Annotated

import msgspec
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from dialplane.domain.errors import Invalid
from dialplane.domain.labels import LONGEST_TAG, MOST_TAGS
from dialplane.domain.numbering.numbers import NumberFilter, NumberStatus, parse_kind

Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TAG)]

_LONGEST = 600
"""Characters of a filter's value: a metadata key and its value together have no more."""


def read_filters(
    status: Annotated[NumberStatus | None, QueryParameter(description="`active` or `suspended`.")] = None,
    number_type: Annotated[
        str, QueryParameter(description="`local`, `toll_free`, `mobile`, `virtual`, `sip`, `pattern` or `channel`.")
    ] = "",
    number: Annotated[str, QueryParameter(description="A part of the number.")] = "",
    name: Annotated[str, QueryParameter(description="A part of the name, in whatever case.")] = "",
    tag: Annotated[list[str] | None, QueryParameter(description="A tag; given again, all of them.")] = None,
    metadata: Annotated[
        list[str] | None, QueryParameter(description="`key:value` of the metadata; given again, all of them.")
    ] = None,
) -> NumberFilter:
    """Which numbers a request asks for. Raises Invalid naming the parameter."""
    given = {"number": [number], "name": [name], "tag": tag or [], "metadata": metadata or []}
    for field, texts in given.items():
        if len(texts) > MOST_TAGS or any(len(text) > _LONGEST or "\0" in text for text in texts):
            raise _invalid(field, f"has {_LONGEST} characters and {MOST_TAGS} values at most, and no NUL")
    return NumberFilter(
        statuses=() if status is None else (status,),
        kinds=(parse_kind(number_type, field="number_type"),) if number_type else (),
        contains=number.replace(" ", "+"),  # an unescaped + of a query is a space
        name=name,
        tags=tuple(given["tag"]),
        metadata=dict(_pair(text) for text in given["metadata"]),
    )


def _pair(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon or not key:
        raise _invalid("metadata", "is key:value")
    return key, value


def _invalid(field: str, says: str) -> Invalid:
    return Invalid(f"{field} {says}", reason="INVALID_REQUEST_PARAMETER", field=field)


Wanted = NamedDependency[NumberFilter]
"""What the list declares: `wanted: Wanted`."""
