"""Visitors: a direct hash becomes a token, which is good for one conversation with what the hash stands for.

The hash stands in a web page, so everybody has it: it lets in, and says nothing of who comes. What keeps visitors apart
is the conversation's id, which is drawn with the token.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from dialplane.domain.errors import Invalid
from dialplane.domain.identity.visitors import VisitedType, Visitor
from dialplane.domain.ids import AccountId
from dialplane.domain.tenancy.accounts import AccountStatus, Permission, Principal
from dialplane.services.identity.authentication import TokenSigner, invalid_credentials
from dialplane.services.transaction import Database

VISIT = timedelta(hours=4)
"""Nobody stays longer with one token (reference 1.2)."""
TOKEN_TYPE = "direct"


@dataclass(frozen=True, slots=True)
class DirectLink:
    """What a hash stands for."""

    resource_type: VisitedType
    resource_id: UUID
    account_id: AccountId
    account_status: AccountStatus


class DirectLinkStore(Protocol):
    """Port."""

    async def find(self, direct_hash: str) -> DirectLink | None:
        """None where it is nobody's, or of something that is only called."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor gets."""

    account_id: AccountId
    visitor: Visitor
    ends_at: datetime
    token: str = field(repr=False)


async def begin_visit(database: Database, signer: TokenSigner, direct_hash: str, now: datetime) -> Visit:
    """A token for one new conversation. Nothing is kept before the conversation begins.

    Raises Invalid, in the same words for a hash that nobody has, that is void, that opens no conversation, and whose
    account may do nothing at the moment.
    """
    async with database.reading() as tx:
        link = await tx.direct_links.find(direct_hash)
    if link is None or not link.account_status.may_use:
        raise Invalid("The direct hash opens no conversation", field="direct_hash")
    # Not of the ordinary ids, whose time and neighbours can be guessed: it is what keeps visitors apart.
    visitor = Visitor(link.resource_type, link.resource_id, uuid4())
    ends_at = now + VISIT
    claims = {
        "type": TOKEN_TYPE,
        "customer_id": str(link.account_id),
        "resource_type": link.resource_type,
        "resource_id": str(link.resource_id),
        "direct_hash": direct_hash,
        "allowed_resource_id": str(visitor.conversation_id),
        "iat": int(now.timestamp()),
        "exp": int(ends_at.timestamp()),
    }
    return Visit(link.account_id, visitor, ends_at.replace(microsecond=0), signer.sign(claims))


async def authenticate_visitor(database: Database, claims: Mapping[str, object]) -> Principal:
    """The visitor behind a token's claims, for as long as the hash is still that of the resource.

    Raises NotAuthenticated, of an account that is frozen or suspended too: the account's standing is not for visitors.
    """
    given = {name: value for name, value in claims.items() if isinstance(value, str)}
    async with database.reading() as tx:
        link = await tx.direct_links.find(given.get("direct_hash", ""))
    if link is None or not link.account_status.may_use or str(link.resource_id) != given.get("resource_id"):
        raise invalid_credentials()
    visitor = Visitor(link.resource_type, link.resource_id, UUID(given["allowed_resource_id"]))
    return Principal(link.account_id, Permission.NONE, via=TOKEN_TYPE, visitor=visitor)
