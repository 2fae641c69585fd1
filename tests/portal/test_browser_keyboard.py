"""The way from a search to a tested number by the keyboard alone, in a Chromium that runs no JavaScript."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, Page

from dialplane.faces.dependencies import Dependencies
from dialplane.services.transaction import Database
from tests.faces.conftest import serving
from tests.portal.conftest import PASSWORD, Surfer, application, join
from tests.portal.test_browser import DESK, browser
from tests.portal.test_numbers import put_on_offer

__all__ = ["browser"]

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.timeout(400)]

_MOST_STOPS = 120
"""Of the Tab key on one page: every link of the menu is one."""


@dataclass
class Keyboard:
    """Somebody without a pointer."""

    page: Page

    async def reach(self, target: Locator) -> None:
        """Go there by Tab, as the focus that is seen goes."""
        for _ in range(_MOST_STOPS):
            if await target.evaluate("element => element === document.activeElement"):
                assert await target.evaluate("element => getComputedStyle(element).outlineStyle !== 'none'")
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} is not reached by the keyboard")

    async def press(self, target: Locator, key: str = "Enter") -> None:
        await self.reach(target)
        await self.page.keyboard.press(key)

    async def write(self, label: str, text: str) -> None:
        await self.reach(self.page.get_by_label(label))
        await self.page.keyboard.type(text)

    async def says(self, text: str) -> None:
        await self.page.get_by_text(text).first.wait_for()


@pytest.fixture
async def keyboard(ports: Dependencies, database: Database, browser: Browser) -> AsyncIterator[Keyboard]:
    await put_on_offer(database)
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        surfer = Surfer(base, session)
        await join(surfer, "ann@example.com")
        at = (await surfer.send(await surfer.get("/portal/projects/new"), "/new", name="Acme")).path
        window = await browser.new_context(viewport=DESK, java_script_enabled=False)
        window.set_default_timeout(60_000)
        page = await window.new_page()
        await page.goto(f"{base}/portal/sign-in?next={at}/numbers/buy")
        yield Keyboard(page)
        await window.close()


async def test_number_is_bought_configured_and_tested_by_keys_alone(keyboard: Keyboard) -> None:
    """WCAG 2.1.1 and 2.4.7; forms and tables work without JavaScript."""
    page = keyboard.page
    await keyboard.write("E-mail", "ann@example.com")
    await keyboard.write("Password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Buy a new Number").wait_for()

    await keyboard.write("State", "CA")
    await page.keyboard.press("Enter")
    await keyboard.press(page.get_by_role("button", name="Purchase").first)
    await keyboard.says("the no. is purchased successfully")

    await keyboard.press(page.get_by_role("link", name="Purchased Numbers").first)
    await keyboard.press(page.get_by_role("link", name="Expand").first)
    await keyboard.press(page.get_by_role("link", name="PSTN"))
    await keyboard.reach(page.get_by_role("textbox", name="Number"))
    await page.keyboard.type("(212) 555-0123")
    await page.keyboard.press("Enter")
    await keyboard.says("Calls are forwarded to +12125550123.")

    await keyboard.press(page.get_by_role("button", name="Explain a call"))
    await keyboard.says("It is let in")
