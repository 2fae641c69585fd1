"""Contacts of an account: who they are, where they are reached, and what passed between (VoIPBIN reference 6.11)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address, AddressType
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, TagId

MOST_ADDRESSES = 50
"""Of one contact."""
REACHED_BY: tuple[AddressType, ...] = ("tel", "sip", "email")


@dataclass(frozen=True, slots=True)
class Contact:
    id: UUID
    account_id: AccountId
    created_at: datetime
    first_name: str = ""
    last_name: str = ""
    display_name: str = ""
    company: str = ""
    job_title: str = ""
    external_id: str = ""
    """The client's own."""
    notes: str = ""
    tag_ids: tuple[TagId, ...] = ()
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactAddress:
    """Where a contact is reached. Several contacts may share one: a company's number."""

    id: UUID
    account_id: AccountId
    contact_id: UUID
    type: AddressType
    target: str
    """In its normal form."""
    created_at: datetime
    name: str = ""
    detail: str = ""
    is_primary: bool = False
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """A call or a message between the account and one address of a contact."""

    id: UUID
    """The call's or the message's own."""
    reference_type: Literal["call", "message"]
    direction: Literal["incoming", "outgoing"]
    source: Address
    destination: Address
    created_at: datetime


def check_contact(contact: Contact) -> Contact:
    """Raises Invalid where nothing says who it is."""
    if not any((contact.first_name, contact.last_name, contact.display_name, contact.company)):
        raise Invalid("One of display_name, first_name, last_name and company says who it is", field="display_name")
    return contact


def check_address(address: Address, *, field: str) -> Address:
    """Raises Invalid naming the field where nobody is reached by such an address, or its target is none."""
    if address.type not in REACHED_BY:
        raise Invalid(f"{field}type must be one of {', '.join(REACHED_BY)}", field=f"{field}type")
    if address.type in ("sip", "email") and not all(address.target.partition("@")):
        raise Invalid(f"{field}target must be user@host", field=f"{field}target")
    return address
