"""Takes the README's pictures of the portal: starts a sandbox, lives in it for a while, and looks at its pages.

    python tools/pictures.py docs/pictures

Needs Debian's `chromium`, and of the test requirements Playwright and Pillow. Each picture stays below 150 KB.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

LARGEST = 150_000
_COLOURS = 128
"""A page has few; so many leave no step to be seen in its shades."""
DESK, PHONE = (1280, 800), (390, 844)
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]


@dataclass(frozen=True)
class Shot:
    """One picture: a page below the portal, on which screen, and what is done there first."""

    name: str
    path: str
    size: tuple[int, int] = DESK
    is_dark: bool = False


SHOTS = (
    Shot("dashboard", "/projects/{project}"),
    Shot("numbers", "/projects/{project}/numbers/buy?type=did&country=US"),
    Shot("configuration", "/projects/{project}/numbers/{number}", is_dark=True),
    Shot("flow", "/projects/{project}/flows/{flow}"),
    Shot("call", "/projects/{project}/calls/{call}"),
    Shot("desk", "/operator"),
    Shot("phone", "/projects/{project}/numbers", size=PHONE),
)


RECEPTION = [
    {"id": "01970000-0000-7000-8000-000000000001", "type": "answer"},
    {"type": "talk", "option": {"text": "Welcome to Acme. Press 1 for sales.", "language": "en-US"}},
    {"type": "digits_receive", "option": {"duration": 3000, "length": 1}},
    {
        "type": "branch",
        "option": {
            "default_target_id": "01970000-0000-7000-8000-000000000009",
            "target_ids": {"1": "01970000-0000-7000-8000-000000000005"},
        },
    },
    {
        "id": "01970000-0000-7000-8000-000000000005",
        "type": "talk",
        "option": {"text": "One moment, please.", "language": "en-US"},
    },
    {"type": "connect", "option": {"destinations": [{"type": "tel", "target": "+12025550100"}]}},
    {"type": "hangup"},
    {
        "id": "01970000-0000-7000-8000-000000000009",
        "type": "talk",
        "option": {"text": "We are closed. Goodbye.", "language": "en-US"},
    },
    {"type": "hangup"},
]
"""A flow with two ways, for the editor's picture."""


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[dict[str, str]]:
    """A platform of its own, on ports that are free; what its `ready.json` says."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dialplane", "up", "--data", str(folder), "--http", "127.0.0.1:0", "--sip",
        "127.0.0.1:0", "--rtp", "26000-26199", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert program.stdout is not None
    try:
        yield json.loads(await program.stdout.readline())
    finally:
        program.terminate()
        await program.wait()


async def live(ready: Mapping[str, str]) -> dict[str, str]:
    """Buy numbers, let them answer, call and write to them; the ids that pages are named by."""
    async with aiohttp.ClientSession() as session:

        async def ask(method: str, path: str, body: object = None) -> Any:
            key = ready["operator_key"] if path.startswith("/operator") else ready["access_key"]
            headers = {"Authorization": f"Bearer {key}"}
            async with session.request(method, ready["http"] + path, json=body, headers=headers) as answer:
                return await answer.json()

        offers = (await ask("GET", "/v1.0/available_numbers?country_code=US&page_size=4"))["result"]
        made = await ask("POST", "/v1.0/flows", {"name": "Reception", "actions": RECEPTION})
        numbers = []
        for offer, name in zip(offers, ("Front desk", "Support", "Sales", "Berlin office"), strict=False):
            wish = {"number": offer["number"], "name": name, "call_flow_id": made["id"], "message_flow_id": made["id"]}
            numbers.append(await ask("POST", "/v1.0/numbers", wish))
        for number in numbers[:3]:
            note = {"from": "+12025550100", "to": number["number"], "text": "Are you open today?", "media": []}
            await ask("POST", "/operator/v1/sandbox/messages", note)
            call = {
                "source": {"type": "tel", "target": number["number"]},
                "destinations": [{"type": "tel", "target": "+12025550111"}],
                "flow_id": made["id"],
            }
            await ask("POST", "/v1.0/calls", call)
        calls: list[dict[str, Any]] = []
        while not calls or any(call["status"] != "hangup" for call in calls):
            await asyncio.sleep(0.2)
            calls = (await ask("GET", "/v1.0/calls"))["result"]
        return {
            "project": ready["customer_id"],
            "number": numbers[0]["id"],
            "flow": made["id"],
            "call": calls[0]["id"],
        }


async def sign_in(window: BrowserContext, ready: Mapping[str, str]) -> Page:
    page = await window.new_page()
    await page.goto(f"{ready['http']}/portal/sign-in")
    await page.get_by_label("E-mail").fill(ready["portal_email"])
    await page.get_by_label("Password").fill(ready["portal_password"])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("heading", level=1).wait_for()
    return page


async def take(browser: Browser, ready: Mapping[str, str], ids: Mapping[str, str], shot: Shot) -> bytes:
    width, height = shot.size
    window = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if shot.is_dark else "light",
        timezone_id="Europe/Berlin",
        device_scale_factor=1 if shot.size == DESK else 2,
    )
    try:
        page = await sign_in(window, ready)
        await page.goto(f"{ready['http']}/portal{shot.path.format(**ids)}")
        await page.get_by_role("heading", level=1).wait_for()
        return await page.screenshot()
    finally:
        await window.close()


def compress(picture: bytes) -> bytes:
    """The same with a palette: a third of the size."""
    written = BytesIO()
    Image.open(BytesIO(picture)).convert("RGB").quantize(_COLOURS).save(written, "PNG", optimize=True)
    return written.getvalue()


async def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with sandbox(Path(data)) as ready, async_playwright() as playwright:
            ids = await live(ready)
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_ARGUMENTS)
            for shot in SHOTS:
                picture = compress(await take(browser, ready, ids, shot))
                assert len(picture) < LARGEST, f"{shot.name} has {len(picture)} bytes"
                (folder / f"{shot.name}.png").write_bytes(picture)
                print(f"{shot.name}: {len(picture) // 1000} KB")
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
