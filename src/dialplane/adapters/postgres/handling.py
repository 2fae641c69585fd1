"""What numbers and accounts do with calls before a target runs, as `services.shapes.handling` writes it, read back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dialplane.adapters.postgres.targets import read_targets
from dialplane.domain.calling.screening import Consequence, Deed, Screening
from dialplane.domain.numbering.handling import EmergencyAddress, Handling, Hours, Split
from dialplane.domain.numbering.targets import VoiceTarget

Column = dict[str, Any]
"""The one place where the column's JSON becomes typed values."""


def read_handling(column: object) -> Handling | None:
    if column is None:
        return None
    facts = _facts(column)
    hours, split, emergency = facts["hours"], facts["split"], facts["emergency"]
    return Handling(
        screening=read_screening(facts["screening"]),
        hours=hours and Hours(UUID(hours["schedule_id"]), _target(hours["closed"])),
        split=split
        and Split(
            _target(split["target"]),
            split["percent"],
            datetime.fromisoformat(split["started_at"]),
            split["failed_percent"],
            split["least_calls"],
        ),
        emergency=emergency and EmergencyAddress(**emergency),
    )


def read_screening(column: object) -> Screening | None:
    if column is None:
        return None
    facts = _facts(column)
    return Screening(
        allow=tuple(facts["allow"]),
        deny=tuple(facts["deny"]),
        only_allowed=facts["only_allowed"],
        denied=_read_consequence(facts["denied"]),
        spam_score=facts["spam_score"],
        spam=_read_consequence(facts["spam"]),
    )


def _read_consequence(facts: Column) -> Consequence:
    return Consequence(Deed(facts["deed"]), facts["status"], _target(facts["target"]))


def _target(column: object) -> VoiceTarget:
    return read_targets(column, None, None).voice


def _facts(column: object) -> Column:
    assert isinstance(column, Mapping)
    return dict(column)
