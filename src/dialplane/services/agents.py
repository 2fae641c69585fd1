"""Agents: the people who sign in for an account. Their presence and ringing belong to the contact centre."""

from datetime import datetime
from typing import Protocol

from dialplane.domain.accounts import Agent
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import AccountId, AgentId
from dialplane.services.transaction import Database


class AgentStore(Protocol):
    """Port: agents. Deleted ones are not found."""

    async def insert(self, agent: Agent) -> None:
        """Raises AlreadyExists where the username is taken, in whatever case."""
        ...

    async def update(self, agent: Agent) -> None:
        """Write everything but id, account, username and the time of creation."""
        ...

    async def find(self, agent_id: AgentId) -> Agent | None: ...

    async def find_by_username(self, username: str) -> Agent | None: ...

    async def list_by_account(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Agent]:
        """Newest first, those made earlier than `before`."""
        ...


async def get_agent(database: Database, account_id: AccountId, agent_id: AgentId) -> Agent:
    """Raises NotFound (`AGENT_NOT_FOUND`), for another account's too."""
    async with database.reading() as tx:
        agent = await tx.agents.find(agent_id)
    if agent is None or agent.account_id != account_id:
        raise NotFound("There is no such agent", reason="AGENT_NOT_FOUND")
    return agent
