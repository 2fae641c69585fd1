"""Outgoing legs: one INVITE for one call, and the ringing of several parties of whom the first to answer is joined."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import structlog

from dialplane.domain.addresses import Address
from dialplane.domain.call_billing import CallBilling
from dialplane.domain.calls import Call, HangupReason
from dialplane.domain.errors import Refusal
from dialplane.domain.ids import CallId, new_id
from dialplane.domain.programs.commands import Dial, Dialled
from dialplane.services.dialling import Opened, OutgoingWish, Way, ways_to
from dialplane.services.transaction import Database
from dialplane.voice.batching import Batcher
from dialplane.voice.leg import Leg, LegContext, Talk
from dialplane.voice.useragent import Source, UserAgent
from dialplane.voice.useragent_challenge import Credentials
from dialplane.voice.useragent_station import HOPS

DIAL_TIMEOUT_S = 60
MAX_DESTINATIONS = 10
"""Parties that one `connect` may ring."""
_DIAL_STATUS: dict[HangupReason, Literal["busy", "noanswer", "cancel"]] = {
    HangupReason.BUSY: "busy",
    HangupReason.NOANSWER: "noanswer",
    HangupReason.CANCEL: "cancel",
    HangupReason.TIMEOUT: "noanswer",
    HangupReason.DIALOUT: "noanswer",
}
MAX_HOPS = 5
"""FRD-7: a call that comes back to us through a number of our own may do so this often."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Dialler:
    """Starts outgoing legs on this node."""

    database: Database
    agent: UserAgent
    context: LegContext
    openings: Batcher[OutgoingWish, Opened | Refusal]
    node: str
    now: Callable[[], datetime]
    started: Callable[[Leg], None]
    """Told of every new leg, before anything is sent."""

    async def open(self, wish: OutgoingWish) -> Opened:
        """Check, reserve and record a call. Raises the Refusal."""
        opened = await self.openings.submit(wish)
        if isinstance(opened, Refusal):
            raise opened
        return opened

    def make_leg(self, call: Call, billing: CallBilling) -> Leg:
        leg = Leg(call, self.context, billing=billing)
        self.started(leg)
        return leg

    async def invite(self, leg: Leg, *, hops: int = 0) -> None:
        """Send the leg's INVITE the best way there is, and return when the leg is answered or over.

        One leg is one party: of an extension's phones the one that registered last rings.
        """
        try:
            ways = await ways_to(self.database, leg.call, self.now())
            offer = await leg.make_offer()
        except Refusal as refusal:
            leg.hang_up(HangupReason.FAILED, text=refusal.message)
            return
        if not leg.is_ended:
            self._send(leg, ways[0], offer, hops)
        await _first(leg.answered.wait(), leg.ended.wait())

    def _send(self, leg: Leg, way: Way, offer: bytes, hops: int) -> None:
        host, port = (self.agent.host, self.agent.port) if way.is_ours else (way.host, way.port)
        target = f"{way.uri}@{host}:{port}" if way.is_ours else way.uri
        credentials = Credentials(way.username, way.password, host=way.host) if way.username else None
        leg.sip = self.agent.call(
            target=target,
            caller=self._caller(leg.call.source),
            destination=Source(host, port, way.transport),
            sdp=offer,
            headers=((HOPS, str(hops + 1)),) if way.is_ours else (),
            credentials=credentials,
            watcher=leg,
            call_id=leg.call.id.hex,
        )
        leg.update(sip_call_id=leg.sip.id)

    def _caller(self, source: Address) -> str:
        """Our From: the caller ID at our own host."""
        user = source.target_name or source.target if source.type == "extension" else source.target
        user, _, host = user.partition("@")
        shown = source.target_name.replace("\\", "").replace('"', "") if source.type == "tel" else ""
        name = f'"{shown}" ' if shown else ""
        return f"{name}<sip:{user or 'anonymous'}@{host or self.agent.host}>"

    async def dial(self, master: Leg, command: Dial, *, fallback_source: str, hops: int) -> Dialled:
        """Ring all destinations of a program's `Dial`, join the first that answers, and wait for the talk's end."""
        legs, refusals = await self._open_all(master, command, fallback_source)
        if not legs:
            reason = refusals[0].message if refusals else "no destination"
            return Dialled("failed", reason=reason)
        master.update(chained_call_ids=(*master.call.chained_call_ids, *(leg.call.id for leg in legs)))
        try:
            winner = await self._ring_until_one_answers(master, legs, command, hops)
            if winner is None:
                return _nobody(legs)
            return await self._talk(master, winner)
        finally:
            for leg in legs:
                leg.hang_up()

    async def _open_all(self, master: Leg, command: Dial, fallback_source: str) -> tuple[list[Leg], list[Refusal]]:
        legs: list[Leg] = []
        refusals: list[Refusal] = []
        for destination in [party.address for party in command.parties[:MAX_DESTINATIONS]]:
            wish = OutgoingWish(
                call_id=CallId(new_id(self.now())),
                account_id=master.call.account_id,
                destination=destination,
                node=self.node,
                source=command.source,
                fallback_source=fallback_source,
                any_own_number=master.call.type == "sip-service",
                run_id=master.call.run_id,
                master_call_id=master.call.id,
            )
            try:
                opened = await self.open(wish)
            except Refusal as refusal:
                log.info("destination_refused", call_id=str(master.call.id), reason=refusal.message)
                refusals.append(refusal)
            else:
                legs.append(self.make_leg(opened.call, opened.billing))
        return legs, refusals

    async def _ring_until_one_answers(self, master: Leg, legs: Sequence[Leg], command: Dial, hops: int) -> Leg | None:
        """The first that answers; the others are cancelled. None where nobody did in time."""
        await master.ring()
        if command.early_media and len(legs) == 1:
            master.keep(self._let_early_media_through(master, legs[0]))
        waiting = {asyncio.create_task(self.invite(leg, hops=hops)): leg for leg in legs}
        try:
            async with asyncio.timeout(command.timeout_s or DIAL_TIMEOUT_S):
                while waiting:
                    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                    answered = [waiting.pop(task) for task in done]
                    winner = next((leg for leg in answered if leg.is_answered and not leg.is_ended), None)
                    if winner is not None:
                        for leg in legs:
                            if leg is not winner:
                                leg.hang_up()
                        return winner
        except TimeoutError:
            for leg in legs:
                leg.hang_up(HangupReason.NOANSWER, text="nobody answered in time")
        finally:
            for task in waiting:
                task.cancel()
        return None

    async def _let_early_media_through(self, master: Leg, leg: Leg) -> None:
        """Let the caller hear what the far end sends before it answers (its own ringing, an announcement)."""
        await _first(leg.early_media.wait(), leg.ended.wait(), leg.answered.wait())
        if leg.early_media.is_set() and not leg.is_ended and not master.is_ended:
            await master.ring(with_media=True)
            if master.media is not None and leg.media is not None:
                master.media.bridge(leg.media)

    async def _talk(self, master: Leg, winner: Leg) -> Dialled:
        await master.answer()
        if master.media is None or winner.media is None:
            return Dialled("failed", winner.call.id, reason="no audio")
        talk = master.talk = winner.talk = Talk(master, winner)
        master.partner, winner.partner = winner, master
        master.media.stop_playing()
        master.media.bridge(winner.media)
        try:
            await _first(winner.ended.wait(), master.ended.wait(), talk.over.wait())
        finally:
            master.partner = winner.partner = None
            master.talk = winner.talk = None
            if master.media is not None:
                master.media.bridge(None)
        began = winner.call.progressing_at
        duration = (winner.now() - began).total_seconds() if began else 0
        return Dialled("answered", winner.call.id, duration_s=round(duration), sip_code=winner.call.sip_code)


def _nobody(legs: Sequence[Leg]) -> Dialled:
    """What a `Dial` came to that joined nobody: the last party's fate stands for all."""
    last = legs[-1].call
    return Dialled(
        _DIAL_STATUS.get(last.hangup_reason, "failed"), last.id, sip_code=last.sip_code, reason=last.cause_text
    )


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of several events."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
