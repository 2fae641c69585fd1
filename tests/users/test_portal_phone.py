"""The portal in Chromium on a fresh platform: a newcomer's first call without any other program, and a flow's way from
a template to its callers and back."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from dialplane.phone.softphone import Softphone
from tests.users.acting import Place, call_answered, until
from tests.users.chromium import PATIENCE_MS, PhonePage, chromium
from tests.users.flow_page import FlowPage

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


async def signed_in(at: Place, browser: Browser) -> tuple[Page, list[str]]:
    """The dashboard, and what its scripts and those of the pages that follow complain of."""
    complaints: list[str] = []
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    ready = at.platform.ready
    await page.goto(f"{ready['http']}/portal/sign-in")
    await page.fill('input[type="email"]', ready["portal_email"])
    await page.fill('input[type="password"]', ready["portal_password"])
    await page.click('form button[type="submit"]')
    return page, complaints


async def test_a_newcomer_signs_in_makes_a_phone_and_hears_a_number(at: Place, browser: Browser) -> None:
    """The websocket and SIP.js pass the portal's own policy (WEB-6): nothing from elsewhere, nothing inline."""
    flow = await at.customer.make("/flows", {"name": "hello", "actions": FLOW})
    await at.customer.make("/numbers", {"number": NUMBER, "call_flow_id": flow["id"]})
    page, complaints = await signed_in(at, browser)

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


async def test_a_flow_goes_from_a_template_to_callers_and_back(
    at: Place, browser: Browser, softphone: Softphone
) -> None:
    (number,) = await at.available(1)
    await at.customer.make("/numbers", {"number": number})
    page, complaints = await signed_in(at, browser)
    editor = FlowPage(page)

    await editor.make("Blank", "Hotline")
    await editor.add_after("Answer", "talk")
    await page.get_by_text("Needs option.text").wait_for()
    await page.get_by_label("Text", exact=True).fill("Hello.")
    await editor.without_faults()
    await editor.add_after("Talk", "hang up")
    await editor.insert_after("step 1, Answer", "wait")
    await editor.order("answer", "sleep", "talk", "hangup")
    await editor.drag_between("Wait", "Talk", "Hang up")
    await editor.order("answer", "talk", "sleep", "hangup")
    await editor.press("Wait", "Alt+ArrowUp")
    await editor.order("answer", "sleep", "talk", "hangup")
    await editor.press("Answer", "c", "ArrowDown", "ArrowDown", "Enter")
    joined = await editor.actions()
    await editor.press("Answer", "Control+z")
    await editor.draw("Answer", "Talk")
    drawn = await editor.actions()
    await editor.press("Answer", "Control+z")
    await editor.press("Wait", "Delete")
    await editor.order("answer", "talk", "hangup")
    lit, faults = await editor.play(), await editor.look()
    await editor.publish()
    await editor.assign(number)
    (await call_answered(softphone, at, number)).hang_up()
    runs = await until(lambda: at.customer.list("/activeflows"))
    await editor.roll_back_to(1)

    assert joined[0]["next_id"] == joined[2]["id"] == drawn[0]["next_id"]
    assert lit == 3
    assert faults == []
    assert complaints == []
    assert (runs[0]["flow_version"], runs[0]["canary"]) == (2, False)
