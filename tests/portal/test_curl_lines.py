"""What was done is shown as the line that does the same by the API (point 9)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dialplane.faces.portal
from dialplane.services.transaction import Database
from tests.portal.conftest import Surfer
from tests.portal.test_numbers import bought

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
