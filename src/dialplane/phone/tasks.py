"""What a person does with the phone, each told as facts while it happens: call, wait for calls, send a text."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dialplane.audio.listening import Heard, judge
from dialplane.phone.session import Kit, open_phone
from dialplane.phone.softphone import PhoneCall
from dialplane.sip.uri import SipUri
from dialplane.voice.useragent.agent import Source
from dialplane.voice.useragent.challenge import Credentials

Tell = Callable[[str, Mapping[str, object]], None]
"""Told an event and its facts: `ringing`, `answered`, `digits`, `ended`, …"""

WAV_HEADER = 44


@dataclass(frozen=True, slots=True)
class CallWish:
    """A call that the phone should make."""

    target: str
    """A SIP URI, or a number that `server` is asked for."""
    server: Source
    caller: str = "+12125550100"
    user: str = ""
    password: str = ""
    digits: str = ""
    """Pressed one after the other, `digits_after_s` after the answer; a `,` is a pause of one second."""
    digits_after_s: float = 1.0
    record: Path | None = None
    hang_up_after_s: float | None = None
    """After the answer; None: the other side hangs up."""


async def make_call(wish: CallWish, tell: Tell) -> int:
    """Call, and tell what happens. Gives 0 where the call was answered, 1 where not."""
    async with open_phone() as kit:
        credentials = Credentials(wish.user, wish.password) if wish.user else None
        user = wish.user or wish.caller
        target = wish.target if wish.target.startswith("sip:") else f"sip:{wish.target}@{_address(wish.server)}"
        call = await kit.phone.call(
            target, caller=f"<sip:{user}@{wish.server.host}>", server=wish.server, credentials=credentials
        )
        tell("calling", {"target": target})
        if wish.record is not None:
            await call.record(wish.record)
        if not await call.wait_answered():
            tell(
                "not_answered",
                {"status": call.end.status if call.end else 0, "text": call.end.text if call.end else ""},
            )
            return 1
        tell("answered", {})
        await _talk(call, wish)
        tell("ended", {"heard_digits": call.heard_digits} | _heard(wish.record))
        return 0


async def _talk(call: PhoneCall, wish: CallWish) -> None:
    pressing = asyncio.ensure_future(_press(call, wish))
    try:
        async with asyncio.timeout(wish.hang_up_after_s):
            await call.ended.wait()
    except TimeoutError:
        call.hang_up()
        await call.ended.wait()
    finally:
        pressing.cancel()
        await asyncio.gather(pressing, return_exceptions=True)
    if wish.record is not None:
        await call.media.wait_recording()


async def _press(call: PhoneCall, wish: CallWish) -> None:
    await asyncio.sleep(wish.digits_after_s)
    for digit in wish.digits:
        if digit == ",":
            await asyncio.sleep(1)
        else:
            await call.send_digits(digit)


@dataclass(frozen=True, slots=True)
class AnswerWish:
    """How the phone waits for calls."""

    port: int = 0
    say: str = ""
    record: Path | None = None
    """The first call is recorded here."""
    calls: int | None = None
    """End after so many; None: go on until interrupted."""
    talk_s: float = 3600.0
    register: str = ""
    """An address such as `sip:1001@127.0.0.1` to register as."""
    server: Source | None = None
    password: str = ""


async def wait_for_calls(wish: AnswerWish, tell: Tell) -> int:
    """Answer calls, and tell what happens."""
    taken = asyncio.Semaphore(0)
    kits: list[Kit] = []

    async def take(call: PhoneCall) -> None:
        sip = call.sip
        tell("call", {"from": sip.request.headers.get("From") if sip else "", "to": call.dialled})
        call.ring()
        if wish.record is not None:
            await call.record(wish.record)
        call.answer()
        tell("answered", {})
        if wish.say:
            await call.play(await kits[0].prompts.say(wish.say, language="en-US", gender="", voice_id=""))
        with suppress(TimeoutError):
            async with asyncio.timeout(wish.talk_s):
                await call.ended.wait()

    async def take_and_tell(call: PhoneCall) -> None:
        try:
            await take(call)
        finally:
            call.hang_up()
            tell("ended", {"heard_digits": call.heard_digits})
            taken.release()

    async with open_phone(port=wish.port, manners=take_and_tell) as kit:
        kits.append(kit)
        if wish.register and not await _register(kit, wish, tell):
            return 1
        tell("waiting", {"port": kit.phone.agent.port})
        for _ in range(wish.calls) if wish.calls else iter(int, 1):
            await taken.acquire()
    return 0


async def _register(kit: Kit, wish: AnswerWish, tell: Tell) -> bool:
    uri = SipUri.parse(wish.register)
    server = wish.server or Source(uri.host, uri.port or 5060, "udp")
    answer = await kit.phone.register(
        wish.register, server=server, credentials=Credentials(uri.user or "", wish.password), expires_s=3600
    )
    tell("registered" if answer.status == 200 else "not_registered", {"status": answer.status})
    return answer.status == 200


async def send_text(target: str, text: str, *, caller: str, server: Source, tell: Tell) -> int:
    """Send a text by SIP MESSAGE. Gives 0 where it was taken."""
    async with open_phone() as kit:
        answer = await kit.phone.send_text(
            target if target.startswith("sip:") else f"sip:{target}@{_address(server)}",
            caller=f"<sip:{caller}@{server.host}>",
            text=text,
            server=server,
        )
    tell("sent" if answer.status < 300 else "refused", {"status": answer.status, "text": answer.reason})
    return 0 if answer.status < 300 else 1


def _address(server: Source) -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{host}:{server.port}"


def _heard(path: Path | None) -> dict[str, object]:
    """What the recording holds: the proof that there was something to hear."""
    if path is None:
        return {}
    heard: Heard = judge(np.frombuffer(path.read_bytes()[WAV_HEADER:], dtype="<i2"))
    return {
        "recording": str(path),
        "seconds": heard.duration_ms / 1000,
        "seconds_of_sound": heard.sounding_ms / 1000,
        "level_dbfs": round(heard.level_dbfs, 1),
    }
