"""Pages of calls and texts in real Chromium: what renews itself."""

from datetime import timedelta

import pytest
from playwright.async_api import BrowserContext, Page

from dialplane.domain.calling.calls import CallStatus, HangupReason
from dialplane.domain.ids import utc_now
from dialplane.services.messaging.sandbox_messages import text_from_handset
from dialplane.services.transaction import Database
from tests.portal.activity import HANDSET, fill
from tests.portal.conftest import PASSWORD, Surfer, move_to
from tests.portal.test_activity import account_of
from tests.portal.test_browser import browser, window
from tests.portal.test_numbers import DID, bought

__all__ = ["browser", "window"]  # fixtures

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.timeout(400)]


async def test_live_calls_and_threads_renew_themselves_until_they_are_paused(
    surfer: Surfer, at: str, database: Database, window: BrowserContext
) -> None:
    await bought(surfer, at, database)
    account_id = account_of(at)
    found = await fill(database, account_id, DID)
    page, wrong = await _signed_in(surfer, window)

    await page.goto(f"{surfer.base}{at}/calls/live")
    await page.get_by_text("1 call goes on.").wait_for()
    await page.get_by_role("button", name="Pause").click()
    await page.get_by_role("button", name="Go on").click()
    async with database.transaction() as tx:
        call = await tx.calls.find(account_id, found.live)
        assert call is not None
        now = utc_now()
        over = call.after(status=CallStatus.HANGUP, hangup_reason=HangupReason.NORMAL, ended_at=now)
        await tx.calls.save_many([over])
    await page.get_by_text("Nobody is on the phone").wait_for()

    await page.goto(f"{surfer.base}{at}/conversations/{found.conversation}")
    later = utc_now() + timedelta(seconds=1)
    await text_from_handset(database, account_id, handset=HANDSET, own=DID, text="A second one", now=later)
    await page.get_by_role("log").get_by_text("A second one").wait_for()

    assert wrong == []


async def _signed_in(surfer: Surfer, window: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what goes wrong on it."""
    move_to(surfer.base)
    wrong: list[str] = []
    page = await window.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda fault: wrong.append(str(fault)))
    page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(surfer.base) else None)
    await page.goto(f"{surfer.base}/portal/sign-in")
    await page.get_by_label("E-mail").fill("ann@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("heading", name="Acme").wait_for()
    return page, wrong
