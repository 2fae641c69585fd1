"""The portal's editor of flows in a real browser, as its author uses it: by keys, by mouse, and looked at by axe."""

import json
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@dataclass
class FlowPage:
    page: Page

    async def make(self, template: str, name: str) -> None:
        await self.page.get_by_role("link", name="Flows", exact=True).first.click()
        await self.page.get_by_role("link", name="New flow").first.click()
        await self.page.get_by_role("link", name=template).click()
        await self.page.get_by_label("Name", exact=True).fill(name)
        await self.page.get_by_role("button", name="Make the flow").click()
        await self.page.locator(".flow-node").first.wait_for()

    def step(self, title: str) -> Locator:
        return self.page.locator(f'.flow-node:has(.flow-title:has-text("{title}"))')

    async def add_after(self, title: str, wanted: str) -> None:
        """By keys alone."""
        await self.step(title).focus()
        await self.page.keyboard.press("a")
        await self._choose(wanted)

    async def insert_after(self, spoken: str, wanted: str) -> None:
        """By the mouse, into the way that leads on from a step."""
        await self.page.get_by_label(f"Insert a step after {spoken}").click()
        await self._choose(wanted)

    async def _choose(self, wanted: str) -> None:
        await self.page.get_by_label("Search").fill(wanted)
        await self.page.keyboard.press("Enter")

    async def press(self, title: str, *keys: str) -> None:
        await self.step(title).focus()
        for key in keys:
            await self.page.keyboard.press(key)

    async def drag_between(self, title: str, above: str, below: str) -> None:
        """Drop a step into the way from one to another."""
        moved, first, second = [await self._middle(each) for each in (title, above, below)]
        await self.page.mouse.move(*moved)
        await self.page.mouse.down()
        await self.page.mouse.move((first[0] + second[0]) / 2, (first[1] + second[1]) / 2 + 8, steps=8)
        await self.page.mouse.up()

    async def draw(self, title: str, to: str) -> None:
        """From the place where a step's way begins to another step."""
        box = await self.step(title).bounding_box()
        assert box is not None
        await self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"])
        await self.page.mouse.down()
        await self.page.mouse.move(*await self._middle(to), steps=8)
        await self.page.mouse.up()

    async def _middle(self, title: str) -> tuple[float, float]:
        box = await self.step(title).bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    async def actions(self) -> list[dict[str, Any]]:
        """The JSON that the form would send."""
        text = await self.page.locator("#actions").input_value()
        listed: list[dict[str, Any]] = json.loads(text)
        return listed

    async def order(self, *types: str) -> None:
        """Wait until the steps are these, in the order of the list."""
        await self.page.wait_for_function(
            "(types) => JSON.parse(document.querySelector('#actions').value).map((each) => each.type).join() === types",
            arg=",".join(types),
        )

    async def without_faults(self) -> None:
        await self.page.locator(".flow-node.is-wrong").first.wait_for(state="detached")

    async def play(self) -> int:
        """Dry run; how many steps light up."""
        await self.page.get_by_role("tab", name="Dry run").click()
        await self.page.get_by_role("button", name="Play", exact=True).click()
        await self.page.get_by_text("Hung up by a step").wait_for()
        return await self.page.locator(".flow-node.is-lit").count()

    async def look(self) -> list[str]:
        """What axe finds serious, and whether anything sticks out of a phone's screen."""
        found = (await Axe().run(self.page)).response["violations"]
        faults = [f"{each['id']}: {each['nodes'][0]['target']}" for each in found if each["impact"] in _SERIOUS]
        await self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # the library's own TypedDict
        if await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append("wider than a phone")
        await self.page.set_viewport_size(DESK)  # type: ignore[arg-type]  # as above
        return faults

    async def publish(self, *, percent: int = 100) -> None:
        await self.page.get_by_label("Publish for").fill(str(percent))
        await self.page.get_by_role("button", name="Publish").click()
        await self.says("is live: the next call runs it" if percent == 100 else "of the calls take version")

    async def assign(self, number: str) -> None:
        await self.page.get_by_label("Number", exact=True).fill(number)
        await self.page.get_by_role("button", name="For calls").click()
        await self.says("runs this flow")

    async def roll_back_to(self, version: int) -> None:
        await self.page.get_by_role("button", name=f"Roll back to version {version}").click()
        await self.says(f"The flow is as version {version} was")

    async def says(self, text: str) -> None:
        await self.page.locator(f'.notice:has-text("{text}")').first.wait_for()


_SERIOUS = ("serious", "critical")
