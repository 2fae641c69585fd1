"""Group calls on their node: who is rung when, who has answered, and when it is over."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import structlog

from dialplane.domain.addresses import Address
from dialplane.domain.calling.groupcalls import AnswerMethod, Groupcall, GroupcallStatus, RingMethod
from dialplane.domain.errors import Refusal
from dialplane.domain.ids import AccountId, CallId
from dialplane.domain.programs.sources import ActionsSource
from dialplane.services.calling.calls import NodeCommand, get_call
from dialplane.services.calling.groupcalls import GroupProgram, call_of_group, end_groupcall, get_groupcall, note_call
from dialplane.services.calling.phones import phones_of
from dialplane.services.transaction import Database
from dialplane.voice.leg import Leg
from dialplane.voice.patience import until_kept
from dialplane.voice.waiting import first_of

LOOK_AGAIN_S = 0.02
APPEARS_S = 10.0
"""How long a call that was ordered may take to begin on the node."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Groupcalls:
    """The group calls that this node rings."""

    database: Database
    find: Callable[[CallId], Leg | None]
    """A live leg of the node."""
    now: Callable[[], datetime]
    stops: dict[UUID, asyncio.Event] = field(default_factory=dict)
    """Of those that go on: set to end them."""

    async def ring(self, command: NodeCommand) -> None:
        """Carry out the order `groupcall`: ring, and stay with it to its end."""
        account_id = AccountId(UUID(str(command.payload["account_id"])))
        stop = self.stops[command.call_id] = asyncio.Event()  # an order to end it may be the next
        try:
            group = await get_groupcall(self.database, account_id, command.call_id)
            if group.status is GroupcallStatus.HANGINGUP:
                stop.set()
            if group.status is not GroupcallStatus.HANGUP:  # else the node died, and its next life found the order
                await self._ring(group, command, stop)
        finally:
            del self.stops[command.call_id]

    async def _ring(self, group: Groupcall, command: NodeCommand, stop: asyncio.Event) -> None:
        program = GroupProgram(
            ActionsSource(tuple(cast("list[dict[str, Any]]", command.payload["actions"]))),
            cast("dict[str, str]", command.payload["variables"]),
        )
        try:
            if group.ring_method is RingMethod.LINEAR:
                group = await self._one_after_the_other(group, program, stop)
            else:
                group = await self._all(group, program, stop)
        finally:
            now = self.now()
            await until_kept(lambda: end_groupcall(self.database, group, now), groupcall_id=str(group.id))

    def hang_up(self, groupcall_id: UUID) -> None:
        """End every call of the group, where it goes on."""
        stop = self.stops.get(groupcall_id)
        if stop is not None:
            stop.set()

    async def _one_after_the_other(self, group: Groupcall, program: GroupProgram, stop: asyncio.Event) -> Groupcall:
        for index, destination in enumerate(group.destinations):
            if stop.is_set():
                break
            group, legs = await self._start(replace(group, dial_index=index), (destination,), program)
            group = await self._stay(group, legs, stop)
            if group.answer_call_id is not None:
                break
        return group

    async def _all(self, group: Groupcall, program: GroupProgram, stop: asyncio.Event) -> Groupcall:
        if stop.is_set():
            return group
        group, legs = await self._start(group, group.destinations, program)
        return await self._stay(group, legs, stop)

    async def _start(
        self, group: Groupcall, destinations: Sequence[Address], program: GroupProgram
    ) -> tuple[Groupcall, list[Leg]]:
        """A call to each phone of the destinations that may be called; those that live, once they have begun here."""
        call_ids: list[CallId] = []
        for destination in destinations:
            contacts = await phones_of(self.database, group.account_id, destination, self.now())
            for contact in contacts or ("",):
                phone = (destination, contact)
                try:
                    call_ids += await call_of_group(self.database, group, phone, program, self.now())
                except Refusal as refusal:
                    log.info("destination_refused", groupcall_id=str(group.id), reason=refusal.message)
        group = replace(group, call_ids=(*group.call_ids, *call_ids))
        await self._note(group)
        legs = [await self._appear(group, call_id) for call_id in call_ids]
        return group, [leg for leg in legs if leg is not None]

    async def _appear(self, group: Groupcall, call_id: CallId) -> Leg | None:
        """The leg of a call whose order is in this node's mailbox; None where it is over already."""
        deadline = asyncio.get_running_loop().time() + APPEARS_S
        while (leg := self.find(call_id)) is None and asyncio.get_running_loop().time() < deadline:
            call = await get_call(self.database, group.account_id, call_id)
            if call.ended_at is not None:
                return None
            await asyncio.sleep(LOOK_AGAIN_S)
        return leg

    async def _stay(self, group: Groupcall, legs: Sequence[Leg], stop: asyncio.Event) -> Groupcall:
        """Until all of the calls are over: the first that answers may end the others."""
        waiting = list(legs)
        while waiting:
            await first_of(stop.wait(), *(_changed(leg, group.answer_call_id is None) for leg in waiting))
            if stop.is_set():
                for leg in waiting:
                    leg.hang_up(text="the group call was hung up")
                await asyncio.gather(*(leg.ended.wait() for leg in waiting))
            answered = next((leg for leg in waiting if leg.is_answered), None)
            if group.answer_call_id is None and answered is not None:
                group = replace(group, answer_call_id=answered.call.id)
                if group.answer_method is AnswerMethod.HANGUP_OTHERS:
                    for leg in waiting:
                        if leg is not answered:
                            leg.hang_up(text="another party answered")
                await self._note(group)
            waiting = [leg for leg in waiting if not leg.is_ended]
        return group

    async def _note(self, group: Groupcall) -> None:
        now = self.now()
        await until_kept(lambda: note_call(self.database, group, now), groupcall_id=str(group.id))


async def _changed(leg: Leg, nobody_answered: bool) -> None:
    """Wait for the leg's end, or for its answer where that matters."""
    if nobody_answered:
        await first_of(leg.answered.wait(), leg.ended.wait())
    else:
        await leg.ended.wait()


def orders(groupcalls: Groupcalls) -> Mapping[str, Callable[[NodeCommand], Coroutine[Any, Any, None]]]:
    """What the mailbox may order that is about no single call."""

    async def hang_up(command: NodeCommand) -> None:
        groupcalls.hang_up(command.call_id)

    return {"groupcall": groupcalls.ring, "groupcall_hangup": hang_up}
