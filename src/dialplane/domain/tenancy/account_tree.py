"""The tree of accounts: its limits, and what an account below another begins with."""

from dataclasses import dataclass

from dialplane.domain.errors import Invalid, LimitExceeded
from dialplane.domain.ids import AccountId, OrganizationId
from dialplane.domain.tenancy.accounts import Account, AccountStatus, Role

LEVELS = 3
"""The top account, its sub-accounts, and theirs (Restcomm)."""
MOST_CHILDREN = 1000
"""Directly below one account; Twilio's limit for an account that has not asked for more."""
LONGEST_NAME = 64

_SHORTEST_PASSWORD = 8
_LONGEST_PASSWORD = 128
_LEAST_CLASSES = 2


@dataclass(frozen=True, slots=True)
class SubAccountDraft:
    """A sub-account as its parent asks for it. Without an address of e-mail nobody can sign in with a password."""

    name: str = ""
    """The address of e-mail, where it is empty."""
    email: str = ""
    password: str = ""
    status: AccountStatus = AccountStatus.ACTIVE
    role: Role = Role.ADMINISTRATOR
    organization_id: OrganizationId | None = None
    """None: the parent's."""


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What is written of an account in the tree; None leaves a value as it is."""

    name: str | None = None
    status: AccountStatus | None = None
    password: str | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Which accounts of a tree a list shows: from the top down, on each level the oldest first."""

    root: AccountId
    with_root: bool = False
    whole_tree: bool = False
    """False: only those directly below `root`."""
    name: str = ""
    statuses: tuple[AccountStatus, ...] = ()
    organization_id: OrganizationId | None = None
    offset: int = 0
    limit: int = 50


def check_draft(draft: SubAccountDraft) -> None:
    """Raises Invalid naming the field."""
    check_name(draft.name or draft.email)
    if draft.email and ("@" not in draft.email or not 3 <= len(draft.email) <= 320 or not draft.email.isprintable()):
        raise Invalid("email must be an e-mail address", reason="INVALID_ARGUMENT", field="email")
    if draft.email.rpartition("@")[0].strip() != draft.email.rpartition("@")[0] or _is_no_login(draft.email):
        raise Invalid("The part before the @ holds no ?, = or @", reason="INVALID_ARGUMENT", field="email")
    if draft.status is AccountStatus.DELETED:
        raise Invalid("An account cannot be made closed", reason="INVALID_ARGUMENT", field="status")
    if draft.password:
        check_password(draft.password)


def check_name(name: str) -> None:
    """Raises Invalid."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(f"name has 1 to {LONGEST_NAME} characters", reason="INVALID_ARGUMENT", field="name")


def check_password(password: str) -> None:
    """Raises Invalid (PASSWORD_TOO_WEAK) for short ones, and for those of one class of characters only."""
    classes = {_class_of(character) for character in password}
    if len(password) < _SHORTEST_PASSWORD or len(classes) < _LEAST_CLASSES:
        raise Invalid("Password too weak", reason="PASSWORD_TOO_WEAK", field="password")
    if len(password) > _LONGEST_PASSWORD:
        raise Invalid(
            f"password has at most {_LONGEST_PASSWORD} characters", reason="INVALID_ARGUMENT", field="password"
        )


def check_room(level: int, children: int) -> None:
    """Whether an account on `level` (the top one's is 1) that has `children` may have one more.

    Raises Invalid (ACCOUNT_TOO_DEEP), LimitExceeded.
    """
    if level >= LEVELS:
        raise Invalid(f"A tree of accounts has {LEVELS} levels", reason="ACCOUNT_TOO_DEEP")
    if children >= MOST_CHILDREN:
        raise LimitExceeded(f"An account has at most {MOST_CHILDREN} accounts", reason="RESOURCE_LIMIT_EXCEEDED")


def may_close(account: Account) -> bool:
    """The account at the top cannot close itself or be closed by its own hand: only the operator ends it."""
    return account.parent_id is not None


def _is_no_login(email: str) -> bool:
    return any(character in email.rpartition("@")[0] for character in "?=@")


def _class_of(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isalpha():
        return "lower" if character.islower() else "upper"
    return "other"
