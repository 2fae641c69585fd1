"""The portal in real Chromium: from sign-up to a bought number, on a phone's screen and a desk's, and passkeys.

With DIALPLANE_SCREENSHOTS naming a folder, every page is pictured there.
"""

import os
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from dialplane.domain.ids import utc_now
from dialplane.faces.dependencies import Dependencies
from dialplane.services.identity.operators import make_operator
from dialplane.services.transaction import Database
from tests.faces.conftest import CheapHasher, make_tenant, serving
from tests.portal.conftest import PASSWORD, application, move_to
from tests.portal.test_numbers import put_on_offer

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.timeout(400)]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
SERIOUS = ("serious", "critical")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--renderer-process-limit=1"]
_EXAMINED = ("sign-up-refused", "number-expanded", "number-test", "desk-import")
"""What only a form answers with; every page itself is examined in `test_browser_every_page.py`. All are looked at where
they are pictured."""


@dataclass
class Eye:
    """Looks at each page at both widths: nothing sticks out, and axe finds no serious fault."""

    page: Page
    faults: list[str] = field(default_factory=list)
    examined: Collection[str] = _EXAMINED

    async def look(self, name: str) -> None:
        if name not in self.examined and not os.environ.get("DIALPLANE_SCREENSHOTS"):
            return
        for width, size in (("desk", DESK), ("phone", PHONE)):
            await self.page.set_viewport_size(size)
            sticks_out = await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            if sticks_out:
                self.faults.append(f"{name} at {width}: wider than the screen")
            if folder := os.environ.get("DIALPLANE_SCREENSHOTS"):
                await self.page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        if name in self.examined:
            await self._examine(name)
        await self.page.set_viewport_size(DESK)

    async def _examine(self, name: str) -> None:
        found = await Axe().run(self.page)
        for violation in found.response["violations"]:
            if violation["impact"] in SERIOUS:
                where = [node["target"] for node in violation["nodes"]]
                self.faults.append(f"{name}: {violation['id']} at {where}")


@pytest.fixture
async def base(ports: Dependencies, database: Database) -> AsyncIterator[str]:
    """The portal with a few numbers on offer."""
    await put_on_offer(database)
    async with serving(ports, application(ports)) as served:
        move_to(served)
        yield served


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(viewport=DESK, timezone_id="Europe/Berlin")
    opened.set_default_timeout(60_000)
    yield opened
    await opened.close()


async def test_newcomer_comes_from_sign_up_to_a_bought_number(base: str, window: BrowserContext) -> None:
    """VoxCPaaS 2.1 to 3.4, by hand. Chromium keeps the `__Host-` cookie over plain http on the loopback."""
    page = await window.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith(base) else None)
    eye = Eye(page)

    await _sign_up(page, base, eye)
    await _make_project(page, eye)
    await _top_up(page, eye)
    await _buy(page, eye)
    await _configure(page, eye)
    await _look_around(page, base, eye)

    assert eye.faults == []
    assert [line for line in wrong if "422" not in line] == []


async def _sign_up(page: Page, base: str, eye: Eye) -> None:
    await page.goto(base)
    await eye.look("sign-in")
    await page.get_by_role("link", name="Sign Up Now").click()
    await page.get_by_role("button", name="Sign up").click()
    await page.get_by_text("Read and accept the terms").wait_for()
    await eye.look("sign-up-refused")
    await page.get_by_label("Name").fill("Ann Example")
    await page.get_by_label("E-mail").fill("ann@example.com")
    await page.get_by_label("Phone").fill("+1 415 555 2671")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Sign up").click()
    await page.get_by_role("heading", name="Look into your mail").wait_for()
    await eye.look("check-mail")
    await page.get_by_role("link", name="/dev/mail").click()
    await eye.look("mail")
    await page.get_by_role("link", name="/activate/").click()
    await eye.look("activate")
    await page.get_by_role("button", name="Activate").click()
    await page.get_by_label("E-mail").fill("ann@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("heading", name="No project yet").wait_for()


async def _make_project(page: Page, eye: Eye) -> None:
    await eye.look("projects-empty")
    await page.get_by_role("link", name="Create Project").click()
    await page.get_by_label("Name").fill("Acme Telephony")
    await eye.look("project-new")
    await page.get_by_role("button", name="Create Project").click()
    await page.get_by_role("heading", name="Begin here").wait_for()
    await eye.look("dashboard-empty")


async def _top_up(page: Page, eye: Eye) -> None:
    await page.get_by_role("link", name="Credits $10.00").click()
    await page.get_by_label("Amount in USD").fill("25")
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.get_by_text("$25.00 of credit were added.").wait_for()
    await eye.look("credits")


async def _buy(page: Page, eye: Eye) -> None:
    menu = page.get_by_role("navigation", name="Developer Tools")
    await menu.get_by_role("link", name="Purchased Numbers").click()
    await eye.look("numbers-empty")
    await menu.get_by_role("link", name="Buy a new Number").click()
    await page.get_by_label("State").fill("CA")
    await page.get_by_label("SMS").check()
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("button", name="Purchase").first.wait_for()
    await eye.look("buy")
    await page.get_by_role("button", name="Purchase").first.click()
    await page.get_by_text("the no. is purchased successfully").wait_for()
    await menu.get_by_role("link", name="Buy a new Number").click()
    await page.get_by_label("Country").select_option("DE")
    await page.get_by_label("City").fill("Berlin")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("button", name="Order").first.click()
    await page.get_by_text("documentation required").wait_for()
    await eye.look("ordered")


async def _configure(page: Page, eye: Eye) -> None:
    menu = page.get_by_role("navigation", name="Developer Tools")
    await menu.get_by_role("link", name="Purchased Numbers").click()
    await eye.look("numbers")
    await page.get_by_role("link", name="Expand").click()
    await page.get_by_label("App Username/Login ID").fill("ann")
    await page.get_by_role("button", name="Add User").click()
    await page.get_by_text("Calls ring ann.").wait_for()
    await eye.look("number-expanded")
    await page.get_by_role("link", name="PSTN").click()
    await page.get_by_role("textbox", name="Number").fill("12")
    await page.get_by_role("button", name="Set Number").click()
    await page.locator("[aria-invalid=true]").wait_for()
    await eye.look("number-refused")
    await page.get_by_role("textbox", name="Number").fill("(212) 555-0123")
    await page.get_by_role("button", name="Set Number").click()
    await page.get_by_text("Calls are forwarded to +12125550123.").wait_for()
    await page.get_by_role("button", name="Explain a call").click()
    await page.get_by_text("It is let in").wait_for()
    await eye.look("number-test")
    await page.get_by_role("link", name="Back to the number").click()
    await eye.look("number")


async def _look_around(page: Page, base: str, eye: Eye) -> None:
    menu = page.get_by_role("navigation", name="Developer Tools")
    for name in ("Dashboard", "Overview", "Usage History", "Number Settings", "Keys", "Users", "Pricing"):
        await menu.get_by_role("link", name=name, exact=True).click()
        await page.get_by_role("heading", level=1).wait_for()
        await eye.look(name.lower().replace(" ", "-"))
    await menu.get_by_role("link", name="Settings", exact=True).click()
    await eye.look("sms-settings")
    await page.goto(f"{base}/portal/profile")
    assert await page.get_by_label("Time zone").input_value() == "Europe/Berlin"
    await eye.look("profile")
    await page.goto(f"{base}/portal/profile/security")
    await eye.look("security")
    await page.get_by_role("button", name="Set up an authenticator app").click()
    await page.locator(".qr-code").wait_for()
    await eye.look("authenticator")
    if os.environ.get("DIALPLANE_SCREENSHOTS"):
        await page.emulate_media(color_scheme="dark")
        await page.go_back()
        await eye.look("security-dark")
        await page.goto(f"{base}/portal")
        await eye.look("dashboard-dark")


async def test_passkey_is_set_up_and_signs_in_by_itself(base: str, window: BrowserContext) -> None:
    """WEB-3. Passkeys belong to names, so the loopback's is used."""
    page = await window.new_page()
    named = base.replace("127.0.0.1", "localhost")
    devtools = await window.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    await _sign_up(page, base, Blind(page))

    await page.goto(f"{named}/portal/sign-in?next=/portal/profile/security")
    await page.get_by_label("E-mail").fill("ann@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_text("The passkey is set up.").wait_for()
    await window.clear_cookies()
    await page.goto(f"{named}/portal/sign-in")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.get_by_role("heading", name="No project yet").wait_for()

    assert page.url == f"{named}/portal/projects"


class Blind(Eye):
    """Where only the way matters."""

    async def look(self, name: str) -> None:
        return None


async def test_operator_goes_round_the_desk(base: str, window: BrowserContext, database: Database) -> None:
    """From the state of the system to an account, an import that is looked at, and the log; by hand, in Chromium."""
    await make_tenant(database, name="Globex Corporation")
    made = await make_operator(database, CheapHasher(), "operator@example.com", utc_now())
    page = await window.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    eye = Eye(page)
    await page.goto(f"{base}/portal/sign-in")
    await page.get_by_label("E-mail").fill("operator@example.com")
    await page.get_by_label("Password").fill(made.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_label("Your account").click()
    await page.get_by_role("link", name="Operator's desk").click()
    await page.get_by_role("heading", name="System", exact=True).wait_for()
    await eye.look("desk-system")

    await _credit_an_account(page, eye)
    await _import_numbers(page, eye)
    await _look_around_the_desk(page, eye)

    assert eye.faults == []
    assert wrong == []


async def _credit_an_account(page: Page, eye: Eye) -> None:
    menu = page.get_by_role("navigation", name="Operator's desk")
    await menu.get_by_role("link", name="Accounts").click()
    await page.get_by_label("Name, e-mail").fill("globex")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name="Globex Corporation").click()
    await eye.look("desk-account")
    await page.get_by_label("Amount in USD").fill("5")
    await page.get_by_label("Reason").fill("Goodwill")
    await page.get_by_role("button", name="Give").click()
    await page.get_by_text("$5.00 of credit were given.").wait_for()


async def _import_numbers(page: Page, eye: Eye) -> None:
    menu = page.get_by_role("navigation", name="Operator's desk")
    await menu.get_by_role("link", name="Imports").click()
    file = b"number,type,country,monthly\n+14155550181,local,US,1.50\nnonsense,local,US,1\n"
    await page.get_by_label("File").set_input_files({"name": "numbers.csv", "mimeType": "text/csv", "buffer": file})
    await page.get_by_role("button", name="Show what it would do").click()
    await page.get_by_role("button", name="Put 1 number into stock").wait_for()
    await eye.look("desk-import")
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Put 1 number into stock").click()
    await page.get_by_text("The import is applied").wait_for()


async def _look_around_the_desk(page: Page, eye: Eye) -> None:
    menu = page.get_by_role("navigation", name="Operator's desk")
    for name in ("Stock", "Carriers and trunks", "Rate decks", "Plans", "Porting", "Documents", "Audit log"):
        await menu.get_by_role("link", name=name, exact=True).click()
        await page.get_by_role("heading", level=1).wait_for()
        await eye.look(f"desk-{name.lower().replace(' ', '-')}")
    await page.get_by_text("accounts.credit").first.wait_for()
