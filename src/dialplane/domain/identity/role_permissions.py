"""What an account's credentials may do in Restcomm's and Twilio's dialects: by its role, and by its standing
(reference 1.2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dialplane.domain.errors import Invalid, NotPermitted
from dialplane.domain.tenancy.accounts import Account, AccountStatus, Role

ACCOUNTS = "Accounts"
ANY = "*"
_DOMAIN = "RestComm"
_FORM = re.compile(rf"{_DOMAIN}:([A-Za-z,*]+):([A-Za-z]+|\*)")


class Action(StrEnum):
    CREATE = "Create"
    READ = "Read"
    MODIFY = "Modify"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class RolePermission:
    """`RestComm:Create:IncomingPhoneNumbers`. What a role is granted may name several actions, or `*` for all."""

    actions: frozenset[str]
    resource: str
    """As it stands in paths; `*` is every one."""

    @classmethod
    def parse(cls, text: str) -> "RolePermission":
        """`RestComm:Create,Read:Applications`, `RestComm:*:*`. Raises Invalid."""
        found = _FORM.fullmatch(text)
        named = frozenset(found[1].split(",")) if found else frozenset()
        if not found or named - {ANY, *Action}:
            raise Invalid(f"{text[:80]!r} is no permission such as RestComm:Create,Read:IncomingPhoneNumbers")
        return cls(named, found[2])

    def __str__(self) -> str:
        return f"{_DOMAIN}:{','.join(sorted(self.actions))}:{self.resource}"

    def covers(self, action: Action, resource: str) -> bool:
        return self.resource in (ANY, resource) and not self.actions.isdisjoint((ANY, action))


DEVELOPER = tuple(
    map(
        RolePermission.parse,
        (
            "RestComm:Read:Accounts",
            "RestComm:*:Applications",
            "RestComm:Read:AvailablePhoneNumbers",
            "RestComm:*:Calls",
            "RestComm:*:Clients",
            "RestComm:*:Conferences",
            "RestComm:*:IncomingPhoneNumbers",
            "RestComm:*:Messages",
            "RestComm:Read:Notifications",
            "RestComm:Read:Organizations",
            "RestComm:*:OutgoingCallerIds",
            "RestComm:*:Queues",
            "RestComm:*:Recordings",
            "RestComm:*:Transcriptions",
            "RestComm:Read:Usage",
        ),
    )
)
"""What the role is granted where the operator says nothing else: everything but making and changing accounts."""


def check_deed(
    caller: Account, account: Account, action: Action, resource: str, granted: Sequence[RolePermission]
) -> None:
    """Whether the caller's credentials may do this for `account`, the caller itself or one below it.

    An uninitialized account may do nothing but read and change accounts; for a closed one nothing is made or changed
    any more. `granted` is what developers may do. Raises NotPermitted (ACCOUNT_NOT_ACTIVE, PERMISSION_DENIED).
    """
    if resource != ACCOUNTS and (
        caller.status is AccountStatus.INITIAL
        or (account.status is AccountStatus.DELETED and action is not Action.READ)
    ):
        raise NotPermitted("Provided Account is not active", reason="ACCOUNT_NOT_ACTIVE")
    if caller.role is Role.ADMINISTRATOR or any(each.covers(action, resource) for each in granted):
        return
    raise NotPermitted(
        f"The role {caller.role} has no permission {_DOMAIN}:{action}:{resource}", reason="PERMISSION_DENIED"
    )
