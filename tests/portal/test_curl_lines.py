"""What was done is shown as the line that does the same by the API (point 9)."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import dialplane.faces.portal
from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.ids import utc_now
from dialplane.services.calling.calls import take_commands
from dialplane.services.identity.access_keys import create_key
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.transaction import Database
from tests.faces.recorded import called
from tests.portal.conftest import BASE, Shown, Surfer, account_of
from tests.portal.test_numbers import bought
from tests.services.test_number_jobs import held

PAGES = Path(dialplane.faces.portal.__file__).parent / "pages"


def _lines(maker: str) -> Iterator[tuple[str, str]]:
    """Method and path of every line that pages make by `maker`, with `{}` for what is filled in."""
    for file in sorted(PAGES.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == maker:
                method, path = (_text(each) for each in node.args[1:3])
                yield method, path


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return "{}"


@pytest.mark.parametrize(
    ("maker", "base", "document"),
    [("json_curl", "", "/openapi.json"), ("operator_curl", "/operator/v1", "/operator/v1/openapi.json")],
)
async def test_every_line_names_something_that_the_api_does(
    stranger: Surfer, maker: str, base: str, document: str
) -> None:
    async with stranger.session.get(f"{stranger.base}{document}") as answer:
        paths = (await answer.json())["paths"]
    known = {(method.upper(), re.sub(r"\{\w+\}", "{}", path)) for path, methods in paths.items() for method in methods}

    made = [(method, base + path) for method, path in _lines(maker) if method != "{}" and path != "/v1.0{}"]

    assert len(made) > 15
    assert [line for line in made if line not in known] == []


async def test_what_is_done_with_a_number_is_shown_as_lines(surfer: Surfer, at: str, database: Database) -> None:
    page = await bought(surfer, at, database)
    number = page.path.rpartition("/")[2]

    released = await surfer.send(page, "/release")
    back = await surfer.send(released, "/restore")

    api = f'"https://portal.example/v1.0/numbers/{number}'
    assert f"curl -X DELETE {api}?accesskey=$ACCESS_KEY" in released.words
    assert f"curl -X POST {api}/restore?accesskey=$ACCESS_KEY" in back.words


@dataclass
class Terminal:
    """Where somebody pastes the line of a page, with the project's access key in `$ACCESS_KEY`."""

    surfer: Surfer
    key: str
    files: dict[str, bytes]

    async def paste(self, shown: Shown) -> Any:
        """What the API answers to the page's line, which stands beside what was said."""
        line = re.search(r"curl -X [A-Z]+ [^<]+", unescape(shown.text))
        assert line is not None, shown.words
        words = shlex.split(line[0].replace("$ACCESS_KEY", self.key).replace(BASE, self.surfer.base))
        assert words[:2] == ["curl", "-X"]
        method, address, given = words[2], words[3], dict(zip(words[4::2], words[5::2], strict=True))
        data = given.get("-d", "").encode() or self.files.get(given.get("--data-binary", "")[1:]) or None
        kind = given.get("-H", "").partition(": ")[2]
        headers = {"Content-Type": kind} if kind else {}
        async with self.surfer.session.request(method, address, data=data, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json(content_type=None)


@pytest.fixture
async def terminal(surfer: Surfer, at: str, database: Database) -> Terminal:
    made = await create_key(database, account_of(at), name="terminal", now=utc_now())
    return Terminal(surfer, made.token, {})


async def test_line_of_work_on_many_numbers_does_it_again(
    surfer: Surfer, at: str, database: Database, terminal: Terminal
) -> None:
    await held(database, account_of(at), 3)
    chosen = await surfer.get(f"{at}/numbers/selected?all=yes&kind=virtual")

    again = [
        await terminal.paste(await surfer.send(chosen, "/tag", add_tags="pool")),
        await terminal.paste(await surfer.send(chosen, "/assign", calls_other="pstn:+12125550123")),
    ]
    released = await surfer.send(chosen, "/release", sure="yes")
    nothing_left = re.search("curl -X POST [^<]+", unescape(released.text))

    assert [(job["kind"], job["state"], job["same"]) for job in again] == [
        ("tag", "applied", 3), ("assign", "applied", 3),
    ]  # fmt: skip
    assert nothing_left is not None
    assert '"kind": "release", "filter": {"number_type": "virtual"}' in nothing_left[0]


async def test_line_of_a_file_reads_it_again(surfer: Surfer, at: str, database: Database, terminal: Terminal) -> None:
    (number,) = await held(database, account_of(at), 1)
    file = f"who,label\n{number.number},desk\n".encode()
    terminal.files["numbers.csv"] = file
    form = await surfer.get(f"{at}/numbers/import")

    read = await surfer.upload(form, "/import", "numbers.csv", file)
    previewed = await terminal.paste(read)
    applied = await terminal.paste(await surfer.send(read, "/apply"))
    undone = await surfer.send(await surfer.get(read.path), "/undo")

    assert (previewed["job"]["state"], previewed["job"]["waiting"]) == ("previewed", 1)
    assert (applied["state"], applied["done"]) == ("applied", 1)
    assert "/undo" in (re.search("curl -X POST [^<]+", undone.text) or [""])[0]
    assert [each.name for each in await list_numbers(database, account_of(at), limit=9)] == [""]


async def test_line_of_a_redirected_call_redirects_it(
    surfer: Surfer, at: str, database: Database, terminal: Terminal
) -> None:
    live = await called(database, account_of(at), status=CallStatus.PROGRESSING, ended_at=None)
    form = await surfer.get(f"{at}/calls/{live.id}/redirect")

    answer = await terminal.paste(await surfer.send(form, "/redirect", url="https://example.org/menu.xml"))

    first, second = await take_commands(database, live.node)
    assert (answer["id"], first.kind, first.payload) == (str(live.id), "redirect", second.payload)


async def test_lines_of_people_invite_and_take_it_back(surfer: Surfer, at: str, terminal: Terminal) -> None:
    people = await surfer.get(f"{at}/people")

    invited = await terminal.paste(await surfer.send(people, "/people", email="bob@example.com", role="viewer"))
    revoked = await surfer.send(await surfer.get(f"{at}/people"), "/people/revoke")
    await surfer.send(people, "/people", email="bob@example.com", role="viewer")

    assert [(each["email"], each["role"]) for each in invited["result"]] == [("bob@example.com", "viewer")]
    assert await terminal.paste(revoked) == {"result": []}


async def test_lines_of_settings_for_all_numbers(surfer: Surfer, at: str, terminal: Terminal) -> None:
    form = await surfer.get(f"{at}/numbers/settings")

    trunk = await surfer.send(form, "/trunk", sip_server="192.0.2.1", sip_port="5070")
    texts = await surfer.send(form, "/messages", url="https://example.org/sms", method="GET")

    assert (await terminal.paste(trunk))["sip"] == "192.0.2.1:5070"
    assert await terminal.paste(texts) == {
        "sip": "192.0.2.1:5070",
        "message_url": "https://example.org/sms",
        "message_method": "GET",
    }
