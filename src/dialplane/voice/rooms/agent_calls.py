"""`Dial` to an agent or a conference: the agent's own phones are rung, and its standing follows the call; a conference
is joined."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.errors import NotFound
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AgentId, find_uuid
from dialplane.domain.programs.dialling import Dial, Dialled, Party
from dialplane.domain.programs.rooms import JoinConference
from dialplane.domain.rooms.agents import AgentStatus
from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.rooms.agents import change_standing, get_agent
from dialplane.services.transaction import Database
from dialplane.voice.leg import Leg
from dialplane.voice.rooms.agent_ringing import AgentRinger
from dialplane.voice.rooms.conferences import Conferences
from dialplane.voice.talks import talk
from dialplane.voice.waiting import unless_ended


@dataclass(frozen=True, slots=True)
class AgentCalls:
    """Of the callers of this node."""

    database: Database
    ringer: AgentRinger
    conferences: Conferences
    now: Callable[[], datetime]

    async def join_instead(self, leg: Leg, conference_id: str, run: Run) -> Dialled:
        """The call itself enters the conference. Raises the Refusal."""
        joined = await self.conferences.join(leg, JoinConference(conference_id=_id(conference_id)), run)
        if joined.why == "full":
            return Dialled("failed", reason="the conference is full")
        return Dialled("answered", duration_s=joined.duration_s)

    async def dial(self, leg: Leg, agent_id: str, command: Dial) -> Dialled:
        """Ring the agent by its own ring method and let the two talk: it is ringing, then busy until it says otherwise.

        Raises NotFound (AGENT_NOT_FOUND).
        """
        agent = await get_agent(self.database, leg.call.account_id, AgentId(_id(agent_id)))
        await leg.ring()
        await self._stands(agent, AgentStatus.RINGING)
        answered = await unless_ended(leg, self.ringer.ring(leg, agent))
        if answered is None or leg.is_ended:
            await self._stands(agent, agent.status)
            return Dialled("cancel" if leg.is_ended else "noanswer", reason="the agent did not answer")
        try:
            await self._stands(agent, AgentStatus.BUSY)
            await leg.answer()
            await leg.media_ready()
            seconds = await talk(leg, answered, limit_s=command.time_limit_s or None)
        finally:
            if not answered.has_program:
                answered.hang_up()
        return Dialled("answered", answered.call.id, duration_s=round(seconds))

    async def with_addresses(self, leg: Leg, command: Dial) -> Dial:
        """Where agents stand among other parties, the addresses of each in its place. Raises NotFound."""
        if all(party.address.type != "agent" for party in command.parties):
            return command
        parties: list[Party] = []
        for party in command.parties:
            if party.address.type != "agent":
                parties.append(party)
                continue
            agent = await get_agent(self.database, leg.call.account_id, AgentId(_id(party.address.target)))
            parties += [replace(party, address=address) for address in agent.addresses]
        return replace(command, parties=tuple(parties))

    async def _stands(self, agent: Agent, status: AgentStatus) -> None:
        async with self.database.transaction() as tx:
            await change_standing(tx, agent.id, status, self.now())


def _id(text: str) -> UUID:
    found = find_uuid(text)
    if found is None:
        raise NotFound(f"{text[:64]} is no id", field="destinations")
    return found
