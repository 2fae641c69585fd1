"""Calls to direct hashes, and of extensions to agents and conferences by their ids: what they lead to."""

from dialplane.domain.calling.direct_calls import PREFIX, Direct
from dialplane.domain.ids import AccountId, AgentId, ConferenceId, ExtensionId, find_uuid
from dialplane.services.transaction import Transaction


async def find_direct(tx: Transaction, dialled: str) -> Direct | None:
    """What a direct hash stands for; None where it is none, or void. What is no hash costs no look-up."""
    if not dialled.startswith(PREFIX):
        return None
    if (conference := await tx.conferences.find_by_direct_hash(dialled)) is not None:
        return Direct("conference", conference.id, conference.account_id)
    if (queue := await tx.queues.find_by_direct_hash(dialled)) is not None:
        return Direct("queue", queue.id, queue.account_id)
    if (agent := await tx.agents.find_by_direct_hash(dialled)) is not None:
        return Direct("agent", agent.id, agent.account_id)
    if (extension := await tx.extensions.find_by_direct_hash(dialled)) is not None:
        return Direct("extension", extension.id, extension.account_id)
    if (flow := await tx.flows.find_by_direct_hash(dialled)) is not None:
        return Direct("flow", flow.id, flow.account_id)
    if (ai := await tx.ais.find_ai_by_direct_hash(dialled)) is not None:
        return Direct("ai", ai.id, ai.account_id)
    if (team := await tx.ais.find_team_by_direct_hash(dialled)) is not None:
        return Direct("team", team.id, team.account_id)
    return None


async def find_own(tx: Transaction, account_id: AccountId, dialled: str) -> Direct | None:
    """The agent, conference or extension of the caller's own account whose id was dialled."""
    wanted = find_uuid(dialled)
    if wanted is None:
        return None
    agent = await tx.agents.find(AgentId(wanted))
    if agent is not None and agent.account_id == account_id:
        return Direct("agent", agent.id, account_id)
    if await tx.conferences.find(account_id, ConferenceId(wanted)) is not None:
        return Direct("conference", wanted, account_id)
    if await tx.extensions.find(account_id, ExtensionId(wanted)) is not None:
        return Direct("extension", wanted, account_id)
    return None
