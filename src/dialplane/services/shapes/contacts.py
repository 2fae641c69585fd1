"""Contacts in the native JSON form (VoIPBIN reference 6.11)."""

from collections.abc import Sequence
from uuid import UUID

from dialplane.domain.ids import AccountId
from dialplane.domain.messaging.contacts import Contact, ContactAddress, Interaction
from dialplane.services.shapes.calls import address_shape as party_shape
from dialplane.services.shapes.common import show_id, show_time


def contact_shape(contact: Contact, addresses: Sequence[ContactAddress] = ()) -> dict[str, object]:
    return {
        "id": show_id(contact.id),
        "customer_id": show_id(contact.account_id),
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "display_name": contact.display_name,
        "company": contact.company,
        "job_title": contact.job_title,
        "external_id": contact.external_id,
        "notes": contact.notes,
        "tag_ids": [show_id(each) for each in contact.tag_ids],
        "addresses": [address_shape(each) for each in addresses],
        "tm_create": show_time(contact.created_at),
        "tm_update": show_time(contact.updated_at),
        "tm_delete": show_time(contact.deleted_at),
    }


def address_shape(address: ContactAddress) -> dict[str, object]:
    return {
        "id": show_id(address.id),
        "customer_id": show_id(address.account_id),
        "contact_id": show_id(address.contact_id),
        "type": address.type,
        "target": address.target,
        "name": address.name,
        "detail": address.detail,
        "is_primary": address.is_primary,
        "tm_create": show_time(address.created_at),
        "tm_update": show_time(address.updated_at),
        "tm_delete": show_time(address.deleted_at),
    }


def interaction_shape(interaction: Interaction, account_id: AccountId, contact_id: UUID) -> dict[str, object]:
    return {
        "id": show_id(interaction.id),
        "customer_id": show_id(account_id),
        "contact_id": show_id(contact_id),
        "reference_type": interaction.reference_type,
        "reference_id": show_id(interaction.id),
        "direction": interaction.direction,
        "source": party_shape(interaction.source),
        "destination": party_shape(interaction.destination),
        "tm_create": show_time(interaction.created_at),
    }
