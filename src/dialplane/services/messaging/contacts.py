"""Contacts and their addresses as resources, and what passed between them and the account: calls and messages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import AlreadyExists, LimitExceeded
from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.contacts import MOST_ADDRESSES, Contact, ContactAddress, Interaction, check_contact
from dialplane.services.resources import Resource
from dialplane.services.rooms.tags import check_tags
from dialplane.services.shapes.contacts import address_shape, contact_shape
from dialplane.services.transaction import Database, Transaction

MOST_CONTACTS = 100_000


class InteractionStore(Protocol):
    """Port."""

    async def list_with(
        self, account_id: AccountId, targets: Sequence[str], *, before: datetime | None, limit: int
    ) -> Sequence[Interaction]:
        """Calls and messages between the account and any of the targets, newest first."""
        ...


async def _check_contact(tx: Transaction, contact: Contact) -> Contact:
    """Raises Invalid (`tag_ids` too)."""
    return check_contact(replace(contact, tag_ids=await check_tags(tx, contact.account_id, contact.tag_ids)))


CONTACTS = Resource(
    "contact", lambda tx: tx.contacts, contact_shape, public=False, most=MOST_CONTACTS, field="contact_id",
    check=_check_contact,
)  # fmt: skip


async def _check_address(tx: Transaction, address: ContactAddress) -> ContactAddress:
    """Raises NotFound (CONTACT_NOT_FOUND), AlreadyExists, LimitExceeded."""
    # Who writes an address holds its contact: the same one does not come in twice.
    await CONTACTS.load(tx, address.account_id, address.contact_id, lock=True)
    beside = [each for each in await _addresses(tx, address.account_id, [address.contact_id]) if each.id != address.id]
    if len(beside) >= MOST_ADDRESSES:
        raise LimitExceeded(f"A contact has {MOST_ADDRESSES} addresses at most", reason="RESOURCE_LIMIT_EXCEEDED")
    if any((each.type, each.target) == (address.type, address.target) for each in beside):
        raise AlreadyExists("The contact has this address already", reason="ALREADY_EXISTS", field="target")
    if address.is_primary:
        others = [replace(each, is_primary=False, updated_at=address.updated_at) for each in beside if each.is_primary]
        await tx.contact_addresses.save(*others)
    return address


ADDRESSES = Resource(
    "contact_address", lambda tx: tx.contact_addresses, address_shape, called="contact address", public=False,
    check=_check_address,
)  # fmt: skip


async def create_contact(database: Database, contact: Contact, addresses: Sequence[ContactAddress]) -> Contact:
    """With its addresses, or not at all. Raises Invalid, AlreadyExists, LimitExceeded."""
    async with database.transaction() as tx:
        made = await CONTACTS.add(tx, contact)
        for address in addresses:
            await ADDRESSES.add(tx, address)
    return made


async def delete_contact(database: Database, account_id: AccountId, contact_id: UUID, now: datetime) -> Contact:
    """With its addresses; calls, messages and cases stay. Raises NotFound."""
    async with database.transaction() as tx:
        contact = await CONTACTS.load(tx, account_id, contact_id, lock=True)
        for address in await _addresses(tx, account_id, [contact_id]):
            await ADDRESSES.drop(tx, address, now)
        return await CONTACTS.drop(tx, contact, now)


async def addresses_of(
    database: Database, account_id: AccountId, contacts: Sequence[Contact]
) -> Mapping[UUID, Sequence[ContactAddress]]:
    """By contact, the oldest first."""
    found: dict[UUID, list[ContactAddress]] = {contact.id: [] for contact in contacts}
    async with database.reading() as tx:
        for address in reversed(await _addresses(tx, account_id, list(found))):
            found[address.contact_id].append(address)
    return found


async def list_interactions(
    database: Database, account_id: AccountId, contact_id: UUID, *, before: datetime | None, limit: int
) -> Sequence[Interaction]:
    """The calls and messages with any address of the contact, newest first. Raises NotFound (CONTACT_NOT_FOUND)."""
    async with database.reading() as tx:
        await CONTACTS.load(tx, account_id, contact_id)
        targets = [each.target for each in await _addresses(tx, account_id, [contact_id])]
        return await tx.interactions.list_with(account_id, targets, before=before, limit=limit) if targets else []


async def _addresses(tx: Transaction, account_id: AccountId, contact_ids: Sequence[UUID]) -> Sequence[ContactAddress]:
    if not contact_ids:
        return []
    most = MOST_ADDRESSES * len(contact_ids)
    return await tx.contact_addresses.list_for(account_id, before=None, limit=most, contact_id=contact_ids)
