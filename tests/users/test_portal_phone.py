"""A newcomer's first call without any other program: the portal's phone page in Chromium, on a fresh platform."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.users.acting import Place
from tests.users.chromium import PATIENCE_MS, PhonePage, chromium

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.peer("chromium"), pytest.mark.timeout(300)]

NUMBER = "+899100000031"
FLOW = [
    {"type": "answer"},
    {"type": "talk", "option": {"text": "Hello newcomer.", "language": "en-US"}},
    {"type": "digits_receive", "option": {"duration": 60_000, "length": 1}},
    {"type": "hangup"},
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


async def test_a_newcomer_signs_in_makes_a_phone_and_hears_a_number(at: Place, browser: Browser) -> None:
    """The websocket and SIP.js pass the portal's own policy (WEB-6): nothing from elsewhere, nothing inline."""
    flow = await at.customer.make("/flows", {"name": "hello", "actions": FLOW})
    await at.customer.make("/numbers", {"number": NUMBER, "call_flow_id": flow["id"]})
    ready, complaints = at.platform.ready, []
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda fault: complaints.append(str(fault)))

    await page.goto(f"{ready['http']}/portal/sign-in")
    await page.fill('input[type="email"]', ready["portal_email"])
    await page.fill('input[type="password"]', ready["portal_password"])
    await page.click('form button[type="submit"]')
    await page.click("text=Browser phone")
    await page.click("text=Make a phone")
    phone = PhonePage(page)
    await phone.stands("ready")
    await phone.dial("+899 100 000 031")
    await phone.stands("talking")
    await phone.listen()
    await phone.hears("level > 0.1")
    await phone.press("5")
    await phone.stands("ready")

    assert complaints == []
