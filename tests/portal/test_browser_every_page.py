"""Every page of the portal in real Chromium: fit for everybody, for every screen, and for a strict browser."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from dialplane.domain.ids import NumberId
from dialplane.faces.dependencies import Dependencies
from tests.portal.conftest import COOKIE, Surfer
from tests.portal.every_page import PAGES, PortalPage, one_of_each
from tests.portal.test_browser import DESK, PHONE, SERIOUS, browser
from tests.portal.test_numbers import DID, bought

__all__ = ["browser"]  # a fixture

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.timeout(1200)]

_FOLDER = os.environ.get("DIALPLANE_SCREENSHOTS")
_COARSE = 0.1
"""Nobody sees the pixels: a hundredth of them is drawn."""
_EXAMINE = """
async ({ rules, isFirst }) => {
  document.querySelectorAll("main details").forEach((each) => { each.open = true; });
  const options = { resultTypes: ["violations"], preload: isFirst, ...(rules && { runOnly: rules }) };
  const { violations } = await axe.run(isFirst ? "html" : "main", options);
  return {
    faults: violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.flatMap(({ target }) => target) })),
    title: document.title,
    headings: document.querySelectorAll("h1").length,
    isTooWide: document.documentElement.scrollWidth > window.innerWidth,
  };
}
"""
_OF_COLOURS_AND_WIDTHS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]


@dataclass(frozen=True)
class Look:
    """How a page is shown."""

    scheme: Literal["light", "dark"]
    size: ViewportSize


@dataclass
class Examiner:
    """One page of the browser, which goes from page to page.

    Each is loaded once, in the look that the page before it was left in: all rules there, and then in the other look
    those of colours and of what does not fit. Colours do not depend on the width. What stands around `main` is the same
    on all pages of a visitor: it, and what style sheets forbid, is looked at on the first of them.
    """

    page: Page
    faults: list[str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=lambda: [Look("light", DESK), Look("dark", PHONE)])
    known: set[str] = field(default_factory=set)
    """The visitors whose surroundings were looked at."""

    async def examine(self, asked: PortalPage, visitor: Surfer, address: str) -> None:
        answer = await self.page.goto(visitor.base + address)
        assert answer is not None
        came = (answer.status, self.page.url.removeprefix(visitor.base))
        self._check(asked, came == (200, address), f"{came}")
        policy = answer.headers.get("content-security-policy", "")
        self._check(asked, "default-src 'none'" in policy and "unsafe" not in policy, f"the policy is {policy}")
        is_first = visitor.cookie not in self.known
        await self._look(asked, self.looks[0], None, is_first=is_first)
        await self.take(self.looks[1])
        await self._look(asked, self.looks[1], _OF_COLOURS_AND_WIDTHS, is_first=is_first)
        self.looks.reverse()
        self.known.add(visitor.cookie)

    async def take(self, look: Look) -> None:
        await self.page.set_viewport_size(look.size)
        await self.page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")

    async def _look(self, asked: PortalPage, look: Look, rules: list[str] | None, *, is_first: bool) -> None:
        shown = await self.page.evaluate(_EXAMINE, {"rules": rules, "isFirst": is_first})
        for each in shown["faults"]:
            self._check(asked, each["impact"] not in SERIOUS, f"{each['id']} in the {look.scheme} at {each['nodes']}")
        self._check(asked, bool(shown["title"]), "no title")
        self._check(asked, shown["headings"] == 1, f"{shown['headings']} headings of the first level")
        self._check(asked, not shown["isTooWide"], f"wider than {look.size['width']} pixels")
        if _FOLDER:
            name = re.sub(r"\W+", "-", re.sub(r"\{(\w+):\w+\}", r"\1", asked.path)).strip("-")
            await self.page.screenshot(path=Path(_FOLDER) / f"{name}-{look.scheme}.png", full_page=True)

    def _check(self, asked: PortalPage, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(f"{asked.path}: {fault}")


async def test_every_page_is_fit_for_everybody(ports: Dependencies, surfer: Surfer, at: str, browser: Browser) -> None:
    """WCAG AA as far as axe sees it, at both widths and in both schemes; nothing is wider than a phone; each page has a
    title and one heading; no fault of a script; nothing from elsewhere; nothing inline (WEB-6)."""
    number = (await bought(surfer, at, ports.database)).path.rpartition("/")[2]
    every = await one_of_each(ports, surfer, at, DID, NumberId(UUID(number)))
    window = await browser.new_context(device_scale_factor=1 if _FOLDER else _COARSE)
    window.set_default_timeout(0)  # the test's own time limit holds, however busy the machine
    await window.add_init_script(AXE_SCRIPT)
    page = await window.new_page()
    examiner = Examiner(page)
    await examiner.take(examiner.looks[0])
    wrong = examiner.faults
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda fault: wrong.append(f"{page.url}: {fault}"))
    page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(surfer.base) else None)

    for each in PAGES:
        visitor = every.visitors[each.access]
        await _become(window, visitor)
        await examiner.examine(each, visitor, each.address(every.things))

    assert examiner.faults == []


async def _become(window: BrowserContext, visitor: Surfer) -> None:
    """Chromium sends a cookie that is `Secure` to the loopback, and takes it from an address with https."""
    await window.clear_cookies()
    if visitor.cookie:
        address = visitor.base.replace("http:", "https:", 1)
        await window.add_cookies([{"name": COOKIE, "value": visitor.cookie, "url": address, "secure": True}])
