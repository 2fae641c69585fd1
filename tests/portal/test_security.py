"""What holds for every page: headers (WEB-6), tokens of forms (WEB-5), texts shown as texts (WEB-7), foreign ids."""

import asyncio
import re

import pytest

from dialplane.domain.identity.people import Deed
from dialplane.faces.portal.routes import HANDLERS
from dialplane.faces.portal.routing import ACCESS, DEED, Access
from dialplane.services.transaction import Database
from tests.portal.conftest import PASSWORD, Surfer, another, join
from tests.portal.test_numbers import bought

NOBODY = "01890000-0000-7000-8000-000000000000"
HOSTILE = '"><img src=x onerror=1>'

PAGES = sorted(path for handler in HANDLERS if "GET" in handler.http_methods for path in handler.paths)
ACTIONS = sorted(path for handler in HANDLERS if "POST" in handler.http_methods for path in handler.paths)


def _filled(path: str, *, project: str = NOBODY) -> str:
    path = path.replace("{project:uuid}", project.rsplit("/", 1)[-1])
    return "/portal" + re.sub(r"\{[a-z_]+:uuid\}", NOBODY, re.sub(r"\{[a-z_]+:str\}", "x", path)).rstrip("/")


async def test_every_page_forbids_what_is_inline_or_elsewhere(surfer: Surfer, at: str) -> None:
    """WEB-6."""
    paths = [*(_filled(path, project=at) for path in PAGES), "/portal/nowhere", "/dev/mail", "/"]

    shown = await asyncio.gather(*(surfer.get(path, follow=False) for path in paths))

    for page in shown:
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy, page.path
        for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'self'"):
            assert part in policy, page.path
        assert page.headers["strict-transport-security"].startswith("max-age=31536000")
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store", page.path
        assert page.status < 500, page.path
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", page.text), page.path


async def test_every_page_loads_from_this_server_only_and_files_are_kept(surfer: Surfer, at: str) -> None:
    page = await surfer.get(at)

    sources = re.findall(r'(?:src|href)="([^"]+\.(?:css|js|svg))"', page.text)
    files = await asyncio.gather(*(surfer.get(path) for path in sources))

    assert sources
    assert all(path.startswith("/portal/static/") for path in sources)
    assert {file.headers["cache-control"] for file in files} == {"public, max-age=31536000, immutable"}


@pytest.mark.parametrize("token", ["", "0" * 64])
async def test_no_form_is_heeded_without_its_token(surfer: Surfer, at: str, token: str) -> None:
    """WEB-5."""
    paths = [_filled(path, project=at) for path in ACTIONS]

    answers = await asyncio.gather(*(surfer.post(path, {"csrf": token}, follow=False) for path in paths))

    assert {(answer.path, answer.status) for answer in answers} == {(path, 403) for path in paths}
    assert (await surfer.get(at)).status == 200  # signing out was among them


async def test_token_of_another_browser_is_not_good(surfer: Surfer) -> None:
    """WEB-5."""
    foreign = (await another(surfer).get("/portal/sign-in")).form("/sign-in")["csrf"]

    answer = await surfer.post("/portal/profile", {"csrf": foreign, "name": "Eve", "timezone": "UTC"})

    assert answer.status == 403


async def test_form_that_another_site_sends_is_not_heeded(surfer: Surfer) -> None:
    page = await surfer.get("/portal/profile")
    surfer.headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}

    assert (await surfer.send(page, "/profile", name="Eve")).status == 403


async def test_nobody_comes_in_who_is_not_signed_in(stranger: Surfer) -> None:
    paths = [
        _filled(path)
        for handler in HANDLERS
        if "GET" in handler.http_methods and handler.opt[ACCESS] is not Access.ANYBODY
        for path in handler.paths
    ]

    for path in paths:
        assert (await stranger.get(path)).path.startswith("/portal/sign-in"), path


async def test_foreign_project_answers_as_one_that_does_not_exist(surfer: Surfer, at: str) -> None:
    stranger = another(surfer)
    await join(stranger, "bob@example.com", name="Bob")

    for path in PAGES:
        if "{project:uuid}" in path:
            foreign = await stranger.get(_filled(path, project=at))
            unknown = await stranger.get(_filled(path))
            assert (foreign.status, _body(foreign.text)) == (404, _body(unknown.text)), path


def _body(text: str) -> str:
    return re.sub(r"<code>[0-9a-f]+</code>", "", text)


async def test_foreign_number_is_not_found_in_ones_own_project(surfer: Surfer, at: str, database: Database) -> None:
    number = (await bought(surfer, at, database)).path.rsplit("/", 1)[-1]
    stranger = another(surfer)
    await join(stranger, "bob@example.com", name="Bob")
    own = (await stranger.send(await stranger.get("/portal/projects/new"), "/new", name="Bob's")).path
    token = (await stranger.get(own)).forms()[0]["csrf"]

    shown = await stranger.get(f"{own}/numbers/{number}")
    released = await stranger.post(f"{own}/numbers/{number}/release", {"csrf": token})

    assert shown.status == 404
    assert "There is no such number" in released.words
    assert (await surfer.get(f"{at}/numbers/{number}")).status == 200


async def test_texts_are_shown_as_texts_on_every_page(surfer: Surfer, at: str, database: Database) -> None:
    """WEB-7."""
    page = await bought(surfer, at, database)
    await surfer.send(page, "/details", name=HOSTILE, tags=HOSTILE)
    await surfer.send(await surfer.get(page.path), "/voice", do="add-user", user=HOSTILE)
    await surfer.send(await surfer.get("/portal/profile"), "/profile", name=HOSTILE, timezone="UTC")
    await surfer.send(await surfer.get(at), "/name", name=HOSTILE)
    await surfer.send(await surfer.get(f"{at}/keys"), "/access-keys", name=HOSTILE)
    await surfer.send(await surfer.get(f"{at}/people"), "/people", email="eve@example.com", role="viewer")
    agent = another(surfer)
    agent.headers = {"User-Agent": HOSTILE}
    await agent.send(await agent.get("/portal/sign-in"), "/sign-in", email="ann@example.com", password=PASSWORD)
    number = page.path.rsplit("/", 1)[-1]

    paths = [_filled(path, project=at).replace(NOBODY, number) for path in PAGES]
    paths += [f"{at}/numbers?q={HOSTILE}&name={HOSTILE}&tag={HOSTILE}", f"{at}/numbers/buy?type=did&country={HOSTILE}"]
    shown = [await surfer.get(path) for path in [*paths, "/dev/mail", f"/portal/{HOSTILE}"]]

    assert any("&lt;img" in each.text for each in shown)
    for each in shown:
        assert "<img src=x" not in each.text or "attachment" in each.headers["content-disposition"], each.path
        assert each.status < 500, each.path


@pytest.mark.parametrize("body", [b"\xff\xfe", b"name=%00", b"a=" + b"x" * 20_000, b"&".join([b"a=b"] * 600)])
async def test_form_that_cannot_be_read_changes_nothing(surfer: Surfer, body: bytes) -> None:
    async with surfer.session.post(
        f"{surfer.base}/portal/profile",
        data=body,
        headers={
            "Cookie": f"__Host-dialplane={surfer.cookie}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
        },
    ) as answer:
        assert answer.status in (400, 403)
        assert "text/html" in answer.headers["content-type"]


def test_every_page_of_a_project_names_what_is_done_there() -> None:
    """The role is asked before the handler, once for all pages."""
    for handler in HANDLERS:
        for path in handler.paths:
            named = isinstance(handler.opt[DEED], Deed)
            assert named is ("{project:uuid}" in path)


async def test_portal_takes_no_path_of_a_dialect(stranger: Surfer) -> None:
    answers = [await stranger.get(path) for path in ("/v1.0/numbers", "/2010-04-01/Accounts", "/ping", "/portals")]

    assert all("text/html" not in answer.headers["content-type"] for answer in answers)
