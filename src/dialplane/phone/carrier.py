"""The simulated carrier: a phone whose manners follow from the last digits of the number that is called."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from dialplane.domain.calling.media import Prompt
from dialplane.phone.softphone import PhoneCall

TALK_S = 3600.0
"""How long an answering number stays on the line by itself."""
RING_S = 0.2
"""Every number rings this long before it does what it does."""


class Voice(Protocol):
    """Port: speech for the announcements."""

    async def say(self, text: str, *, language: str, gender: str, voice_id: str) -> Prompt: ...

    async def beep(self) -> Prompt: ...


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One row of the table in the README."""

    digits: str
    says: str
    """What happens, in words."""
    act: Callable[["SimulatedCarrier", PhoneCall], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SimulatedCarrier:
    """Manners for a `Softphone`."""

    voice: Voice

    async def take(self, call: PhoneCall) -> None:
        """Do what the dialled number does."""
        await behaviour_of(call.dialled).act(self, call)

    async def ring(self, call: PhoneCall) -> None:
        call.ring()
        await asyncio.sleep(RING_S)

    async def say(self, call: PhoneCall, text: str) -> None:
        await call.play(await self.voice.say(text, language="en-US", gender="", voice_id=""))


async def _answers(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    await carrier.ring(call)
    call.answer()
    await carrier.say(call, "Hello, this is the simulated carrier.")
    await asyncio.sleep(TALK_S)


async def _busy(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    call.reject(486)


async def _rings_out(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    call.ring()
    await asyncio.sleep(TALK_S)


async def _rejects(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    await carrier.ring(call)
    call.reject(603)


async def _machine(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    await carrier.ring(call)
    call.answer()
    await carrier.say(
        call,
        "Hi, you have reached the voicemail of Jane Doe. I can not come to the phone right now. "
        "Please leave your name and number after the tone, and I will call you back.",
    )
    await call.play(await carrier.voice.beep())
    await asyncio.sleep(TALK_S)


async def _sends_digits(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    await carrier.ring(call)
    call.answer()
    await asyncio.sleep(1)
    await call.send_digits("1234#")
    await asyncio.sleep(TALK_S)


async def _hangs_up(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    await carrier.ring(call)
    call.answer()
    await asyncio.sleep(2)


async def _unknown(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    call.reject(404)


async def _fails(carrier: SimulatedCarrier, call: PhoneCall) -> None:
    call.reject(503)


BEHAVIOURS: tuple[Behaviour, ...] = (
    Behaviour("100", "answers, says hello and stays on the line", _answers),
    Behaviour("101", "busy (486)", _busy),
    Behaviour("102", "rings out: rings and never answers", _rings_out),
    Behaviour("103", "rejects (603) after ringing", _rejects),
    Behaviour("104", "machine: answers with a voicemail greeting and a beep", _machine),
    Behaviour("105", "answers and sends the digits 1234#", _sends_digits),
    Behaviour("106", "answers and hangs up after two seconds", _hangs_up),
    Behaviour("107", "rejects (404): the number does not exist", _unknown),
    Behaviour("108", "rejects (503): the carrier has a fault", _fails),
)
"""By the last three digits; every other number behaves as 100."""

_BY_DIGITS = {behaviour.digits: behaviour for behaviour in BEHAVIOURS}


def behaviour_of(number: str) -> Behaviour:
    """The manners of a number; the text side of the simulated carrier uses the same table."""
    return _BY_DIGITS.get(number[-3:], BEHAVIOURS[0])
