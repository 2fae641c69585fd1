"""What a signed-in agent has of the account: its own calls, conversations and extensions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.extensions import Extension
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import CallId, ConversationId, ExtensionId, find_uuid
from dialplane.domain.messaging.messages import Conversation
from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.messaging.conversations import get_conversation
from dialplane.services.transaction import Database, Transaction


async def own_extensions(database: Database, agent: Agent) -> list[Extension]:
    """Those that ring for the agent."""
    async with database.reading() as tx:
        return await _extensions(tx, agent)


async def own_extension(database: Database, agent: Agent, extension_id: ExtensionId) -> Extension:
    """Raises NotFound for one that rings for others."""
    for extension in await own_extensions(database, agent):
        if extension.id == extension_id:
            return extension
    raise NotFound("There is no such extension", reason="EXTENSION_NOT_FOUND")


async def own_calls(database: Database, agent: Agent, *, before: datetime | None, limit: int) -> Sequence[Call]:
    """Newest first: the calls with any address of the agent."""
    async with database.reading() as tx:
        targets = await _targets(tx, agent)
        return await tx.calls.list_with(agent.account_id, targets, before=before, limit=limit) if targets else []


async def own_call(database: Database, agent: Agent, call_id: CallId) -> Call:
    """Raises NotFound for others' calls."""
    async with database.reading() as tx:
        call = await tx.calls.find(agent.account_id, call_id)
        party = None if call is None else call.source if call.direction == "incoming" else call.destination
        if call is None or party is None or party.target not in await _targets(tx, agent):
            raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    return call


async def own_conversation(database: Database, agent: Agent, conversation_id: ConversationId) -> Conversation:
    """Raises NotFound for one that is left to others."""
    conversation = await get_conversation(database, agent.account_id, conversation_id)
    if conversation.owner_id != agent.id:
        raise NotFound("There is no such conversation", reason="CONVERSATION_NOT_FOUND")
    return conversation


async def _extensions(tx: Transaction, agent: Agent) -> list[Extension]:
    found: list[Extension] = []
    for address in agent.addresses:
        wanted: UUID | None = find_uuid(address.target) if address.type == "extension" else None
        extension = None if wanted is None else await tx.extensions.find(agent.account_id, ExtensionId(wanted))
        if extension is not None:
            found.append(extension)
    return found


async def _targets(tx: Transaction, agent: Agent) -> list[str]:
    """By what the agent's calls name it: its addresses, and the names of its extensions."""
    return [*(each.target for each in agent.addresses), *(each.extension for each in await _extensions(tx, agent))]
