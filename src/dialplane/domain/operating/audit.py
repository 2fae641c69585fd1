"""The audit log: who did what, when, from where, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.ids import AccountId, PersonId

LONGEST_FACT = 200
MOST_FACTS = 20


class Via(StrEnum):
    """The door by which somebody came."""

    PORTAL = "portal"
    """A page of a project, by one of its people."""
    DESK = "desk"
    """The operator's desk."""
    SUPPORT = "support"
    """An operator who looked into somebody's project."""
    API = "api"
    """The operator's API, by its key."""


class Outcome(StrEnum):
    BEGUN = "begun"
    """It is going on, or a crash has cut it off."""
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    """By a fault of ours: it may have been done in part."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry. `deed` names what was asked for, in words of the route: `accounts.credit`."""

    id: UUID
    via: Via
    actor: str
    address: str
    deed: str
    created_at: datetime
    person_id: PersonId | None = None
    account_id: AccountId | None = None
    subject: str = ""
    """What it was done to: the ids in the path."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What was asked for, without secrets."""
    outcome: Outcome = Outcome.BEGUN
    said: str = ""
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class DeedFilter:
    """Every given part must hold."""

    actor: str = ""
    """The whole of it, in any case."""
    deed: str = ""
    """Part of its name."""
    account_id: AccountId | None = None
    via: Via | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None


def outcome_of(status: int) -> Outcome:
    """What an HTTP status says of a deed."""
    if status < 400:
        return Outcome.DONE
    return Outcome.REFUSED if status < 500 else Outcome.FAILED


_SECRETS = ("password", "token", "secret", "pin", "code", "csrf", "key", "sealed", "credential")


def facts_of(given: Mapping[str, object]) -> dict[str, str]:
    """What may be kept of a form or a body: short texts and numbers, and nothing that signs in."""
    kept: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(value, str | int | float | bool) or value == "":
            continue
        if any(word in name.lower() for word in _SECRETS):
            continue
        kept[name[:64]] = str(value).replace("\0", "")[:LONGEST_FACT]
        if len(kept) == MOST_FACTS:
            break
    return kept
