"""What happened to a number: every change of it, with who made it, when, and what each field was before."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.tenancy.accounts import Principal


class ActorKind(StrEnum):
    ACCESS_KEY = "access_key"
    AGENT = "agent"
    ACCOUNT = "account"
    """The account itself, where the credential is no key and no person (an auth token, a project token)."""
    PERSON = "person"
    """Of the portal."""
    OPERATOR = "operator"
    SYSTEM = "system"
    """The clock: renewals and their consequences."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made a change; `id` is the key's, the agent's or the account's."""

    kind: ActorKind
    id: UUID | None = None


SYSTEM = Actor(ActorKind.SYSTEM)
OPERATOR = Actor(ActorKind.OPERATOR)


def the_account(account_id: AccountId) -> Actor:
    return Actor(ActorKind.ACCOUNT, account_id)


def actor_of(principal: Principal) -> Actor:
    """Who stands behind a request."""
    if principal.via == "operator" or principal.delegation_id is not None:
        return OPERATOR
    if principal.agent_id is not None:
        return Actor(ActorKind.AGENT, principal.agent_id)
    if principal.key_id is not None:
        return Actor(ActorKind.ACCESS_KEY, principal.key_id)
    return the_account(principal.account_id)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, as answers show it, before and after. A field that a new number has was None before."""

    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class NumberEvent:
    """One entry of a number's history."""

    id: UUID
    number_id: NumberId
    account_id: AccountId
    """Who held the number after the change."""
    number: str
    what: str
    """`created`, `updated`, `released`, `restored`, `transferred`, `suspended`, `reactivated`, `renewed`, ..."""
    actor: Actor
    changes: tuple[FieldChange, ...]
    created_at: datetime
