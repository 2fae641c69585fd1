"""The phone: a user agent with audio, and the calls it has."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from dialplane.domain.calling.media import PlayEnd, Prompt, RecordingEnd
from dialplane.domain.errors import Refusal, Unavailable
from dialplane.sdp.session import SdpError
from dialplane.sip.message import Request, Response
from dialplane.sip.uri import SipUri
from dialplane.voice.audio import AudioExchange
from dialplane.voice.ports import Media, MediaLeg
from dialplane.voice.useragent.agent import CallEnd, IncomingCall, IncomingRequest, SipCall, Source, UserAgent
from dialplane.voice.useragent.challenge import Credentials

_KEEP_RECORDING_S = 5.0

Manners = Callable[["PhoneCall"], Awaitable[None]]
"""What the phone does with a call that comes in; when it returns, the call is hung up."""

log = structlog.get_logger()


class PhoneCall:
    """One call of the phone. Fulfils the user agent's `CallWatcher`."""

    def __init__(
        self, media: MediaLeg, audio: AudioExchange, spawn: Callable[[Coroutine[Any, Any, Any]], None]
    ) -> None:
        self.media = media
        self.sip: SipCall | None = None
        self.heard_digits = ""
        self.statuses: list[int] = []
        """Provisional answers to our INVITE, in order."""
        self.end: CallEnd | None = None
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()
        """The call is over, and what was recorded of it is in its file."""
        self._is_recorded = False
        self._audio = audio
        self._spawn = spawn
        self._digit_heard = asyncio.Event()
        media.on_digit = self._heard

    # --- what the owner of the phone does ---

    @property
    def dialled(self) -> str:
        """User part of the request URI of an incoming call."""
        return SipUri.parse(self.sip.request.uri).user or "" if self.sip else ""

    def ring(self, *, with_media: bool = False) -> None:
        """180, or 183 with audio of ours that the caller hears before any answer."""
        if isinstance(self.sip, IncomingCall):
            if with_media and self._audio.has_offer:
                self.sip.provisional(183, self._audio.answer(self.media))
            else:
                self.sip.provisional(180)

    def answer(self) -> None:
        """Answer an incoming call; its audio flows from here."""
        if isinstance(self.sip, IncomingCall) and not self.answered.is_set():
            sdp = self._audio.answer(self.media) if self._audio.has_offer else self._audio.offer(self.media)
            self.sip.answer(sdp)
            self.answered.set()

    def reject(self, status: int) -> None:
        if isinstance(self.sip, IncomingCall):
            self.sip.reject(status)

    def hang_up(self) -> None:
        if self.sip is not None:
            self.sip.hangup()

    async def wait_answered(self) -> bool:
        """Whether the party answered; False where the call ended instead."""
        waits = [asyncio.ensure_future(self.answered.wait()), asyncio.ensure_future(self.ended.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return self.answered.is_set()

    async def wait_digits(self, count: int) -> str:
        """Wait until so many digits were heard in all, and give them."""
        while len(self.heard_digits) < count:
            self._digit_heard.clear()
            await self._digit_heard.wait()
        return self.heard_digits

    async def play(self, prompt: Prompt, *, loop: bool = False) -> PlayEnd:
        return await self.media.play([prompt], loop=loop)

    async def send_digits(self, digits: str) -> None:
        await self.media.send_digits(digits, duration_ms=120, interval_ms=80)

    async def record(self, path: Path) -> None:
        """Record the call into a WAV at `path` until it ends or `stop_recording`."""
        await self.media.start_recording(path)
        self._is_recorded = True

    async def stop_recording(self) -> RecordingEnd:
        self.media.stop_recording()
        return await self.media.wait_recording()

    def hold(self, on: bool) -> None:
        """Put the party on hold, or take it back, by re-INVITE."""
        if self.sip is not None:
            self.sip.reinvite(self._audio.offer(self.media, on_hold=on))

    # --- what the wire tells ---

    def on_provisional(self, call: SipCall, response: Response) -> None:
        self.statuses.append(response.status)
        if response.body:
            self._audio.take_answer(response.body, self.media)

    def on_answered(self, call: SipCall, sdp: bytes) -> None:
        if sdp and not self._audio.take_answer(sdp, self.media):
            call.hangup()
            return
        self.answered.set()

    def on_renegotiated(self, call: SipCall, sdp: bytes) -> None:
        self._audio.take_answer(sdp, self.media)

    def on_offer(self, call: SipCall, sdp: bytes) -> bytes | int:
        return self._audio.renegotiate(sdp, self.media) if sdp else self._audio.offer(self.media)

    def on_info(self, call: SipCall, request: Request) -> None:
        """Digits come by RFC 4733; INFO says nothing to this phone."""

    def on_ended(self, call: SipCall, end: CallEnd) -> None:
        self.end = end
        self._spawn(self.media.close())
        if self._is_recorded:
            self._spawn(self._wait_recording())
        else:
            self.ended.set()

    async def _wait_recording(self) -> None:
        """Whoever waits for the end of the call may read the file then."""
        try:
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(_KEEP_RECORDING_S):
                    await self.media.wait_recording()
        finally:
            self.ended.set()

    def _heard(self, digit: str) -> None:
        self.heard_digits += digit
        self._digit_heard.set()


class Softphone:
    """One SIP address with any number of calls. Use as a context: it is started on entering and closed on leaving."""

    def __init__(
        self,
        media: Media,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        manners: Manners | None = None,
        user_agent: str = "Dialplane-phone",
    ) -> None:
        """`manners` None: calls that come in are declined with 486."""
        self._media = media
        self._manners = manners
        self.agent = UserAgent(host=host, port=port, handler=self, user_agent=user_agent)
        self.messages: asyncio.Queue[tuple[str, str]] = asyncio.Queue(1000)
        """MESSAGE requests that came: who and what."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Softphone":
        await self.agent.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.agent.close()  # ends every call, and with it whatever the phone was doing in it
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def call(
        self,
        target: str,
        *,
        caller: str,
        server: Source | None = None,
        credentials: Credentials | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> PhoneCall:
        """Ring `target` (a SIP URI) in the name of `caller` (one too). Returns at once; see `wait_answered`.

        Raises Unavailable where there is no audio port.
        """
        audio = AudioExchange()
        call = PhoneCall(await self._media.open(), audio, self._spawn)
        call.sip = self.agent.call(
            target=target,
            caller=caller,
            destination=server,
            sdp=audio.offer(call.media),
            headers=headers,
            credentials=credentials,
            watcher=call,
        )
        return call

    async def register(
        self, address: str, *, server: Source, credentials: Credentials, expires_s: int = 300
    ) -> Response:
        """Register this phone as `address` (`sip:1001@…`) once; `expires_s` 0 takes the registration back."""
        return await self.agent.request(
            "REGISTER",
            target=f"sip:{SipUri.parse(address).host}",
            caller=f"<{address}>",
            callee=f"<{address}>",
            destination=server,
            headers=(("Contact", f"<sip:{SipUri.parse(address).user}@{self.agent.host}:{self.agent.port}>"),
                     ("Expires", str(expires_s))),
            credentials=credentials,
        )  # fmt: skip

    async def send_text(self, target: str, *, caller: str, text: str, server: Source | None = None) -> Response:
        """Send a MESSAGE (RFC 3428)."""
        return await self.agent.request(
            "MESSAGE",
            target=target,
            caller=caller,
            destination=server,
            body=text.encode(),
            content_type="text/plain",
        )

    # --- the user agent's handler ---

    def may_send(self, source: Source) -> bool:
        return True

    def on_asking(self, peer: Source) -> None:
        """A phone has no strangers."""

    def on_invite(self, call: IncomingCall) -> None:
        if self._manners is None:
            call.reject(486)
        else:
            self._spawn(self._take(call, self._manners))

    def on_request(self, request: IncomingRequest) -> None:
        if request.request.method == "MESSAGE" and not self.messages.full():
            self.messages.put_nowait((request.request.from_.uri, request.request.body.decode("utf-8", "replace")))
            request.respond(200)
        else:
            request.respond(405)

    async def _take(self, incoming: IncomingCall, manners: Manners) -> None:
        try:
            audio = AudioExchange(incoming.request.body)
            call = PhoneCall(await self._media.open(), audio, self._spawn)
        except SdpError:
            incoming.reject(488)
            return
        except Refusal:  # the audio process is full, or away
            incoming.reject(503)
            return
        if incoming.is_ended:  # the caller gave up while the audio was opened
            await call.media.close()
            return
        call.sip = incoming
        incoming.watcher = call
        behaviour = asyncio.ensure_future(manners(call))
        ended = asyncio.ensure_future(call.ended.wait())
        try:
            await asyncio.wait({behaviour, ended}, return_when=asyncio.FIRST_COMPLETED)
            if behaviour.done():
                behaviour.result()
        finally:
            for task in (behaviour, ended):
                task.cancel()
            await asyncio.gather(behaviour, ended, return_exceptions=True)
            call.hang_up()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception:
            log.exception("phone_task_failed")
