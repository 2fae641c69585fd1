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
REPLY = [{"type": "conversation_send", "option": {"text": "Thank you for writing."}}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


async def open_portal(at: Place, browser: Browser) -> tuple[Page, list[str]]:
    """A window with the portal, signed in as `ready.json` says; and what the browser complains of there."""
    complaints: list[str] = []
    ready, page = at.platform.ready, await (await browser.new_context()).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    await page.goto(f"{ready['http']}/portal/sign-in")
    await page.fill('input[type="email"]', ready["portal_email"])
    await page.fill('input[type="password"]', ready["portal_password"])
    await page.click('form button[type="submit"]')
    await page.get_by_role("heading", name="Sandbox").first.wait_for()
    return page, complaints


async def test_a_newcomers_first_call_takes_four_clicks(at: Place, browser: Browser) -> None:
    """From the dashboard of a platform that was just started: a phone, a number to be seen with, somebody to call; and
    what came of it, in another window."""
    page, complaints = await open_portal(at, browser)

    await page.get_by_role("link", name="Call somebody from this browser").click()
    await page.get_by_role("button", name="Make a phone").click()
    await page.get_by_role("button", name="Buy +1").click()
    phone = PhonePage(page)
    await phone.stands("ready")
    await page.get_by_role("button", name="+1 202-555-0100").click()
    await phone.stands("talking")
    await phone.listen()
    await phone.hears("level > 0.1")
    beside = await page.context.new_page()
    await beside.goto(page.url.partition("/phone")[0] + "/calls/live")
    await beside.get_by_text("In progress").first.wait_for()
    await beside.get_by_role("button", name="Hang up").first.click()
    await phone.stands("ready")
    await beside.get_by_text("Nobody is on the phone").wait_for()
    await beside.get_by_role("link", name="Call log").click()
    await beside.get_by_role("link", name="+1 202-555-0100").first.click()
    await beside.get_by_role("heading", name="Signalling").wait_for()

    assert complaints == []


async def test_texts_come_and_go_beside_a_call_that_goes_on(at: Place, browser: Browser) -> None:
    """The text pad sends through the simulated carrier, and what a handset writes runs what the number does."""
    flow = await at.customer.make("/flows", {"name": "reply", "actions": REPLY})
    (free,) = await at.available(1)
    await at.customer.make("/numbers", {"number": free, "message_flow_id": flow["id"]})
    page, complaints = await open_portal(at, browser)
    await page.click("text=Browser phone")
    phone = PhonePage(page)
    await phone.stands("ready")
    await page.get_by_role("button", name="+1 202-555-0100").click()
    await phone.stands("talking")

    await page.get_by_label("The other number").fill("+1 202 555 0123")
    await page.get_by_label("Text", exact=True).fill("Is anybody there?")
    await page.get_by_role("button", name="Write as the other handset").click()
    await page.get_by_text("Thank you for writing.").wait_for()
    await page.get_by_label("Text", exact=True).fill("Somebody is.")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.get_by_role("log").get_by_text("Somebody is.").wait_for()
    await page.get_by_role("log").get_by_text("Delivered").nth(1).wait_for()
    await phone.stands("talking")
    await phone.click("hang-up")
    await phone.stands("ready")

    assert complaints == []


async def test_the_phone_hears_what_a_number_of_the_project_says(at: Place, browser: Browser) -> None:
    """The websocket and SIP.js pass the portal's own policy (WEB-6): nothing from elsewhere, nothing inline."""
    flow = await at.customer.make("/flows", {"name": "hello", "actions": FLOW})
    await at.customer.make("/numbers", {"number": NUMBER, "call_flow_id": flow["id"]})
    page, complaints = await open_portal(at, browser)
    await page.click("text=Browser phone")
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
    page, complaints = await open_portal(at, browser)
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
