"""Transfers of live talks: blind and attended, by the API's order or by a phone's REFER (VoIPBIN reference 4.6)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import structlog

from dialplane.domain.addresses import Address, AddressType
from dialplane.domain.calling.transfers import Transfer, TransferType
from dialplane.domain.ids import CallId
from dialplane.domain.programs.commands import Dial, Party
from dialplane.services.calling.transfers import note_transferee
from dialplane.services.transaction import Database
from dialplane.voice.dialling import Dialling
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import Talk
from dialplane.voice.patience import until_kept
from dialplane.voice.ports import Prompts
from dialplane.voice.waiting import first_of, unless_ended

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Transfers:
    """Carries out transfers on this node."""

    database: Database
    dialling: Dialling
    prompts: Prompts
    now: Callable[[], datetime]

    async def ordered(self, leg: Leg, payload: Mapping[str, object]) -> None:
        """The order `transfer` about the transferer's call."""
        addresses = tuple(_address(each) for each in cast("list[dict[str, Any]]", payload["addresses"]))
        kind = TransferType(str(payload["type"]))
        transfer_id = UUID(str(payload["transfer_id"]))
        transfer = Transfer(transfer_id, leg.call.account_id, kind, leg.call.id, addresses, self.now())
        if kind is TransferType.BLIND:
            answered = await self.blind(leg, addresses)
        else:
            answered = await self.attended(leg, addresses)
        if answered is not None:
            now = self.now()
            await until_kept(lambda: note_transferee(self.database, transfer, answered, now))

    async def blind(self, transferer: Leg, addresses: Sequence[Address]) -> CallId | None:
        """Hang the transferer up, ring the addresses for the other party, and join them. Gives who answered."""
        talk = transferer.talk
        if talk is None:
            log.info("nobody_to_transfer", call_id=str(transferer.call.id))
            return None
        party = _park(talk, transferer)
        transferer.hang_up(text="transferred")
        callee = await self._ring(party, addresses)
        _go_on(talk, party, callee)
        return callee.call.id if callee is not None else None

    async def attended(self, transferer: Leg, addresses: Sequence[Address]) -> CallId | None:
        """Let the transferer talk with whoever answers, while the other party waits with music; join the two that are
        left when the transferer leaves. Where nobody answers, or leaves first, the old talk goes on."""
        talk = transferer.talk
        if talk is None:
            log.info("nobody_to_transfer", call_id=str(transferer.call.id))
            return None
        party = _park(talk, transferer)
        music = asyncio.ensure_future(self._music(party))
        callee: Leg | None = None
        try:
            callee = await self._ring(transferer, addresses)
            if callee is not None and transferer.media is not None:
                transferer.media.bridge(callee.media)
                await first_of(callee.ended.wait(), transferer.ended.wait(), party.ended.wait())
                transferer.media.bridge(None)
        finally:
            music.cancel()
            await asyncio.gather(music, return_exceptions=True)
            if not party.is_ended:
                await party.mute("")
        if transferer.is_ended:
            _go_on(talk, party, callee)
        else:
            _back(talk)
        return callee.call.id if callee is not None else None

    async def _ring(self, hearer: Leg, addresses: Sequence[Address]) -> Leg | None:
        command = Dial(None, tuple(Party(address) for address in addresses))
        return await self.dialling.reach(hearer, command)

    async def _music(self, party: Leg) -> None:
        await party.mute("in")
        media = await party.media_ready()
        await media.play([await self.prompts.music()], loop=True)

    def join_partners(self, first: Leg, second: Leg) -> bool:
        """Join the two parties that two calls of one transferer talk with; the transferer is for the caller to hang up.

        False where one of them talks with nobody. Of two callers with programs of their own, the first one's goes on
        when the talk is over.
        """
        talk, other = first.talk, second.talk
        if talk is None or other is None or talk is other:
            return False
        if second is not other.master:  # the party of the second call has a program that waits for it
            first, second, talk, other = second, first, other, talk
        party, callee = _park(talk, first), _park(other, second)
        _go_on(talk, party, callee)
        return True


def _park(talk: Talk, transferer: Leg) -> Leg:
    """Take the two apart without ending what the caller's program waits for. Gives the party that is transferred."""
    party = talk.callee if transferer is talk.master else talk.master
    talk.is_parked = True
    if party is talk.callee:
        party.has_program = True  # the end of the transferer's program leaves it alone
    if transferer.media is not None:
        transferer.media.bridge(None)
    return party


def _go_on(talk: Talk, party: Leg, callee: Leg | None) -> None:
    """The party talks with the transferee; where there is none, its own program goes on, or its call is over."""
    if party is talk.master:
        if callee is not None:
            talk.hand_over(callee)
        else:
            talk.over.set()
    elif callee is None:
        party.hang_up(text="the transfer reached nobody")
    else:
        party.keep(_talk_to_the_end(party, callee))


def _back(talk: Talk) -> None:
    """The old talk goes on."""
    talk.callee.has_program = False
    talk.hand_over(talk.callee)


async def _talk_to_the_end(first: Leg, second: Leg) -> None:
    """Two parties without a program between them."""
    if first.media is not None and second.media is not None:
        first.media.stop_playing()
        first.media.bridge(second.media)
        first.partner, second.partner = second, first
        await unless_ended(first, second.ended.wait())
    first.partner = second.partner = None
    first.hang_up()
    second.hang_up()


def _address(fields: Mapping[str, Any]) -> Address:
    return Address(
        cast("AddressType", fields.get("type", "")),
        str(fields.get("target", "")),
        str(fields.get("target_name", "")),
        str(fields.get("name", "")),
        str(fields.get("detail", "")),
    )
