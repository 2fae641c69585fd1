"""A phone in a real browser: SIP.js in Chromium registers as an app user, calls, is called, and both sides hear."""

import asyncio
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from playwright.async_api import Browser

from dialplane.audio.g711 import decode_ulaw
from dialplane.phone.softphone import PhoneCall, Softphone
from tests.media.conftest import tone
from tests.media.sounds import strength
from tests.users.acting import CALLER, Place, until
from tests.users.chromium import SAID_HZ, chromium, phone_page

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.peer("chromium"), pytest.mark.timeout(300)]

MENU = "+899100000021"
PASSWORD = "correct horse"
MENU_FLOW: list[dict[str, Any]] = [
    {"type": "answer"},
    {"type": "recording_start", "option": {"format": "wav"}},
    {"type": "talk", "option": {"text": "Hello browser.", "language": "en-US"}},
    {"type": "digits_receive", "option": {"duration": 60_000, "length": 2}},
    {"type": "talk", "option": {"text": "Goodbye.", "language": "en-US"}},
    {"type": "hangup"},
]
HIGH_HZ = 1_500


@dataclass(frozen=True)
class AppUser:
    """Who registers, and the number that leads there."""

    number: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app_user(at: Place) -> AppUser:
    """One that exists, beside a number with a menu."""
    await at.customer.make("/extensions", {"extension": "2001", "password": PASSWORD})
    flow = await at.customer.make("/flows", {"name": "menu", "actions": MENU_FLOW})
    await at.customer.make("/numbers", {"number": MENU, "call_flow_id": flow["id"]})
    (free,) = await at.available(1)
    number = await at.customer.make("/numbers", {"number": free})
    target = {"voice": {"type": "forward", "users": ["2001"]}}
    answer = await at.customer.ask("PUT", f"/numbers/{number['id']}/targets", target)
    assert answer.status == 200, answer
    return AppUser(free)


class Ear:
    """What a softphone hears, a quarter of a second at a time."""

    def __init__(self, call: PhoneCall) -> None:
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()
        call.media.tap(lambda track, at_ms, frame: self._frames.put_nowait(frame))

    async def hears(self, frequency_hz: int) -> None:
        while strength(await self._next(), frequency_hz) < 500:
            pass

    async def hears_nothing(self) -> None:
        while np.abs(await self._next()).max() > 200:
            pass

    async def _next(self) -> NDArray[np.int16]:
        async with asyncio.timeout(30):
            return decode_ulaw(b"".join([await self._frames.get() for _ in range(13)]))


async def ended_call(at: Place) -> dict[str, Any]:
    """The newest call, when it is over."""

    async def look() -> dict[str, Any] | None:
        newest = (await at.customer.list("/calls"))[0]
        return newest if newest["status"] == "hangup" else None

    return await until(look, timeout_s=60)


async def test_a_browser_calls_a_number_hears_it_is_heard_and_presses_keys(
    at: Place, browser: Browser, app_user: AppUser
) -> None:
    """RFC 7118, ICE, DTLS-SRTP and Opus with a stack that is not ours; keys by RFC 4733."""
    async with phone_page(browser, at, "2001", PASSWORD) as phone:
        await phone.stands("ready")
        await phone.dial(MENU)
        await phone.stands("talking")
        await phone.listen()
        await phone.hears("level > 0.1")
        media = await phone.connection()
        await phone.hears("level < 0.001")
        await phone.press("1")
        await phone.press("2")
        await phone.hears("level > 0.1")
        await phone.stands("ready")
    over = await ended_call(at)
    run = await at.customer.get(f"/activeflows/{over['activeflow_id']}")
    recording = next((at.platform.data / "recordings").rglob("*.wav"))

    assert media == {"dtls": "connected", "sends": "audio/opus", "hears": "audio/opus"}
    assert (over["source"]["type"], over["destination"]["target"]) == ("extension", MENU)
    assert (over["hangup_by"], over["hangup_reason"]) == ("local", "normal")
    assert [action["type"] for action in run["executed_actions"]][-2:] == ["talk", "hangup"]
    assert strength(samples_of(recording), SAID_HZ) > 500


async def test_a_browser_is_called_talks_mutes_and_holds(
    at: Place, browser: Browser, app_user: AppUser, softphone: Softphone
) -> None:
    """Our offer is a WebRTC one, of G.711 first; the phone on the other side speaks plain RTP."""
    async with phone_page(browser, at, "2001", PASSWORD) as phone:
        await phone.stands("ready")
        call = await softphone.call(at.number_uri(app_user.number), caller=f"<{CALLER}>", server=at.sip)
        await phone.stands("ringing")
        await phone.click("answer")
        async with asyncio.timeout(30):
            assert await call.wait_answered(), call.end
        await phone.stands("talking")
        ear = Ear(call)
        await phone.listen()

        call.media.feed(tone(HIGH_HZ, duration_ms=60_000))
        await phone.hears(f"level > 0.1 && Math.abs(hz - {HIGH_HZ}) < 30")
        await ear.hears(SAID_HZ)
        media = await phone.connection()

        await phone.click("mute")
        await ear.hears_nothing()
        await phone.click("mute")
        await ear.hears(SAID_HZ)

        await phone.click("hold")
        await phone.stands("held")
        await phone.hears("level < 0.001")
        await ear.hears_nothing()
        await phone.click("hold")
        await phone.stands("talking")
        await phone.hears(f"level > 0.1 && Math.abs(hz - {HIGH_HZ}) < 30")
        await ear.hears(SAID_HZ)

        await phone.click("hang-up")
        async with asyncio.timeout(30):
            await call.ended.wait()
        await phone.stands("ready")

    assert media == {"dtls": "connected", "sends": "audio/PCMU", "hears": "audio/PCMU"}


async def test_an_app_user_is_unreachable_as_soon_as_its_page_is_closed(
    at: Place, browser: Browser, app_user: AppUser, softphone: Softphone
) -> None:
    """RFC 5626 section 6: a closed connection ends its binding, so that nobody waits for a phone that is gone."""
    async with phone_page(browser, at, "2001", PASSWORD) as phone:
        await phone.stands("ready")

    call = await softphone.call(at.number_uri(app_user.number), caller=f"<{CALLER}>", server=at.sip)

    async with asyncio.timeout(30):
        assert not await call.wait_answered()


async def test_a_wrong_password_is_said(at: Place, browser: Browser, app_user: AppUser) -> None:
    async with phone_page(browser, at, "2001", "wrong") as phone:
        await phone.stands("offline")

        assert await phone.problem() == "The name or the password is wrong."


def samples_of(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)
