"""Accounts: one thing that is VoIPBIN's customer, Restcomm's account and VoxCPaaS's project at once."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.calling.screening import Screening
from dialplane.domain.identity.visitors import Visitor
from dialplane.domain.ids import AccessKeyId, AccountId, AgentId, OrganizationId, TagId
from dialplane.domain.rooms.agents import AgentStatus, RingMethod
from dialplane.domain.values import dataclass


class AccountStatus(StrEnum):
    INITIAL = "initial"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    INACTIVE = "inactive"
    """Suspended in another word, which Restcomm's clients write and want to read again."""
    FROZEN = "frozen"
    DELETED = "deleted"
    EXPIRED = "expired"

    @property
    def may_use(self) -> bool:
        """Whether calls, messages and purchases are let through."""
        return self in (AccountStatus.INITIAL, AccountStatus.ACTIVE)

    @property
    def is_suspended(self) -> bool:
        return self in (AccountStatus.SUSPENDED, AccountStatus.INACTIVE)


class IdentityStatus(StrEnum):
    NONE = "none"
    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"


class Role(StrEnum):
    """What an account's own credentials may do to the tree of accounts (Restcomm's roles)."""

    ADMINISTRATOR = "Administrator"
    DEVELOPER = "Developer"
    """Everything but making and changing accounts."""


class Plan(StrEnum):
    FREE = "free"
    BASIC = "basic"
    PROFESSIONAL = "professional"
    UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True)
class Organization:
    """Accounts that share SIP domains, and with them SIP numbers and patterns."""

    id: OrganizationId
    name: str
    created_at: datetime
    domains: tuple[str, ...] = ()
    """In lower case; the one added first stands first."""


@dataclass(frozen=True, slots=True)
class Account:
    id: AccountId
    organization_id: OrganizationId
    status: AccountStatus
    identity_status: IdentityStatus
    plan: Plan
    auth_token: str = field(repr=False)
    project_token: str = field(repr=False)
    created_at: datetime
    parent_id: AccountId | None = None
    role: Role = Role.ADMINISTRATOR
    suspended_by: AccountId | None = None
    """The account above whose suspension suspended this one; it comes back together with that."""
    name: str = ""
    detail: str = ""
    email: str = ""
    phone_number: str = ""
    address: str = ""
    home_country: str = "US"
    email_verified: bool = False
    webhook_uri: str = ""
    webhook_method: str = ""
    destination_whitelist: tuple[str, ...] = ()
    metadata: dict[str, object] = field(default_factory=dict)
    special_destinations: tuple[str, ...] = ()
    """Ranges that the operator opened for it (`destinations.SpecialRange`)."""
    screening: Screening | None = None
    """Of callers to any of its numbers."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who signs in for an account. `username` is compared without regard to case."""

    id: AgentId
    account_id: AccountId
    username: str
    password_hash: str = field(repr=False)
    permission: int
    created_at: datetime
    name: str = ""
    detail: str = ""
    ring_method: RingMethod = "ringall"
    status: AgentStatus = AgentStatus.OFFLINE
    tag_ids: tuple[TagId, ...] = ()
    addresses: tuple[Address, ...] = ()
    """Where the agent is rung."""
    direct_hash: str = ""
    idle_since: datetime | None = None
    """When the agent was last free or last offered a call; None: never."""
    free_at: datetime | None = None
    """Of a busy one: when its wrap-up ends by itself; None: when it says so."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What is kept of an access key: the token itself is known only to its holder (API-4)."""

    id: AccessKeyId
    account_id: AccountId
    token_hash: bytes = field(repr=False)
    """SHA-256 of the token."""
    token_prefix: str
    created_at: datetime
    name: str = ""
    detail: str = ""
    expires_at: datetime | None = None
    """None: never."""
    last_used_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


class Permission:
    """VoIPBIN's permission bits (reference section 1.10)."""

    NONE = 0
    CUSTOMER_AGENT = 16
    CUSTOMER_ADMIN = 32
    CUSTOMER_MANAGER = 64
    ALL_OF_CUSTOMER = 240
    PLATFORM_ADMIN = 1


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: the account, and the person or key behind the request."""

    account_id: AccountId
    permission: int = Permission.CUSTOMER_ADMIN
    agent_id: AgentId | None = None
    via: str = "access_key"
    """`access_key`, `agent`, `operator`, `basic`, `project`, `direct`, `delegate`: for the audit and the limits."""
    key_id: AccessKeyId | None = None
    """Of the access key, where it was one."""
    delegation_id: UUID | None = None
    """Under which the platform's operator acts for the account."""
    visitor: Visitor | None = None
    """Who asks, where all that is known is a direct hash: of the account there is one conversation to be reached."""

    @property
    def is_admin(self) -> bool:
        return bool(self.permission & (Permission.CUSTOMER_ADMIN | 15))

    @property
    def is_manager(self) -> bool:
        return bool(self.permission & (Permission.CUSTOMER_ADMIN | Permission.CUSTOMER_MANAGER | 15))
