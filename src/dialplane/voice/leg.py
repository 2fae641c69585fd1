"""One call: its SIP side, its audio and its state (VoIPBIN's status machine), from the first message to the record.

A leg is told what happens on the wire (`CallWatcher`) and is asked to answer, ring and hang up by the program's
driver. Every change of state goes to the journal; nothing here waits for the store.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import structlog

from dialplane.domain.calling.calls import (
    UNANSWERED_STATUS,
    Call,
    CallStatus,
    Direction,
    HangupReason,
    can_move,
)
from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.domain.calling.media import ANY_AUDIO, MediaProfile
from dialplane.domain.calling.traces import MAX_FACTS, Fact, key_fact
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.errors import Unavailable
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import RecordingId
from dialplane.domain.programs.commands import RunRecord
from dialplane.domain.programs.program import Program
from dialplane.sip.message import Request, Response
from dialplane.voice.audio import AudioExchange
from dialplane.voice.deadlines import Deadline
from dialplane.voice.digits import DigitBuffer, digit_of_info
from dialplane.voice.endings import hung_up
from dialplane.voice.leg_context import LegContext, Talk
from dialplane.voice.moment import Moment
from dialplane.voice.party_audio import PartyAudioExchange
from dialplane.voice.ports import MediaLeg
from dialplane.voice.secure_audio import SecureAudioExchange
from dialplane.voice.useragent.agent import IncomingCall, SipCall
from dialplane.voice.useragent.events import CallEnd, EndKind
from dialplane.voice.useragent.reason import reason_field
from dialplane.voice.useragent.refer import IncomingRefer

LONGEST_CALL_S = 3600
"""VoIPBIN ends a call after an hour with the reason `timeout`."""
LONGEST_DOCUMENT_CALL_S = 14_400
"""Of calls that run documents (Restcomm reference 5.8), where they have no limit of their own."""
LAST_WORD_S = 2.0
"""How long a command that comes to an end by itself may take for it once its call is gone."""

MuteDirection = Literal["", "in", "out", "both"]

log = structlog.get_logger()


class Leg:
    """See the module. Not made by hand: `arrivals` and `dialler` do."""

    def __init__(
        self, call: Call, context: LegContext, *, billing: CallBilling | None, audio: AudioExchange | None = None
    ) -> None:
        self.call = call
        self.context = context
        self.billing = billing
        self.digits = DigitBuffer()
        self.sip: SipCall | None = None
        self.media: MediaLeg | None = None
        self.partner: Leg | None = None
        self.stops_on_digit = False
        """A prompt is playing that a digit ends; the media process sees RFC 4733 by itself, INFO comes here."""
        self.driver: asyncio.Task[object] | None = None
        self.has_program = False
        """A program runs on it, or will when it is answered; else it is a party of somebody else's."""
        self.replacement: Program | None = None
        """What is to run instead of the leg's program, which is being cancelled."""
        self.finishes_itself = False
        """The running command ends by itself when the call does, and its result is to be heard."""
        self.on_key: Callable[[str], bool] | None = None
        """Asked about each digit before it is kept; True: it was meant for somebody else."""
        self.on_failed: Callable[[CallEnd], bool] | None = None
        """Asked when an INVITE of ours failed; True: the call goes on another way."""
        self.identity = ""
        """The Identity header field that vouches for our INVITE; "" where nobody wants one."""
        self.refer_news: asyncio.Queue[tuple[int, int]] | None = None
        """What the peer says to our REFER: its answer, and what its NOTIFY reports."""
        self.talk: Talk | None = None
        self.answered = Moment()
        self.ended = Moment()
        self.is_answered = self.is_ended = False
        """As the two moments say it; asked a dozen times a call."""
        self.early_media = Moment()
        self.run: Run | None = None
        """What its program is the run of, as it began."""
        self.told_record: RunRecord | None = None
        """Where the program stood when the journal was told last."""
        self.more_time: Deadline | None = None
        """When more than the first minute is to be reserved."""
        self.facts: list[Fact] = []
        """Keys, and what the program was answered: for whoever asks what happened, and for replays."""
        self._audio = audio or AudioExchange()
        self._wanted_reason = HangupReason.NONE
        self._end_text = ""
        self._limit: Deadline | None = None
        self._ordered_limit_s = 0
        self._action = call.action
        self._go_on: asyncio.Event | None = None
        self._is_silenced = False
        self._loop = asyncio.get_running_loop()
        """Kept: Python asks the kernel for the process's id each time that somebody looks for the running loop."""
        self._began_at, self._began = context.now(), self._loop.time()

    # --- what programs and dialling ask for ---

    def now(self) -> datetime:
        """What the wall's clock said when the leg was made, and what has passed since by the monotonic clock: a bill
        does not change when somebody sets the wall's (LED-8)."""
        return self._began_at + timedelta(seconds=self._loop.time() - self._began)

    @property
    def wanted_reason(self) -> HangupReason:
        """Why we hang up, or did; `NONE` where we do not."""
        return self._wanted_reason

    async def media_ready(self) -> MediaLeg:
        """The leg's audio, opened when first asked for.

        Raises Unavailable where there is no port or no media process.
        """
        if self.media is None:
            if self._audio.is_secure:
                media: MediaLeg = await self._open_secure()
            else:
                media = await self.context.media.open()
            self.media = media
            if self.is_ended:  # the call ended while the ports were on their way
                await media.close()
            else:
                media.on_digit = self._heard_digit
                media.on_silence = self._heard_nothing
        return self.media

    def expect_browser(self) -> None:
        """The party speaks WebRTC. To be called before the leg's audio is opened."""
        self._audio = SecureAudioExchange()

    def expect(self, media: MediaProfile, *, is_private: bool) -> None:
        """How the party that is about to be called wants its audio; `is_private`: the signalling is encrypted."""
        is_usual = media == ANY_AUDIO and not is_private
        self._audio = AudioExchange() if is_usual else PartyAudioExchange(profile=media, offers_keys=is_private)

    async def answer(self) -> None:
        """Answer an incoming call; nothing where it is answered or over."""
        if self.is_answered or self.is_ended or not isinstance(self.sip, IncomingCall):
            return
        try:
            media = await self.media_ready()
        except Unavailable as refusal:
            # Without audio it would ring for as long as its program goes on; the caller may try elsewhere instead.
            self.hang_up(HangupReason.FAILED, text=refusal.message, sip_code=503)
            raise
        sdp = self._audio.answer(media) if self._audio.has_offer else self._audio.offer(media)
        if self.is_ended:
            return
        self.sip.answer(sdp)
        if not self.sip.is_ended:  # it may have come too late for an edge
            self.on_progressing()

    async def ring(self, *, with_media: bool = False) -> None:
        """Tell an incoming caller that it rings somewhere; `with_media` lets it hear what we send (183)."""
        if self.is_answered or self.is_ended or not isinstance(self.sip, IncomingCall):
            return
        if with_media and self._audio.has_offer:
            media = await self.media_ready()
            self.sip.provisional(183, self._audio.answer(media))
        else:
            self.sip.provisional(180)

    def offer(self) -> bytes:
        """Our SDP for an outgoing call whose audio is open."""
        assert self.media is not None
        return self._audio.offer(self.media)

    def hang_up(
        self,
        reason: HangupReason = HangupReason.NORMAL,
        *,
        text: str = "",
        sip_code: int = 0,
        sip_reason: str = "",
    ) -> None:
        """End the call from our side. Safe at any time, any number of times; the first reason counts.

        A caller who was not answered gets `sip_code`, or what the reason says; `sip_reason` is the text of a `Reason`
        field (RFC 3326) that goes with it. An outgoing call that was never sent ends as if it were so answered.
        """
        if self.is_ended or self._wanted_reason:
            return
        self._wanted_reason = reason or HangupReason.NORMAL
        self._end_text = text
        unanswered_outgoing = self.call.direction is Direction.OUTGOING and not self.is_answered
        self._move(CallStatus.CANCELING if unanswered_outgoing else CallStatus.TERMINATING)
        if self.sip is not None:
            status = sip_code or UNANSWERED_STATUS.get(self._wanted_reason, 480)
            headers = (("Reason", reason_field(status, sip_reason)),) if sip_reason else ()
            self.sip.hangup(status=status, headers=headers)
        else:
            self.on_ended(None, CallEnd(EndKind.FAILED, by_remote=False, status=sip_code) if sip_code else None)

    def run_instead(self, program: Program) -> None:
        """Give up what the leg's program does, and run `program` from now on."""
        self.replacement = program
        if self.driver is not None:
            self.driver.cancel()
            if self.media is not None:
                self.media.stop_playing()

    @property
    def longest_s(self) -> int:
        """How long it may be answered, unless `limit_talk` says otherwise."""
        return LONGEST_DOCUMENT_CALL_S if self.call.details.api_version else LONGEST_CALL_S

    def limit_talk(self, seconds: int) -> None:
        """End the answered call after so many seconds from now. What is longer than it has counts for calls that run
        documents alone; 0 changes nothing."""
        if seconds and not self._ordered_limit_s:
            self._limit_to(seconds, seconds)

    def limit_whole(self, seconds: int) -> None:
        """End the call so many seconds after its answer, be that past or to come; in the place of `limit_talk`."""
        self._ordered_limit_s = seconds
        if self.call.progressing_at is not None:
            self._limit_to(seconds, max(0.0, seconds - (self.now() - self.call.progressing_at).total_seconds()))

    def _limit_to(self, seconds: int, wait_s: float) -> None:
        if self._limit is None or self.is_ended:
            return
        when = self._loop.time() + wait_s
        if self.call.details.api_version or when < self._limit.when:
            self._limit.cancel()
            text = f"the call's time limit is {seconds} seconds"
            self._limit = self.context.deadlines.call_at(when, partial(self._too_long, text))

    async def mute(self, direction: MuteDirection) -> None:
        """Nothing is heard from the party (`in`), by it (`out`), or both; "" ends it."""
        if direction != self.call.details.mute_direction:
            self.tell_of(extras=replace(self.call.details, mute_direction=direction))
        await self._set_ears()

    async def silence(self, on: bool) -> None:
        """Let the party hear nothing, or what is said again."""
        self._is_silenced = on
        await self._set_ears()

    async def hold(self, on: bool) -> None:
        """Ask the party by re-INVITE to be silent, or to speak again."""
        media = await self.media_ready()
        if self.sip is not None and self.is_answered:
            self.sip.reinvite(self._audio.offer(media, on_hold=on))

    async def blocked(self) -> None:
        """Wait until somebody says `go_on`."""
        self._go_on = asyncio.Event()
        try:
            await self._go_on.wait()
        finally:
            self._go_on = None

    def go_on(self) -> None:
        """End `blocked`; nothing where nothing waits."""
        if self._go_on is not None:
            self._go_on.set()

    def tell(self, event: str = "call_updated") -> None:
        """Keep and tell what `update` changed, where that is no change of state."""
        if not self.is_ended:
            self.call = self.call.after(updated_at=self.now())
            self.context.recorder.changed(self, event)

    def tell_of(self, **fields: Any) -> None:
        """`update` and `tell`."""
        self.update(**fields)
        self.tell()

    def recording_begun(self, recording_id: RecordingId) -> None:
        recording_ids = (*self.call.recording_ids, recording_id)
        self.tell_of(recording_ids=recording_ids, extras=replace(self.call.details, recording_id=recording_id))

    def recording_over(self, recording_id: RecordingId) -> None:
        """Nothing to be told where the call is over too, or another recording has begun."""
        if not self.is_ended and self.call.details.recording_id == recording_id:
            self.tell_of(extras=replace(self.call.details, recording_id=None))

    def kept_dialog(self) -> KeptDialog | None:
        """What another node would need to hang up; None where nobody else can."""
        return None if self.sip is None else self.sip.kept_dialog()

    def keep(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let something go on beside the program."""
        self.context.spawn(work)

    def update(self, **fields: Any) -> None:
        """Change facts of the call that are no state; they are kept with the next change of state."""
        self.call = self.call.after(**fields)

    def stands_at(self, action: dict[str, object] | None) -> None:
        """The program's current action: it changes often, and is kept with the next change of state too."""
        self._action = action

    # --- what the wire tells ---

    def on_provisional(self, call: SipCall, response: Response) -> None:
        if response.body and self.media is not None and self._audio.take_answer(response.body, self.media):
            self.early_media.set()
        self.on_ringing(response.status)

    def on_ringing(self, status: int) -> None:
        """A provisional answer of the party."""
        if status in (180, 183):
            self._move(CallStatus.RINGING, ringing_at=self.now())

    def on_answered(self, call: SipCall, sdp: bytes) -> None:
        is_incoming = self.call.direction is Direction.INCOMING
        if is_incoming and self._audio.has_offer:
            return  # else our offer went in the 200, and the answer must be in the ACK (RFC 3261 13.2.1)
        if self.media is None or not self._audio.take_answer(sdp, self.media):
            self.hang_up(HangupReason.FAILED, text="the answer held no audio that we can speak")
        elif not is_incoming:
            self.on_progressing()

    def on_renegotiated(self, call: SipCall, sdp: bytes) -> None:
        if self.media is not None:
            self._audio.take_answer(sdp, self.media)

    def on_offer(self, call: SipCall, sdp: bytes) -> bytes | int:
        """Hold, resume, a new address: answered at once from what the leg has."""
        if self.media is None:
            return 491
        if not sdp:
            return self._audio.offer(self.media)
        return self._audio.renegotiate(sdp, self.media)

    def on_info(self, call: SipCall, request: Request) -> None:
        digit = digit_of_info(request.content_type, request.body)
        if not digit:
            return
        self._heard_digit(digit)
        if self.media is not None:  # which hears what comes with the audio by itself
            if self.stops_on_digit:
                self.media.stop_playing()
            self.media.end_recording_by(digit)
        if self.partner is not None and self.partner.media is not None:
            self.keep(self.partner.media.send_digits(digit, duration_ms=100, interval_ms=0))

    def on_refer(self, call: SipCall, refer: IncomingRefer) -> None:
        self.keep(self.context.take_refer(self, refer))

    def on_refer_progress(self, call: SipCall, *, answer: int = 0, notified: int = 0) -> None:
        if self.refer_news is not None:
            self.refer_news.put_nowait((answer, notified))

    def on_ended(self, call: SipCall | None, end: CallEnd | None) -> None:
        if self.is_ended or self._goes_on_another_way(end):
            return
        self.call = hung_up(
            self.call,
            end,
            wanted=self._wanted_reason,
            text=self._end_text,
            is_answered=self.is_answered,
            action=self._action,
            now=self.now(),
        )
        self.is_ended = True
        self.ended.set()
        self.on_failed = None  # it holds the leg
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        self._end_command()
        if self.media is not None:
            self.media.on_digit = self.media.on_silence = None
            self.media.release()
        self.context.recorder.ended(self)

    # --- inside ---

    def _goes_on_another_way(self, end: CallEnd | None) -> bool:
        if self.on_failed is None or end is None or self.is_answered or self._wanted_reason:
            return False
        return self.on_failed(end)

    def _end_command(self) -> None:
        """What the program was doing is over with the call."""
        if self.driver is None or self.driver is asyncio.current_task():
            return
        if self.finishes_itself:
            self._loop.call_later(LAST_WORD_S, self._end_slow_command)
        else:
            self.driver.cancel()

    def _end_slow_command(self) -> None:
        if self.driver is not None and self.finishes_itself:
            self.driver.cancel()

    async def _open_secure(self) -> MediaLeg:
        media = await self.context.media.open_secure()
        media.on_failed = self._lost_party
        return media

    async def _set_ears(self) -> None:
        media = await self.media_ready()
        direction = self.call.details.mute_direction
        media.mute(
            heard=direction not in ("in", "both"), hears=direction not in ("out", "both") and not self._is_silenced
        )

    def on_progressing(self) -> None:
        """The party has answered, or we have: the time that costs begins."""
        self.is_answered = True
        self.answered.set()
        self._move(CallStatus.PROGRESSING, progressing_at=self.now())
        self._limit = self.context.deadlines.call_at(self._loop.time() + self.longest_s, self._too_long)
        if self._ordered_limit_s:
            self.limit_whole(self._ordered_limit_s)

    def _too_long(self, text: str = "") -> None:
        self.hang_up(HangupReason.TIMEOUT, text=text or f"the longest call is {self.longest_s // 60} minutes")

    def _move(self, status: CallStatus, **fields: Any) -> None:
        if not can_move(self.call.status, status):
            return
        self.call = self.call.after(status=status, action=self._action, updated_at=self.now(), **fields)
        self.context.recorder.changed(self, f"call_{status}")

    def note(self, fact: Fact | None) -> None:
        """Keep a fact for the call's trace."""
        if fact is not None and len(self.facts) < MAX_FACTS:
            self.facts.append(fact)

    def _heard_digit(self, digit: str) -> None:
        """Keys of a talk are for the other party, and no program's input later."""
        self.note(key_fact(digit, self.now()))
        if (self.on_key is None or not self.on_key(digit)) and self.talk is None:
            self.digits.put(digit)

    def _heard_nothing(self) -> None:
        self.hang_up(HangupReason.NORMAL, text="nothing was heard from the party for 60 s")

    def _lost_party(self, reason: str) -> None:
        self.hang_up(HangupReason.FAILED, text=f"the encrypted audio has ended: {reason}")

    def lost_media(self) -> None:
        """The media process is gone, and the call's audio with it."""
        self.hang_up(HangupReason.FAILED, text="the media process went away")
