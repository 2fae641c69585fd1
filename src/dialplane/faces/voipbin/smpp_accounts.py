"""`/v1.0/smpp_accounts`: systems of the account that send and receive messages by SMPP."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import SmppAccountId
from dialplane.domain.messaging.smpp_accounts import MOST_RATE, MOST_SESSIONS, MOST_WINDOW, LongMessages
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.messaging import smpp_accounts as service
from dialplane.services.messaging.smpp_accounts import SmppAccountChange
from dialplane.services.shapes.smpp_accounts import smpp_account_shape

SystemId = Annotated[str, msgspec.Meta(max_length=15)]
Rate = Annotated[int, msgspec.Meta(ge=1, le=MOST_RATE)]
Window = Annotated[int, msgspec.Meta(ge=1, le=MOST_WINDOW)]
Sessions = Annotated[int, msgspec.Meta(ge=1, le=MOST_SESSIONS)]


class SmppSession(msgspec.Struct):
    """A session that is bound now, as `transmitter`, `receiver` or `transceiver`."""

    id: UUID
    bound: str
    peer: str
    tm_bound: str


class SmppAccount(msgspec.Struct):
    """A system that binds by SMPP 3.4. `password` is whole where it was just drawn, and empty ever after; `sessions`
    are shown where one account is looked at."""

    id: UUID
    customer_id: UUID
    name: str
    detail: str
    system_id: str
    password: str
    rate: int
    window: int
    max_sessions: int
    inbound: bool
    long_messages: LongMessages
    sessions: list[SmppSession]
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class NewSmppAccount(msgspec.Struct):
    """What is left out has its default; the password is drawn."""

    system_id: SystemId = ""
    """3 to 15 letters, digits, dots, underscores or hyphens, that no other system here has; left out: one is drawn."""
    name: Name | None = None
    detail: Detail | None = None
    rate: Rate | None = None
    """Messages a second of all its sessions; those beyond get ESME_RTHROTTLED."""
    window: Window | None = None
    """Requests of one session, each way, that may wait for their answer."""
    max_sessions: Sessions | None = None
    inbound: bool | None = None
    """Whether messages to numbers without a message target of their own go to it."""
    long_messages: LongMessages | None = None
    """How long inbound texts are handed over: in parts with a header (`udh`) or parameters (`sar`), or whole."""


class SmppAccountChanges(msgspec.Struct):
    """What is left out stays as it is."""

    name: Name | None = None
    detail: Detail | None = None
    rate: Rate | None = None
    window: Window | None = None
    max_sessions: Sessions | None = None
    inbound: bool | None = None
    long_messages: LongMessages | None = None


@get("/", responses=answers(Paged[SmppAccount]))
async def list_smpp_accounts(request: ApiRequest, page: Paging) -> Fields:
    """The account's systems, newest first."""
    rows = await service.list_smpp_accounts(request.database, request.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, smpp_account_shape, page)


@post("/", status_code=200, responses=posted(SmppAccount))
async def create_smpp_account(request: ApiRequest, data: JSONBody[NewSmppAccount]) -> Fields:
    """Make one. Its password is shown in this answer and never again."""
    request.require_admin()
    issued = await service.create_smpp_account(
        request.database, request.ports.hasher, request.account_id, data.system_id or None, _change(data), request.now
    )
    return smpp_account_shape(issued.account, password=issued.password)


@get("/{smpp_account_id:str}", responses=answers(SmppAccount, 404))
async def get_smpp_account(request: ApiRequest, smpp_account_id: FromPath[UUID]) -> Fields:
    """One system, with the sessions that are bound now."""
    account, sessions = await service.get_smpp_account(
        request.database, request.account_id, SmppAccountId(smpp_account_id)
    )
    return smpp_account_shape(account, sessions=sessions)


@put("/{smpp_account_id:str}", responses=answers(SmppAccount, 404))
async def update_smpp_account(
    request: ApiRequest, smpp_account_id: FromPath[UUID], data: JSONBody[SmppAccountChanges]
) -> Fields:
    """Change a system; sessions follow within seconds."""
    request.require_admin()
    return smpp_account_shape(
        await service.update_smpp_account(
            request.database, request.account_id, SmppAccountId(smpp_account_id), _change(data), request.now
        )
    )


@post("/{smpp_account_id:str}/password", status_code=200, responses=posted(SmppAccount, 404))
async def renew_smpp_password(request: ApiRequest, smpp_account_id: FromPath[UUID]) -> Fields:
    """Draw a new password, shown in this answer and never again. Sessions go on; the old one binds nobody any more."""
    request.require_admin()
    issued = await service.renew_password(
        request.database, request.ports.hasher, request.account_id, SmppAccountId(smpp_account_id), request.now
    )
    return smpp_account_shape(issued.account, password=issued.password)


@delete("/{smpp_account_id:str}", status_code=200, responses=answers(SmppAccount, 404))
async def delete_smpp_account(request: ApiRequest, smpp_account_id: FromPath[UUID]) -> Fields:
    """Take the system away; its sessions are unbound within seconds, and what waits for it is not delivered."""
    request.require_admin()
    return smpp_account_shape(
        await service.delete_smpp_account(
            request.database, request.account_id, SmppAccountId(smpp_account_id), request.now
        )
    )


def _change(data: NewSmppAccount | SmppAccountChanges) -> SmppAccountChange:
    return SmppAccountChange(**{name: getattr(data, name) for name in SmppAccountChange.__slots__})


router = Router(
    "/smpp_accounts",
    route_handlers=[
        list_smpp_accounts,
        create_smpp_account,
        get_smpp_account,
        update_smpp_account,
        renew_smpp_password,
        delete_smpp_account,
    ],
    tags=["SMPP accounts"],
)
