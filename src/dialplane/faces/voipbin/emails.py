"""`/v1.0/emails` and `/v1.0/contact_cases` (reference 3.5, 6.11)."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import unless_nil
from dialplane.faces.voipbin.answers import Address, Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.parties import Party, read_parties
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.messaging import cases, emails
from dialplane.services.shapes.emails import email_shape


class Attachment(msgspec.Struct):
    """A recording of the account."""

    reference_id: UUID
    reference_type: Literal["recording"] = "recording"


class Email(msgspec.Struct):
    """`status` is `initiated` while it is in the outbox only; `note` says why it stands where it does."""

    id: UUID
    customer_id: UUID
    activeflow_id: UUID
    destinations: list[Address]
    subject: str
    content: str
    attachments: list[Attachment]
    status: str
    note: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewEmail(msgspec.Struct):
    destinations: Annotated[list[Party], msgspec.Meta(min_length=1, max_length=emails.MAX_DESTINATIONS)]
    subject: Annotated[str, msgspec.Meta(max_length=emails.MAX_SUBJECT)] = ""
    content: Annotated[str, msgspec.Meta(max_length=emails.MAX_CONTENT)] = ""
    attachments: Annotated[list[Attachment], msgspec.Meta(max_length=emails.MAX_ATTACHMENTS)] = []


class ContactCase(msgspec.Struct):
    """Opened by a flow (`case_create`) or by the API; whoever's it is may be nobody's."""

    id: UUID
    customer_id: UUID
    contact_id: UUID
    activeflow_id: UUID
    reference_type: str
    reference_id: UUID
    name: str
    detail: str
    note: str
    status: str
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewCase(msgspec.Struct):
    """A case of a contact, or of nobody in particular."""

    name: Name
    detail: Detail = ""
    note: Detail = ""
    contact_id: UUID | None = None


class CaseChange(msgspec.Struct):
    """What is left out stays as it is; the nil UUID takes the contact away."""

    name: Name | None = None
    detail: Detail | None = None
    note: Detail | None = None
    contact_id: UUID | None = None


@get("/emails", responses=answers(Paged[Email]))
async def list_emails(request: ApiRequest, page: Paging) -> Fields:
    """The account's e-mails, newest first."""
    rows = await emails.list_emails(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, email_shape, page)


@post("/emails", status_code=200, responses=posted(Email, 404))
async def create_email(request: ApiRequest, data: JSONBody[NewEmail]) -> Fields:
    """Send an e-mail. Without a mail server it stays in the outbox, and its `note` says so."""
    request.require_manager()
    wish = emails.EmailRequest(
        tuple(read_parties(data.destinations, "destinations")),
        data.subject,
        data.content,
        tuple(attachment.reference_id for attachment in data.attachments),
    )
    sent = await emails.send_email(request.database, request.ports.post, request.account_id, wish, request.now)
    return email_shape(sent)


@get("/emails/{email_id:str}", responses=answers(Email, 404))
async def get_email(request: ApiRequest, email_id: FromPath[UUID]) -> Fields:
    """One e-mail."""
    return email_shape(await emails.get_email(request.database, request.account_id, email_id))


@delete("/emails/{email_id:str}", status_code=200, responses=answers(Email, 404))
async def delete_email(request: ApiRequest, email_id: FromPath[UUID]) -> Fields:
    """Take an e-mail out of the lists."""
    request.require_manager()
    return email_shape(await emails.delete_email(request.database, request.account_id, email_id, request.now))


@get("/contact_cases", responses=answers(Paged[ContactCase]))
async def list_cases(request: ApiRequest, page: Paging) -> Fields:
    """The account's cases, newest first."""
    rows = await cases.list_cases(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, cases.case_shape, page)


@get("/contact_cases/{case_id:str}", responses=answers(ContactCase, 404))
async def get_case(request: ApiRequest, case_id: FromPath[UUID]) -> Fields:
    """One case."""
    return cases.case_shape(await cases.get_case(request.database, request.account_id, case_id))


@post("/contact_cases", status_code=200, responses=posted(ContactCase, 404))
async def create_case(request: ApiRequest, data: JSONBody[NewCase]) -> Fields:
    """Open a case."""
    request.require_manager()
    made = await cases.create_case(
        request.database,
        request.account_id,
        cases.CaseText(data.name, data.detail, data.note),
        unless_nil(data.contact_id),
        request.now,
    )
    return cases.case_shape(made)


@put("/contact_cases/{case_id:str}", responses=answers(ContactCase, 404, 409))
async def update_case(request: ApiRequest, case_id: FromPath[UUID], data: JSONBody[CaseChange]) -> Fields:
    """Change what is given of an open case."""
    request.require_manager()
    given: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}
    changed = await cases.update_case(request.database, request.account_id, case_id, given, request.now)
    return cases.case_shape(changed)


@post("/contact_cases/{case_id:str}/close", status_code=200, responses=posted(ContactCase, 404))
async def close_case(request: ApiRequest, case_id: FromPath[UUID]) -> Fields:
    """Close a case."""
    request.require_manager()
    return cases.case_shape(await cases.close_case(request.database, request.account_id, case_id, request.now))


router = Router(
    "/",
    route_handlers=[
        list_emails,
        create_email,
        get_email,
        delete_email,
        list_cases,
        create_case,
        get_case,
        update_case,
        close_case,
    ],
    tags=["Emails and cases"],
)
