"""Ringing an agent: its addresses all at once or one after the other; the first that answers is taken."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Direction, HangupReason
from dialplane.domain.errors import Refusal
from dialplane.domain.ids import CallId, new_id
from dialplane.domain.rooms.agents import RING_S
from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.calling.dialling import OutgoingWish
from dialplane.services.calling.phones import phones_of
from dialplane.voice.dialler import Dialler
from dialplane.voice.leg import Leg

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AgentRinger:
    """Rings agents in the name of a caller on this node."""

    dialler: Dialler
    now: Callable[[], datetime]

    async def ring(self, caller: Leg, agent: Agent) -> Leg | None:
        """The leg that answered; None where none did in time. Cancelling it ends the ringing."""
        if agent.ring_method == "linear":
            for address in agent.addresses:
                if answered := await self._ring(caller, [address]):
                    return answered
            return None
        return await self._ring(caller, agent.addresses)

    async def _ring(self, caller: Leg, addresses: Sequence[Address]) -> Leg | None:
        found = [phone for address in addresses for phone in await self._open(caller, address)]
        legs = [leg for leg, _ in found]
        winner = None
        ringing = {asyncio.ensure_future(self.dialler.invite(leg, contact=contact)): leg for leg, contact in found}
        try:
            async with asyncio.timeout(RING_S):
                while ringing and winner is None:
                    done, _ = await asyncio.wait(ringing, return_when=asyncio.FIRST_COMPLETED)
                    answered = [ringing.pop(task) for task in done]
                    winner = next((leg for leg in answered if leg.is_answered and not leg.is_ended), None)
        except TimeoutError:
            for leg in legs:
                leg.hang_up(HangupReason.NOANSWER, text="the agent did not answer in time")
        finally:
            for task in ringing:
                task.cancel()
            for leg in legs:
                if leg is not winner:
                    leg.hang_up()
        return winner

    async def _open(self, caller: Leg, address: Address) -> list[tuple[Leg, str]]:
        """A leg for each phone behind an address, with where that phone is; none where it may not be called."""
        call = caller.call
        own = call.destination.target if call.direction is Direction.INCOMING else call.source.target
        contacts = await phones_of(self.dialler.database, call.account_id, address, self.now())
        legs = []
        for contact in contacts or ("",):
            wish = OutgoingWish(
                call_id=CallId(new_id(self.now())),
                account_id=call.account_id,
                destination=address,
                node=call.node,
                source=call.source if call.direction is Direction.INCOMING else call.destination,
                fallback_source=own,
                any_own_number=True,
                run_id=call.run_id,
                master_call_id=call.id,
            )
            try:
                opened = await self.dialler.open(wish)
            except Refusal as refusal:
                log.info("agent_not_rung", call_id=str(call.id), address=address.target, reason=refusal.message)
                continue
            leg = self.dialler.make_leg(opened.call, opened.billing)
            caller.tell_of(chained_call_ids=(*caller.call.chained_call_ids, leg.call.id))
            legs.append((leg, contact))
        return legs
