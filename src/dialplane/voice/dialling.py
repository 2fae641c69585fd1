"""The command `Dial`: ring parties, let the first that takes the call talk with the caller, and say how it ended."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import structlog

from dialplane.domain.calling.call_manners import CallManner
from dialplane.domain.calling.calls import CallExtras, Direction, HangupReason
from dialplane.domain.errors import Refusal
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import CallId, new_id
from dialplane.domain.programs.commands import Dial, Dialled, Party
from dialplane.domain.rcml.context import Role
from dialplane.services.calling.dialling import OutgoingWish
from dialplane.services.calling.phones import phones_of
from dialplane.voice.beside import Beside, BesideEnd
from dialplane.voice.dialler import Dialler, send_first_digits
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import Talk
from dialplane.voice.machines import detect_machine
from dialplane.voice.recording.dial_recording import DialRecording
from dialplane.voice.recording.recordings import Recordings
from dialplane.voice.ringing import Ringing
from dialplane.voice.talks import keep_talking
from dialplane.voice.waiting import unless_ended

DIAL_TIMEOUT_S = 60
MAX_DESTINATIONS = 10
"""Parties that one command may ring."""
DialStatus = Literal["answered", "busy", "noanswer", "failed", "cancel"]
_STATUS: Mapping[HangupReason, DialStatus] = {
    HangupReason.BUSY: "busy",
    HangupReason.NOANSWER: "noanswer",
    HangupReason.CANCEL: "cancel",
    HangupReason.TIMEOUT: "noanswer",
    HangupReason.DIALOUT: "noanswer",
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Callee:
    """One phone that is rung for a party."""

    leg: Leg
    party: Party
    contact: str
    manner: CallManner


@dataclass(frozen=True, slots=True)
class Dialling:
    """Carries out `Dial` on this node."""

    dialler: Dialler
    beside: Beside
    ringing: Ringing
    recordings: Recordings

    async def dial(self, master: Leg, command: Dial, run: Run, *, fallback_source: str, hops: int) -> Dialled:
        """Ring, join, and wait for the end of the talk or of the caller. Nobody whom it rang is left behind."""
        recording = DialRecording(self.recordings, master, run.id, command.record)
        callees: list[Callee] = []
        refusals: list[Refusal] = []
        try:
            await recording.begin("ringing")
            for parties in _rounds(command):
                opened = await self._open(master, command, parties, fallback_source, refusals)
                callees += opened
                winner = await self._ring(master, command, run, opened, hops) if opened else None
                if winner is not None:
                    await recording.begin("answer")
                    return await recording.noted(await self._talk(master, winner.leg, command))
                if master.is_ended:
                    break
            return await recording.noted(_nobody(master, callees, refusals))
        finally:
            recording.stop()
            for callee in callees:
                if not callee.leg.has_program:  # one that was redirected goes its own way
                    callee.leg.hang_up()

    async def reach(self, hearer: Leg, command: Dial) -> Leg | None:
        """Ring the parties of `command`, of whom `hearer` hears the ringing. Gives who answered; the others, and it
        where the hearer is gone, are hung up. For transfers."""
        refusals: list[Refusal] = []
        fallback = hearer.call.destination if hearer.call.direction is Direction.INCOMING else hearer.call.source
        callees = await self._open(hearer, command, command.parties, fallback.target, refusals)
        tone = asyncio.ensure_future(self.ringing.let_hear(hearer, command, [callee.leg for callee in callees]))
        try:
            answered = await self._first_to_answer(hearer, command, callees, 0) if callees else None
        finally:
            tone.cancel()
            await asyncio.gather(tone, return_exceptions=True)
        if answered is None or hearer.is_ended:
            for callee in callees:
                callee.leg.hang_up()
            return None
        return answered.leg

    # --- ringing ---

    async def _open(
        self, master: Leg, command: Dial, parties: Sequence[Party], fallback_source: str, refusals: list[Refusal]
    ) -> list[Callee]:
        """A call on record for each phone of the parties; those that may not be called go to `refusals`."""
        opened: list[Callee] = []
        now = self.dialler.now
        for party in parties:
            contacts = await phones_of(self.dialler.database, master.call.account_id, party.address, now())
            for contact in contacts or ("",):
                wish = OutgoingWish(
                    call_id=CallId(new_id(now())),
                    account_id=master.call.account_id,
                    destination=party.address,
                    node=self.dialler.node,
                    source=command.source,
                    fallback_source=fallback_source,
                    any_own_number=_has_no_number(master),
                    run_id=master.call.run_id,
                    master_call_id=master.call.id,
                    extras=_extras(master, party),
                )
                try:
                    call = await self.dialler.open(wish)
                except Refusal as refusal:
                    log.info("destination_refused", call_id=str(master.call.id), reason=refusal.message)
                    refusals.append(refusal)
                else:
                    leg = self.dialler.make_leg(call.call, call.billing)
                    opened.append(Callee(leg, party, contact, _manner(party, command)))
        chained = (callee.leg.call.id for callee in opened)
        master.tell_of(chained_call_ids=(*master.call.chained_call_ids, *chained))
        return opened

    async def _ring(self, master: Leg, command: Dial, run: Run, callees: Sequence[Callee], hops: int) -> Callee | None:
        """Whoever took the call; the others are cancelled when the first answers. None where nobody did in time."""
        tone = asyncio.ensure_future(self.ringing.let_hear(master, command, [callee.leg for callee in callees]))
        try:
            answered = await self._first_to_answer(master, command, callees, hops)
            if answered is None or not await self._takes_it(master, answered, run):
                return None
            return answered
        finally:
            tone.cancel()
            await asyncio.gather(tone, return_exceptions=True)

    async def _first_to_answer(self, master: Leg, command: Dial, callees: Sequence[Callee], hops: int) -> Callee | None:
        inviting = {
            asyncio.create_task(
                self.dialler.invite(callee.leg, callee.manner, hops=hops, contact=callee.contact)
            ): callee
            for callee in callees
        }
        gone = asyncio.ensure_future(_over(master))
        winner: Callee | None = None
        try:
            async with asyncio.timeout(command.timeout_s or DIAL_TIMEOUT_S):
                while inviting and winner is None and not master.is_ended:
                    done, _ = await asyncio.wait((*inviting, gone), return_when=asyncio.FIRST_COMPLETED)
                    over = [inviting.pop(task) for task in done if task in inviting]
                    winner = next((each for each in over if each.leg.is_answered and not each.leg.is_ended), None)
        except TimeoutError:
            for callee in callees:
                callee.leg.hang_up(HangupReason.NOANSWER, text="nobody answered in time")
        finally:
            for task in (*inviting, gone):
                task.cancel()
        for callee in callees:
            if callee is not winner:
                callee.leg.hang_up()
        return winner

    async def _takes_it(self, master: Leg, callee: Callee, run: Run) -> bool:
        """Whether the party that answered is to be joined: it heard what was for it alone, and did not hang up."""
        await unless_ended(master, send_first_digits(callee.leg, callee.manner.send_digits))
        if callee.party.machine is not None and not callee.leg.is_ended:
            await detect_machine(self.dialler.database, callee.leg, callee.party.machine)
        source = callee.party.before_joining
        if source is None or master.is_ended:
            return not (master.is_ended or callee.leg.is_ended)
        try:
            end = await unless_ended(master, self.beside.run(callee.leg, source, run, role=Role.CALLEE))
        except Refusal as refusal:
            log.info("whisper_failed", call_id=str(callee.leg.call.id), reason=refusal.message)
            return not callee.leg.is_ended
        if end is BesideEnd.HANGUP:
            callee.leg.hang_up(text="the callee did not take the call")
        return end in (BesideEnd.FINISHED, BesideEnd.LEFT)

    # --- the talk ---

    async def _talk(self, master: Leg, callee: Leg, command: Dial) -> Dialled:
        await master.answer()
        if master.is_ended or callee.is_ended:
            return _dialled("cancel" if master.is_ended else "answered", callee)
        if master.media is None or callee.media is None:
            return replace(_dialled("failed", callee), reason="no audio")
        talk = Talk(master, callee)
        talk.refer = command.refer
        if command.hangup_key:
            master.on_key = lambda key: _ends(talk, key in command.hangup_key)
        try:
            await keep_talking(talk, limit_s=command.time_limit_s or None)
        finally:
            master.on_key = None
        return _dialled("answered", callee)


async def _over(leg: Leg) -> None:
    await leg.ended.wait()


def _ends(talk: Talk, is_end: bool) -> bool:
    if is_end:
        talk.over.set()
    return is_end


def _rounds(command: Dial) -> list[tuple[Party, ...]]:
    """Who is rung together: everybody, or one after the other."""
    parties = command.parties[:MAX_DESTINATIONS]
    return [(party,) for party in parties] if command.ring_method == "linear" else [parties]


def _manner(party: Party, command: Dial) -> CallManner:
    return CallManner(
        headers=party.headers,
        username=party.username,
        password=party.password,
        send_digits=party.send_digits,
        withheld=command.anonymous == "yes",
    )


def _has_no_number(master: Leg) -> bool:
    """A phone has none, nor may what runs a document: it was called by a short code, or belongs to a client."""
    return master.call.type == "sip-service" or bool(master.call.details.api_version)


def _extras(master: Leg, party: Party) -> CallExtras | None:
    """None for the many parties that have nothing of it."""
    extras = CallExtras(sip_headers=party.headers, status=party.status, api_version=master.call.details.api_version)
    return extras if extras != CallExtras() else None


def _nobody(master: Leg, callees: Sequence[Callee], refusals: Sequence[Refusal]) -> Dialled:
    """What a `Dial` came to that joined nobody: the last party's fate stands for all."""
    if not callees:
        return Dialled("failed", reason=refusals[0].message if refusals else "no destination")
    last = callees[-1].leg
    if master.is_ended:
        return _dialled("cancel", last)
    reason = last.wanted_reason or last.call.hangup_reason
    status = "noanswer" if last.is_answered else _STATUS.get(reason, "failed")
    return _dialled(status, last)


def _dialled(status: DialStatus, callee: Leg) -> Dialled:
    """What became of one callee; `sip_code` is its final answer."""
    call, now = callee.call, callee.now()
    return Dialled(
        status,
        call.id,
        duration_s=_seconds(call.progressing_at, call.ended_at or now),
        sip_code=200 if call.progressing_at else call.sip_code,
        reason=call.cause_text,
        ring_s=_seconds(call.ringing_at, call.progressing_at or call.ended_at or now),
        sip_call_id=call.sip_call_id,
        headers=tuple(callee.sip.answer_headers) if callee.sip is not None else (),
        shown=call.source.target,
    )


def _seconds(began: datetime | None, ended: datetime) -> int:
    return round((ended - began).total_seconds()) if began is not None else 0
