"""`/v1.0/contacts`, `/contact_addresses` and `/contact_interactions`: whom the account knows (reference 6.11)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from dialplane.domain.ids import TagId, new_id
from dialplane.domain.messaging import contacts as domain
from dialplane.faces.voipbin.answers import Address, Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Party, read_party
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.messaging import contacts as service
from dialplane.services.messaging.contacts import ADDRESSES, CONTACTS
from dialplane.services.shapes.contacts import address_shape, contact_shape, interaction_shape

Tags = Annotated[list[UUID], msgspec.Meta(max_length=100)]
_Target = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class ContactAddress(msgspec.Struct):
    """Where a contact is reached."""

    id: UUID
    customer_id: UUID
    contact_id: UUID
    type: str
    target: str
    name: str
    detail: str
    is_primary: bool
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class Contact(msgspec.Struct):
    """Somebody whom the account knows; `external_id` is the client's own."""

    id: UUID
    customer_id: UUID
    first_name: str
    last_name: str
    display_name: str
    company: str
    job_title: str
    external_id: str
    notes: str
    tag_ids: list[UUID]
    addresses: list[ContactAddress]
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class ContactChange(msgspec.Struct):
    """What is left out stays as it is."""

    first_name: Name | None = None
    last_name: Name | None = None
    display_name: Name | None = None
    company: Name | None = None
    job_title: Name | None = None
    external_id: Name | None = None
    notes: Detail | None = None
    tag_ids: Tags | None = None


class OwnAddress(msgspec.Struct):
    """An address of a contact that is made with it, of type `tel`, `sip` or `email`."""

    target: _Target
    type: str = ""
    name: Name = ""
    detail: Detail = ""
    is_primary: bool = False


class NewContact(ContactChange):
    """One of its names, or the company, says who it is."""

    addresses: Annotated[list[OwnAddress], msgspec.Meta(max_length=domain.MOST_ADDRESSES)] = []


class NewContactAddress(OwnAddress, kw_only=True):
    contact_id: UUID


class ContactAddressChange(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None
    is_primary: bool | None = None


class Interaction(msgspec.Struct):
    """A call or a message with an address of the contact; its id is that of the call or message."""

    id: UUID
    customer_id: UUID
    contact_id: UUID
    reference_type: str
    reference_id: UUID
    direction: str
    source: Address
    destination: Address
    tm_create: str | None


@get("/contacts", responses=answers(Paged[Contact]))
async def list_contacts(request: ApiRequest, page: Paging) -> Fields:
    """The account's contacts, newest first."""
    rows = await CONTACTS.list_for(request.database, request.account_id, before=page.before, limit=page.fetch)
    addresses = await service.addresses_of(request.database, request.account_id, rows)
    return show_page(rows, lambda row: contact_shape(row, addresses[row.id]), page)


@post("/contacts", status_code=201, responses=posted(Contact, status=201))
async def create_contact(request: ApiRequest, data: JSONBody[NewContact]) -> Fields:
    """Make a contact, with its addresses."""
    request.require_manager()
    contact = domain.Contact(new_id(request.now), request.account_id, request.now, **_given(data))
    addresses = [
        _address(request, contact.id, each, f"addresses[{index}].") for index, each in enumerate(data.addresses)
    ]
    return await _show(request, await service.create_contact(request.database, contact, addresses))


@get("/contacts/{contact_id:str}", responses=answers(Contact, 404))
async def get_contact(request: ApiRequest, contact_id: FromPath[UUID]) -> Fields:
    """One contact."""
    return await _show(request, await CONTACTS.get(request.database, request.account_id, contact_id))


@put("/contacts/{contact_id:str}", responses=answers(Contact, 404))
async def update_contact(request: ApiRequest, contact_id: FromPath[UUID], data: JSONBody[ContactChange]) -> Fields:
    """Change what is given."""
    request.require_manager()
    given = _given(data)
    return await _show(
        request, await CONTACTS.update(request.database, request.account_id, contact_id, given, request.now)
    )


@delete("/contacts/{contact_id:str}", status_code=200, responses=answers(Contact, 404))
async def delete_contact(request: ApiRequest, contact_id: FromPath[UUID]) -> Fields:
    """Take it away with its addresses; calls, messages and cases stay."""
    request.require_manager()
    return contact_shape(await service.delete_contact(request.database, request.account_id, contact_id, request.now))


@get("/contact_addresses", responses=answers(Paged[ContactAddress]))
async def list_contact_addresses(
    request: ApiRequest,
    page: Paging,
    contact_id: FromQuery[UUID | None] = None,
    target: Annotated[str, QueryParameter(description="Those of this number, user@host or e-mail address.")] = "",
) -> Fields:
    """The addresses of all contacts, or of one; with `target`, whose address that is."""
    rows = await ADDRESSES.list_for(
        request.database,
        request.account_id,
        before=page.before,
        limit=page.fetch,
        contact_id=contact_id,
        target=target or None,
    )
    return show_page(rows, address_shape, page)


@post("/contact_addresses", status_code=201, responses=posted(ContactAddress, 404, status=201))
async def create_contact_address(request: ApiRequest, data: JSONBody[NewContactAddress]) -> Fields:
    """Give a contact another address; the first that is primary stays so until another is."""
    request.require_manager()
    made = _address(request, data.contact_id, data, "")
    return address_shape(await ADDRESSES.create(request.database, made))


@get("/contact_addresses/{contact_address_id:str}", responses=answers(ContactAddress, 404))
async def get_contact_address(request: ApiRequest, contact_address_id: FromPath[UUID]) -> Fields:
    """One address."""
    return address_shape(await ADDRESSES.get(request.database, request.account_id, contact_address_id))


@put("/contact_addresses/{contact_address_id:str}", responses=answers(ContactAddress, 404))
async def update_contact_address(
    request: ApiRequest, contact_address_id: FromPath[UUID], data: JSONBody[ContactAddressChange]
) -> Fields:
    """Change what is given; another target is another address."""
    request.require_manager()
    given = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}
    return address_shape(
        await ADDRESSES.update(request.database, request.account_id, contact_address_id, given, request.now)
    )


@delete("/contact_addresses/{contact_address_id:str}", status_code=200, responses=answers(ContactAddress, 404))
async def delete_contact_address(request: ApiRequest, contact_address_id: FromPath[UUID]) -> Fields:
    """Take the address away from its contact."""
    request.require_manager()
    return address_shape(await ADDRESSES.delete(request.database, request.account_id, contact_address_id, request.now))


@get("/contact_interactions", responses=answers(Paged[Interaction], 404))
async def list_contact_interactions(request: ApiRequest, page: Paging, contact_id: FromQuery[UUID]) -> Fields:
    """The calls and messages with any address of the contact, newest first."""
    rows = await service.list_interactions(
        request.database, request.account_id, contact_id, before=page.before, limit=page.fetch
    )
    return show_page(rows, lambda row: interaction_shape(row, request.account_id, contact_id), page)


async def _show(request: ApiRequest, contact: domain.Contact) -> Fields:
    addresses = await service.addresses_of(request.database, request.account_id, [contact])
    return contact_shape(contact, addresses[contact.id])


def _given(data: ContactChange) -> dict[str, Any]:
    """The fields of the contact that are written."""
    given = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}
    given.pop("addresses", None)
    if data.tag_ids is not None:
        given["tag_ids"] = tuple(TagId(each) for each in data.tag_ids)
    return given


def _address(request: ApiRequest, contact_id: UUID, data: OwnAddress, prefix: str) -> domain.ContactAddress:
    """Raises Invalid naming the field."""
    party = read_party(Party(data.target, data.type), prefix.rstrip(".") or "address")
    address = domain.check_address(party, field=prefix)
    return domain.ContactAddress(
        new_id(request.now),
        request.account_id,
        contact_id,
        address.type,
        address.target,
        request.now,
        data.name,
        data.detail,
        data.is_primary,
    )


router = Router(
    "/",
    route_handlers=[
        list_contacts,
        create_contact,
        get_contact,
        update_contact,
        delete_contact,
        list_contact_addresses,
        create_contact_address,
        get_contact_address,
        update_contact_address,
        delete_contact_address,
        list_contact_interactions,
    ],
    tags=["Contacts"],
)
