"""The pages about numbers in real Chromium: documents, many at once, files, patterns and porting, by hand.

With DIALPLANE_SCREENSHOTS naming a folder, every page is pictured there and examined by axe.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import BrowserContext, Page

from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.numbering.documents import Verdict
from dialplane.faces.dependencies import Dependencies
from dialplane.services.numbering.documents import list_documents, review_document
from dialplane.services.numbering.port_outs import request_port_out, set_port_out_pin
from dialplane.services.numbering.port_progress import play_ports
from dialplane.services.programs.flows import FlowChange, create_flow
from dialplane.services.transaction import Database
from tests.faces.conftest import serving
from tests.portal.conftest import PASSWORD, Surfer, account_of, application, join
from tests.portal.test_browser import Eye, browser, window
from tests.portal.test_documents import PDF
from tests.portal.test_numbers import DID, WITH_DOCUMENTS, buy, put_on_offer
from tests.portal.test_ports import HOLDER, THERE
from tests.services.test_number_jobs import held

__all__ = ["browser", "window"]

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.timeout(400)]

_ALL = (
    "buy-filtered", "documents-empty", "document-refused", "ordered-rejected", "documents", "numbers-many", "selected",
    "job", "jobs", "import", "import-preview", "number-page", "number-history", "patterns", "ports", "port-new",
    "port-draft", "port-exception", "port-outs", "app-users", "number-messages", "settings",
)  # fmt: skip
_EXAMINED = _ALL if os.environ.get("DIALPLANE_SCREENSHOTS") else ("selected", "port-exception")


@dataclass
class Desk:
    """A project with numbers, as its owner's browser has it."""

    page: Page
    eye: Eye
    base: str
    at: str
    account: AccountId
    database: Database

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.base}{self.at}{path}")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).first.click()

    async def says(self, text: str) -> None:
        await self.page.get_by_text(text).first.wait_for()


@pytest.fixture
async def desk(ports: Dependencies, database: Database, window: BrowserContext) -> AsyncIterator[Desk]:
    """Signed up and filled without a browser, which is a hundred times cheaper; then signed in with one."""
    await put_on_offer(database)
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        surfer = Surfer(base, session)
        await join(surfer, "ann@example.com", name="Ann Example")
        at = (await surfer.send(await surfer.get("/portal/projects/new"), "/new", name="Acme Telephony")).path
        await buy(surfer, at)
        await buy(surfer, at, WITH_DOCUMENTS, country="DE")
        await held(database, account_of(at), 30)
        await create_flow(database, account_of(at), FlowChange(name="Front desk"), utc_now())
        page = await window.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(f"{base}/portal/sign-in?next={at}/numbers")
        await page.get_by_label("E-mail").fill("ann@example.com")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await page.get_by_role("heading", name="Purchased Numbers").wait_for()
        yield Desk(page, Eye(page, examined=_EXAMINED), base, at, account_of(at), database)


async def test_numbers_are_run_by_hand(desk: Desk, tmp_path: Path) -> None:
    """Point 3 in a browser; nothing sticks out at either width, and axe finds no serious fault."""
    wrong: list[str] = []
    desk.page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)

    await _documents(desk, tmp_path)
    await _many_at_once(desk, tmp_path)
    await _porting(desk)
    await _look_around(desk)

    assert desk.eye.faults == []
    assert [line for line in wrong if "422" not in line] == []


async def _documents(desk: Desk, folder: Path) -> None:
    """Upload, rejection with its reason, and another one."""
    file = folder / "proof.pdf"
    file.write_bytes(PDF)
    await desk.open("/numbers/documents")
    await desk.eye.look("documents-empty")
    await desk.page.get_by_role("link", name="Upload document").click()
    await desk.press("Upload")
    await desk.says("Choose a file")
    await desk.eye.look("document-refused")
    await _upload(desk, file)
    document = (await list_documents(desk.database, desk.account))[0]
    await review_document(desk.database, document.id, Verdict.REJECT, "The address is another one.", utc_now())
    await desk.open("/numbers/ordered")
    await desk.says("The address is another one.")
    await desk.eye.look("ordered-rejected")
    await _upload(desk, file)
    await desk.open("/numbers/documents")
    await desk.eye.look("documents")


async def _upload(desk: Desk, file: Path) -> None:
    await desk.open("/numbers/ordered")
    await desk.page.get_by_role("link", name="Upload Proof of address").click()
    await desk.page.get_by_label("Document name").fill("Rent contract")
    await desk.page.get_by_label("File").set_input_files(file)
    await desk.press("Upload")
    await desk.says("Everything is handed in")


async def _many_at_once(desk: Desk, folder: Path) -> None:
    """All of a page ticked, told what to do, taken back; a file previewed and applied."""
    await desk.open("/numbers")
    await desk.page.get_by_label("All on this page").check()
    await desk.says("25 ticked")
    await desk.eye.look("numbers-many")
    await desk.press("With the ticked ones")
    await desk.page.get_by_label("Calls", exact=True).select_option(label="Flow: Front desk")
    await desk.eye.look("selected")
    await desk.press("Assign")
    await desk.says("The numbers are told what to do.")
    await desk.eye.look("job")
    await desk.press("Undo")
    await desk.says("Taken back")
    await desk.open("/numbers/jobs")
    await desk.eye.look("jobs")
    await desk.page.get_by_role("link", name="Import a file").click()
    await desk.eye.look("import")
    file = folder / "numbers.csv"
    file.write_text(f'Phone Number,Label,Tags,Voice\n{DID},Reception,"sales,berlin",users:ann\n+1999,x,,\n')
    await desk.page.get_by_label("CSV or JSON").set_input_files(file)
    await desk.press("Read it")
    await desk.says("it is not one of your numbers")
    await desk.eye.look("import-preview")
    await desk.press("Apply to 1 number")
    await desk.page.get_by_role("link", name=DID[:2]).first.click()
    await desk.says("Reception")
    await desk.eye.look("number-page")
    await desk.page.goto(f"{desk.page.url}/history")
    await desk.eye.look("number-history")


async def _porting(desk: Desk) -> None:
    """A draft, the exception with what to correct, and a request of another carrier."""
    await desk.open("/numbers/ports/new")
    await desk.page.get_by_label("Numbers").fill(THERE)
    await desk.press("Only check")
    await desk.says("Can they be ported?")
    await desk.eye.look("port-new")
    await desk.press("Begin the order")
    await desk.page.get_by_role("link", name="Upload it").click()
    await desk.page.get_by_label("File").set_input_files(
        {"name": "l.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    await desk.press("Upload")
    await desk.press("Save and submit")
    await desk.says("is needed")
    await desk.eye.look("port-draft")
    for name, text in HOLDER.items():
        await desk.page.locator(f'[name="{name}"]').fill(text)
    await desk.press("Save and submit")
    await desk.says("The order is submitted.")
    while await play_ports(desk.database, utc_now()):
        pass
    await desk.page.reload()
    await desk.says("Account number mismatch")
    await desk.eye.look("port-exception")
    await desk.open("/numbers/ports")
    await desk.eye.look("ports")
    await set_port_out_pin(desk.database, desk.account, "5678abc", utc_now())
    await request_port_out(desk.database, DID, "5678abc", "Other Telecom", utc_now())
    await desk.open("/numbers/port-outs")
    await desk.eye.look("port-outs")
    await desk.press("Keep the number")
    await desk.says("stays here.")


async def _look_around(desk: Desk) -> None:
    await desk.open("/numbers/patterns")
    await desk.page.get_by_label("Pattern").fill("16508.*")
    await desk.press("Take the pattern")
    await desk.open("/numbers/patterns?dialled=16508251255")
    await desk.says("the longest pattern of the organization that takes it")
    await desk.eye.look("patterns")
    await desk.open("/app-users")
    await desk.page.get_by_label("App Username/Login ID").fill("ann")
    await desk.press("Make the app user")
    await desk.says("ann may register now.")
    await desk.eye.look("app-users")
    await desk.open("/numbers/buy?type=tollfree&country=US&max_monthly=9&near_number=%2B14155550123")
    await desk.eye.look("buy-filtered")
    await desk.open("/numbers/settings")
    await desk.eye.look("settings")
