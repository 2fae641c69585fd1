"""`/v1.0/conversation_accounts`: accounts at other networks of messages (reference 5.3)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.ids import FlowId, new_id, unless_nil
from dialplane.domain.messaging.conversation_accounts import ConversationAccount as Kept
from dialplane.domain.messaging.conversation_accounts import Network
from dialplane.faces.voipbin.answers import Detail, Fields, Name, Paged, answers, posted
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.services.messaging.conversation_accounts import CONVERSATION_ACCOUNTS
from dialplane.services.shapes.conversation_accounts import conversation_account_shape

_Secret = Annotated[str, msgspec.Meta(max_length=1024)]


class ShownProviderData(msgspec.Struct):
    phone_number_id: str


class ConversationAccount(msgspec.Struct):
    """What was written by a version that kept it, but for the secrets."""

    id: UUID
    customer_id: UUID
    type: Network
    name: str
    detail: str
    provider_data: ShownProviderData
    message_flow_id: UUID
    tm_create: str | None
    tm_update: str | None
    tm_delete: str | None


class ProviderData(msgspec.Struct):
    """WhatsApp's."""

    phone_number_id: Name | None = None
    app_secret: _Secret | None = None


class ConversationAccountChange(msgspec.Struct):
    """What is left out stays as it is; the nil UUID takes the flow away."""

    name: Name | None = None
    detail: Detail | None = None
    secret: _Secret | None = None
    token: _Secret | None = None
    provider_data: ProviderData | None = None
    message_flow_id: UUID | None = None


class NewConversationAccount(ConversationAccountChange, kw_only=True):
    type: Network


@get("/", responses=answers(Paged[ConversationAccount]))
async def list_conversation_accounts(request: ApiRequest, page: Paging) -> Fields:
    """Newest first."""
    rows = await CONVERSATION_ACCOUNTS.list_for(
        request.database, request.account_id, before=page.before, limit=page.fetch
    )
    return show_page(rows, conversation_account_shape, page)


@post("/", status_code=200, responses=posted(ConversationAccount, 404))
async def create_conversation_account(request: ApiRequest, data: JSONBody[NewConversationAccount]) -> Fields:
    """Refused: no network but the telephone's is carried here, and its accounts are the numbers themselves."""
    request.require_manager()
    made = Kept(new_id(request.now), request.account_id, data.type, request.now, **_given(data))
    return conversation_account_shape(await CONVERSATION_ACCOUNTS.create(request.database, made))


@get("/{conversation_account_id:str}", responses=answers(ConversationAccount, 404))
async def get_conversation_account(request: ApiRequest, conversation_account_id: FromPath[UUID]) -> Fields:
    """One of them."""
    found = await CONVERSATION_ACCOUNTS.get(request.database, request.account_id, conversation_account_id)
    return conversation_account_shape(found)


@put("/{conversation_account_id:str}", responses=answers(ConversationAccount, 404))
async def update_conversation_account(
    request: ApiRequest, conversation_account_id: FromPath[UUID], data: JSONBody[ConversationAccountChange]
) -> Fields:
    """Change what is given."""
    request.require_manager()
    changed = await CONVERSATION_ACCOUNTS.update(
        request.database, request.account_id, conversation_account_id, _given(data), request.now
    )
    return conversation_account_shape(changed)


@delete("/{conversation_account_id:str}", status_code=200, responses=answers(ConversationAccount, 404))
async def delete_conversation_account(request: ApiRequest, conversation_account_id: FromPath[UUID]) -> Fields:
    """Take it away, with its secrets."""
    request.require_manager()
    deleted = await CONVERSATION_ACCOUNTS.delete(
        request.database, request.account_id, conversation_account_id, request.now, secret="", token="", app_secret=""
    )
    return conversation_account_shape(deleted)


def _given(data: ConversationAccountChange) -> dict[str, Any]:
    """The fields of the resource that are written."""
    provider = data.provider_data or ProviderData()
    texts = {
        "name": data.name,
        "detail": data.detail,
        "secret": data.secret,
        "token": data.token,
        "phone_number_id": provider.phone_number_id,
        "app_secret": provider.app_secret,
    }
    given: dict[str, Any] = {name: text for name, text in texts.items() if text is not None}
    if data.message_flow_id is not None:
        flow_id = unless_nil(data.message_flow_id)
        given["message_flow_id"] = None if flow_id is None else FlowId(flow_id)
    return given


router = Router(
    "/conversation_accounts",
    route_handlers=[
        list_conversation_accounts,
        create_conversation_account,
        get_conversation_account,
        update_conversation_account,
        delete_conversation_account,
    ],
    tags=["Conversations"],
)
