"""A real browser with our phone in a page: a person's clicks, a tone for a microphone, and ears that measure."""

import contextlib
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

import dialplane.faces
from tests.ports import free_port
from tests.users.acting import Place

SAID_HZ = 700
"""What the browser's microphone hears."""
PATIENCE_MS = 60_000
STATIC = Path(dialplane.faces.__file__).parent / "portal" / "static"
PAGE = Path(__file__).with_name("phone_page.html")
LISTEN = """
async () => {
  const { srcObject } = document.querySelector("audio");
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 4096;
  analyser.smoothingTimeConstant = 0;
  context.createMediaStreamSource(srcObject).connect(analyser);
  await context.resume();
  const wave = new Float32Array(analyser.fftSize);
  const lines = new Float32Array(analyser.frequencyBinCount);
  window.hear = () => {
    analyser.getFloatTimeDomainData(wave);
    analyser.getFloatFrequencyData(lines);
    const level = wave.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    const strongest = lines.reduce((best, each, at) => (each > lines[best] ? at : best), 0);
    return [level, (strongest * context.sampleRate) / analyser.fftSize];
  };
}
"""


@dataclass
class PhonePage:
    """The page with the phone."""

    page: Page

    async def click(self, part: str) -> None:
        """A button, as soon as it can be clicked."""
        await self.page.click(f'[data-part="{part}"]:enabled', timeout=PATIENCE_MS)

    async def press(self, key: str) -> None:
        await self.page.click(f'[data-key="{key}"]', timeout=PATIENCE_MS)

    async def dial(self, number: str) -> None:
        await self.page.fill('[data-part="number"]', number)
        await self.click("call")

    async def stands(self, standing: str) -> None:
        """Wait until the phone is in this state."""
        await self.page.wait_for_selector(f'[data-standing="{standing}"]', timeout=PATIENCE_MS)

    async def problem(self) -> str:
        """What the page says is wrong."""
        return await self.page.inner_text('[data-part="problem"]')

    async def listen(self) -> None:
        """Begin to measure what the call sounds like."""
        await self.page.evaluate(LISTEN)

    async def hears(self, condition: str) -> None:
        """Wait until `condition` of `level` (1 is the loudest) and `hz` (the strongest frequency) is true."""
        await self.page.wait_for_function(
            f"() => {{ const [level, hz] = hear(); return {condition}; }}", timeout=PATIENCE_MS, polling=20
        )

    async def connection(self) -> dict[str, Any]:
        """What the browser says of the call's media."""
        stats: list[dict[str, Any]] = await self.page.evaluate(
            """async () => {
              const { _session: session } = document.querySelector("[data-phone]").phone;
              return [...(await session.sessionDescriptionHandler.peerConnection.getStats()).values()];
            }"""
        )
        codecs = {each["id"]: each["mimeType"] for each in stats if each["type"] == "codec"}
        return {
            "dtls": next(each["dtlsState"] for each in stats if each["type"] == "transport"),
            "sends": next(codecs[each["codecId"]] for each in stats if each["type"] == "outbound-rtp"),
            "hears": next(codecs[each["codecId"]] for each in stats if each["type"] == "inbound-rtp"),
        }


@contextlib.asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """Debian's, with a tone for a microphone and nobody to ask whether it may be used."""
    microphone = folder / "said.wav"
    _write_tone(microphone)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            timeout=PATIENCE_MS,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def phone_page(browser: Browser, at: Place, user: str, password: str) -> AsyncIterator[PhonePage]:
    """The page, opened; the phone is on its way to being registered. Nothing of the script fails unseen."""
    values = {
        "SERVER": at.platform.ready["http"].replace("http", "ws", 1) + "/sip",
        "DOMAIN": at.sip.host,
        "USER": user,
        "PASSWORD": password,
    }
    text = PAGE.read_text()
    for name, value in values.items():
        text = text.replace(f'"{name}"', f'"{value}"')
    faults: list[str] = []
    async with _serving(text) as address:
        page = await browser.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        await page.goto(address, timeout=PATIENCE_MS)
        yield PhonePage(page)
        await page.close()
    assert faults == []


@contextlib.asynccontextmanager
async def _serving(text: str) -> AsyncIterator[str]:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    application = web.Application()
    application.router.add_get("/", page)
    application.router.add_static("/", STATIC)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


def _write_tone(path: Path) -> None:
    time_s = np.arange(48_000 * 2) / 48_000
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((12_000 * np.sin(2 * np.pi * SAID_HZ * time_s)).astype(np.int16).tobytes())
