"""Flows in the portal, as a browser without JavaScript uses them."""

import json
import re

from dialplane.services.transaction import Database
from tests.portal.conftest import Shown, Surfer
from tests.portal.test_numbers import DID, bought


async def made(surfer: Surfer, at: str, template: str = "blank", **fields: str) -> Shown:
    """The page of a new flow."""
    page = await surfer.get(f"{at}/flows/new?template={template}")
    return await surfer.send(page, "/flows", **fields)


def said(text: str) -> str:
    return json.dumps([{"type": "talk", "option": {"text": text}}])


async def test_flow_comes_from_a_template_and_is_found(surfer: Surfer, at: str) -> None:
    shown = await made(surfer, at, "ivr", name="Front desk", number_1="+12025550143")
    listed = await surfer.get(f"{at}/flows?q=front")
    other = await surfer.get(f"{at}/flows?q=back")

    assert shown.status == 200
    assert "curl -X POST" in shown.words
    assert '"type": "branch"' in shown.form("/draft")["actions"]
    assert "Front desk" in listed.words
    assert "No flow fits" in other.words


async def test_draft_is_saved_with_its_faults_and_refused_when_it_is_published(surfer: Surfer, at: str) -> None:
    page = await made(surfer, at)

    saved = await surfer.send(page, "/draft", actions='[{"type": "talk"}]')
    refused = await surfer.send(saved, "/draft", actions="[\n}")
    unkept = await surfer.send(saved, "/draft", actions='[{"type": "talk", "option": {"text": "\\u0000"}}]')
    published = await surfer.post(f"{page.path}/publish", {**_fields(saved), "percent": "100"})

    assert "cannot be published yet" in saved.words
    assert (refused.status, "This is not JSON: line 2" in refused.words) == (422, True)
    assert (unkept.status, published.status) == (422, 422)
    assert "needs option.text" in published.words


def _fields(page: Shown) -> dict[str, str]:
    return {name: value for name, value in page.form("/draft").items() if not name.startswith("_")}


async def publish(surfer: Surfer, page: Shown, actions: str, percent: str = "100") -> Shown:
    return await surfer.post(f"{page.path}/publish", {**_fields(page), "actions": actions, "percent": percent})


async def test_published_draft_is_live_and_rolled_back_in_one_click(surfer: Surfer, at: str) -> None:
    page = await made(surfer, at)

    live = await publish(surfer, page, said("Two"))
    back = await surfer.post(f"{page.path}/rollback", {"csrf": _fields(live)["csrf"], "version": "1"})

    assert "Version 2 is live: the next call runs it." in live.words
    assert "The flow is as version 1 was; that is version 3" in back.words
    assert '"type": "answer"' in back.form("/draft")["actions"]


async def test_share_of_the_calls_is_shown_changed_and_taken_back(surfer: Surfer, at: str) -> None:
    page = await made(surfer, at)
    token = _fields(page)["csrf"]

    begun = await publish(surfer, page, said("Two"), "10")
    wrong = await surfer.post(f"{page.path}/canary", {"csrf": token, "do": "change", "percent": "101"})
    more = await surfer.post(f"{page.path}/canary", {"csrf": token, "do": "change", "percent": "50"})
    stopped = await surfer.post(f"{page.path}/canary", {"csrf": token, "do": "stop"})

    assert "Canary: version 2, 10 %" in begun.words
    assert "percent is 1 to 100" in wrong.words
    assert "Version 2 takes 50 % of the calls" in more.words
    assert "All calls take version 1 again." in stopped.words


async def test_dry_run_tells_each_step_time_and_price(surfer: Surfer, at: str) -> None:
    page = await made(surfer, at, "hours", name="Hours", number="+12025550143", timezone="Europe/Berlin")

    closed = await surfer.send(page, "/dry-run", at="2026-11-22T10:00", timezone="Europe/Berlin")
    wrong = await surfer.send(page, "/dry-run", http="{")

    assert "Hung up by a step after" in closed.words
    assert "condition_datetime at 2026-11-22 10:00 Europe/Berlin (Sunday)" in closed.words
    assert "The dry run could not begin: This is not JSON" in wrong.words


async def test_number_runs_the_flow_and_keeps_it_from_being_deleted(
    surfer: Surfer, at: str, database: Database
) -> None:
    number = await bought(surfer, at, database)
    page = await made(surfer, at)

    assigned = await surfer.send(page, "/assign", number="+1 415-555-0101", **{"for": "calls"})
    refused = await surfer.send(page, "/delete")
    shown = await surfer.get(number.path)
    nobody = await surfer.send(page, "/assign", number="+1 999", **{"for": "calls"})

    assert f"The next call to {DID} runs this flow." in assigned.words
    assert "+1 415-555-0101 calls" in assigned.words
    assert f"It stays: {DID} runs the flow." in refused.words
    assert "Blank" in shown.words
    assert "Choose a number of this project" in nobody.words


async def test_flow_is_copied_exported_imported_and_deleted(surfer: Surfer, at: str) -> None:
    page = await made(surfer, at, "reply", name="Reply")

    copied = await surfer.send(page, "/duplicate")
    exported = await surfer.get(f"{page.path}/export.json")
    new = await surfer.get(f"{at}/flows/new")
    imported = await surfer.send(new, "/import", json=exported.text, name="")
    wrong = await surfer.send(new, "/import", json='[{"type": "dance"}]', name="")
    deleted = await surfer.send(imported, "/delete")

    assert "This is a copy of Reply" in copied.words
    assert json.loads(exported.text)["actions"][0]["type"] == "conversation_send"
    assert "Reply is imported with 1 steps." in imported.words
    assert (wrong.status, "action 0 (dance) is of an unknown type" in wrong.words) == (422, True)
    assert "Reply is deleted." in deleted.words


async def test_any_two_versions_are_compared_and_an_old_one_is_edited_again(surfer: Surfer, at: str) -> None:
    page = await made(surfer, at)
    live = await publish(surfer, page, said("Two"))
    await publish(surfer, await surfer.get(live.path), said("Three"))

    shown = await surfer.get(f"{page.path}/versions?old=2&new=3")
    nothing = await surfer.get(f"{page.path}/versions?old=3&new=3")
    unknown = await surfer.get(f"{page.path}/versions?old=9&new=x")
    edited = await surfer.post(f"{page.path}/edit-version", {"csrf": _fields(live)["csrf"], "version": "1"})

    assert "From version 2 to version 3" in shown.words
    assert "option.text Two Three" in shown.words
    assert "They are the same." in nothing.words
    assert unknown.status == 404
    assert "The draft is as version 1 was." in edited.words
    assert '"type": "answer"' in edited.form("/draft")["actions"]


async def test_template_tells_beside_the_field_what_is_wrong(surfer: Surfer, at: str) -> None:
    page = await surfer.get(f"{at}/flows/new?template=hours")

    shown = await surfer.send(page, "/flows", number="12")
    times = await surfer.send(page, "/flows", number="+12025550143", opens="17", closes="9")

    assert (shown.status, "Enter a number with its + and country code" in shown.words) == (422, True)
    assert "It closes after it has opened" in times.words


async def test_queue_template_makes_its_queue(surfer: Surfer, at: str) -> None:
    shown = await made(surfer, at, "queue", name="Support line")
    second = await surfer.get(f"{at}/flows/new?template=queue")

    assert '"type": "queue_join"' in shown.form("/draft")["actions"]
    assert "Support line" in second.words


async def test_flow_of_another_project_is_not_found(surfer: Surfer, at: str) -> None:
    page = await made(surfer, at)
    other = (await surfer.send(await surfer.get("/portal/projects/new"), "/new", name="Other")).path

    shown = await surfer.get(page.path.replace(at, other))

    assert shown.status == 404


async def test_texts_of_a_flow_are_shown_as_texts_and_nothing_is_inline(surfer: Surfer, at: str) -> None:
    """WEB-6, WEB-7."""
    hostile = '"><img src=x onerror=alert(1)>'
    page = await made(surfer, at, "reply", name=hostile, text=hostile)
    played = await surfer.send(page, "/dry-run", kind="message", text=hostile)
    versions = await surfer.get(f"{page.path}/versions?old=1&new=1")

    for shown in (page, played, versions, await surfer.get(f"{at}/flows")):
        assert shown.status == 200
        assert "<img src=x" not in shown.text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", unattributed(shown.text))


def unattributed(text: str) -> str:
    """A page without the values of its attributes, which may say anything."""
    return re.sub(r'="[^"]*"', '=""', text).replace("onerror=", "")
