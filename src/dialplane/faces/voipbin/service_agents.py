"""`/v1.0/service_agents`: what the signed-in agent has of the account, and nothing else (reference 1.10, 6.11)."""

from uuid import UUID

import msgspec
from litestar import Response, Router, get, post, put
from litestar.params import FromPath, JSONBody

from dialplane.domain.errors import NotPermitted
from dialplane.domain.ids import AgentId, CallId, ConversationId, ExtensionId
from dialplane.domain.tenancy.accounts import Agent as KnownAgent
from dialplane.faces.downloads import file_download
from dialplane.faces.voipbin.agents import (
    AgentAddresses,
    AgentPassword,
    AgentStanding,
    AgentUpdate,
    read_addresses,
)
from dialplane.faces.voipbin.answers import Fields, Paged, answers, posted
from dialplane.faces.voipbin.calls import Call
from dialplane.faces.voipbin.contacts import Contact
from dialplane.faces.voipbin.conversations import Conversation, ConversationMessage, NewConversationMessage
from dialplane.faces.voipbin.customer import Agent, Customer
from dialplane.faces.voipbin.extensions import Extension
from dialplane.faces.voipbin.paging import Paging, show_page
from dialplane.faces.voipbin.request import ApiRequest
from dialplane.faces.voipbin.storage import StoredFile
from dialplane.faces.voipbin.tags import Tag
from dialplane.services import stored_files
from dialplane.services.messaging import contacts, conversations
from dialplane.services.messaging.contacts import CONTACTS
from dialplane.services.rooms import agent_desk, agents, tags
from dialplane.services.rooms.agents import AgentChange
from dialplane.services.shapes.agents import agent_shape
from dialplane.services.shapes.calls import call_shape
from dialplane.services.shapes.contacts import contact_shape
from dialplane.services.shapes.customer import customer_shape
from dialplane.services.shapes.extensions import extension_shape
from dialplane.services.shapes.messages import conversation_message_shape, conversation_shape
from dialplane.services.shapes.stored_files import file_shape
from dialplane.services.shapes.tags import tag_shape
from dialplane.services.tenancy import accounts


@get("/me", responses=answers(Agent))
async def get_own_agent(request: ApiRequest) -> Fields:
    """The signed-in agent."""
    return agent_shape(await signed_in(request))


@put("/me", responses=answers(Agent))
async def update_own_agent(request: ApiRequest, data: JSONBody[AgentUpdate]) -> Fields:
    """Change one's own name, detail or ring method."""
    return await _change(request, AgentChange(**msgspec.structs.asdict(data)))


@put("/me/addresses", responses=answers(Agent))
async def update_own_addresses(request: ApiRequest, data: JSONBody[AgentAddresses]) -> Fields:
    """Where one is rung."""
    return await _change(request, AgentChange(addresses=read_addresses(data.addresses)))


@put("/me/status", responses=answers(Agent))
async def update_own_status(request: ApiRequest, data: JSONBody[AgentStanding]) -> Fields:
    """Whether one takes calls."""
    return await _change(request, AgentChange(status=data.status))


@put("/me/password", responses=answers(Agent))
async def update_own_password(request: ApiRequest, data: JSONBody[AgentPassword]) -> Fields:
    """Another password."""
    me = await signed_in(request)
    changed = await agents.change_password(
        request.database, request.ports.hasher, me.account_id, me.id, data.password, request.now
    )
    return agent_shape(changed)


@get("/customer", responses=answers(Customer))
async def get_own_customer(request: ApiRequest) -> Fields:
    """The account that one works for."""
    me = await signed_in(request)
    return customer_shape(await accounts.get_account(request.database, me.account_id))


@get("/agents", responses=answers(Paged[Agent]))
async def list_colleagues(request: ApiRequest, page: Paging) -> Fields:
    """The account's agents, newest first."""
    me = await signed_in(request)
    rows = await agents.list_agents(request.database, me.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, agent_shape, page)


@get("/agents/{agent_id:str}", responses=answers(Agent, 404))
async def get_colleague(request: ApiRequest, agent_id: FromPath[UUID]) -> Fields:
    """One agent."""
    me = await signed_in(request)
    return agent_shape(await agents.get_agent(request.database, me.account_id, AgentId(agent_id)))


@get("/calls", responses=answers(Paged[Call]))
async def list_own_calls(request: ApiRequest, page: Paging) -> Fields:
    """The calls with any of one's addresses, newest first."""
    rows = await agent_desk.own_calls(request.database, await signed_in(request), before=page.before, limit=page.fetch)
    return show_page(rows, call_shape, page)


@get("/calls/{call_id:str}", responses=answers(Call, 404))
async def get_own_call(request: ApiRequest, call_id: FromPath[UUID]) -> Fields:
    """One of them."""
    return call_shape(await agent_desk.own_call(request.database, await signed_in(request), CallId(call_id)))


@get("/conversations", responses=answers(Paged[Conversation]))
async def list_own_conversations(request: ApiRequest, page: Paging) -> Fields:
    """The conversations that are left to one, newest first."""
    me = await signed_in(request)
    rows = await conversations.list_conversations(
        request.database, me.account_id, owner_id=me.id, before=page.before, limit=page.fetch
    )
    return show_page(rows, conversation_shape, page)


@get("/conversations/{conversation_id:str}", responses=answers(Conversation, 404))
async def get_own_conversation(request: ApiRequest, conversation_id: FromPath[UUID]) -> Fields:
    """One of them."""
    me = await signed_in(request)
    found = await agent_desk.own_conversation(request.database, me, ConversationId(conversation_id))
    return conversation_shape(found)


@get("/conversations/{conversation_id:str}/messages", responses=answers(Paged[ConversationMessage], 404))
async def list_own_messages(request: ApiRequest, conversation_id: FromPath[UUID], page: Paging) -> Fields:
    """Its messages, newest first."""
    me = await signed_in(request)
    found = await agent_desk.own_conversation(request.database, me, ConversationId(conversation_id))
    rows = await conversations.list_conversation_messages(
        request.database, me.account_id, found.id, before=page.before, limit=page.fetch
    )
    return show_page(rows, conversation_message_shape, page)


@post(
    "/conversations/{conversation_id:str}/messages",
    status_code=200,
    responses=posted(ConversationMessage, 402, 404),
)
async def create_own_message(
    request: ApiRequest, conversation_id: FromPath[UUID], data: JSONBody[NewConversationMessage]
) -> Fields:
    """Write to the other party of a conversation that is left to one."""
    me = await signed_in(request)
    found = await agent_desk.own_conversation(request.database, me, ConversationId(conversation_id))
    sent = await conversations.post_to_conversation(
        request.database,
        me.account_id,
        found.id,
        text=data.text,
        medias=tuple(data.medias),
        key=request.idempotency_key or None,
        now=request.now,
    )
    return conversation_message_shape(sent)


@get("/extensions", responses=answers(Paged[Extension]))
async def list_own_extensions(request: ApiRequest, page: Paging) -> Fields:
    """The extensions that ring for one."""
    rows = await agent_desk.own_extensions(request.database, await signed_in(request))
    newest = sorted(rows, key=lambda row: row.created_at, reverse=True)
    older = [row for row in newest if page.before is None or row.created_at < page.before]
    return show_page(older, extension_shape, page)


@get("/extensions/{extension_id:str}", responses=answers(Extension, 404))
async def get_own_extension(request: ApiRequest, extension_id: FromPath[UUID]) -> Fields:
    """One of them."""
    me = await signed_in(request)
    return extension_shape(await agent_desk.own_extension(request.database, me, ExtensionId(extension_id)))


@get("/contacts", responses=answers(Paged[Contact]))
async def list_known_contacts(request: ApiRequest, page: Paging) -> Fields:
    """The account's contacts, newest first."""
    me = await signed_in(request)
    rows = await CONTACTS.list_for(request.database, me.account_id, before=page.before, limit=page.fetch)
    addresses = await contacts.addresses_of(request.database, me.account_id, rows)
    return show_page(rows, lambda row: contact_shape(row, addresses[row.id]), page)


@get("/tags", responses=answers(Paged[Tag]))
async def list_known_tags(request: ApiRequest, page: Paging) -> Fields:
    """The account's tags, newest first."""
    me = await signed_in(request)
    rows = await tags.list_tags(request.database, me.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, tag_shape, page)


@get("/files", responses=answers(Paged[StoredFile]))
async def list_known_files(request: ApiRequest, page: Paging) -> Fields:
    """The account's files, newest first."""
    me = await signed_in(request)
    rows = await stored_files.list_files(request.database, me.account_id, before=page.before, limit=page.fetch)
    return show_page(rows, file_shape, page)


@get("/files/{file_id:str}", responses=answers(StoredFile, 404))
async def get_known_file(request: ApiRequest, file_id: FromPath[UUID]) -> Fields:
    """One file, without its content."""
    me = await signed_in(request)
    return file_shape(await stored_files.get_file(request.database, me.account_id, file_id))


@get(
    "/files/{file_id:str}/file",
    media_type="application/octet-stream",
    responses=answers(bytes, 404, media_type="application/octet-stream", says="The file"),
)
async def get_known_file_content(request: ApiRequest, file_id: FromPath[UUID]) -> Response[bytes]:
    """The file, as it was handed in."""
    me = await signed_in(request)
    file, content = await stored_files.read_file(request.database, request.ports.objects, me.account_id, file_id)
    return file_download(file.name, content)


async def signed_in(request: ApiRequest) -> KnownAgent:
    """Raises NotPermitted for access keys: nobody is signed in by them."""
    if request.user.agent_id is None:
        raise NotPermitted("This is for a signed-in agent")
    return await agents.get_agent(request.database, request.account_id, request.user.agent_id)


async def _change(request: ApiRequest, change: AgentChange) -> Fields:
    me = await signed_in(request)
    return agent_shape(await agents.update_agent(request.database, me.account_id, me.id, change, request.now))


router = Router(
    "/service_agents",
    route_handlers=[
        get_own_agent,
        update_own_agent,
        update_own_addresses,
        update_own_status,
        update_own_password,
        get_own_customer,
        list_colleagues,
        get_colleague,
        list_own_calls,
        get_own_call,
        list_own_conversations,
        get_own_conversation,
        list_own_messages,
        create_own_message,
        list_own_extensions,
        get_own_extension,
        list_known_contacts,
        list_known_tags,
        list_known_files,
        get_known_file,
        get_known_file_content,
    ],
    tags=["Service agents"],
)
