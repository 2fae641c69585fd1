"""A number's settings in their JSON column; nothing but defaults is an empty object."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from dialplane.domain.numbering.number_settings import Fetch, NumberSettings

_NONE = NumberSettings()
_FETCHES = ("voice", "message", "refer", "ussd")


def write_settings(settings: NumberSettings) -> dict[str, object]:
    if settings == _NONE:
        return {}
    column = asdict(settings)
    for name in _FETCHES:
        application_id = column[name]["application_id"]
        column[name]["application_id"] = None if application_id is None else str(application_id)
    return column


def read_settings(column: Mapping[str, Any]) -> NumberSettings:
    """What `write_settings` made of it."""
    if not column:
        return _NONE
    return NumberSettings(**{**column, **{name: read_fetch(column[name]) for name in _FETCHES}})


def read_fetch(column: Mapping[str, Any]) -> Fetch:
    if not column:
        return Fetch()
    application_id = column["application_id"]
    return Fetch(**{**column, "application_id": None if application_id is None else UUID(application_id)})
