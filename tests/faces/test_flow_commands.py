"""`dialplane flow` and `dialplane call`: files as regression tests, and a platform's flows, as a user types them."""

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from dialplane.faces.cli.application import app
from dialplane.faces.cli.tools import add_tools
from tests.faces.conftest import Client

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "flows").glob("*.json"))
SAYS = {"actions": [{"type": "talk", "option": {"text": "Hello"}}]}


def dialplane(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def lines(told: Result) -> list[str]:
    """Without the log of the application, which lives in the same process as the command here."""
    return [line for line in told.output.splitlines() if "http_request" not in line]


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    if not app.registered_groups:
        add_tools(app)


def written(folder: Path, content: object, name: str = "flow.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_passes_its_own_tests(path: Path) -> None:
    told = dialplane("flow", "test", path)

    assert told.exit_code == 0, told.output
    assert "0 failed" in told.output


def test_failure_shows_what_was_expected_and_what_came(tmp_path: Path) -> None:
    case = {"name": "polite", "expect": {"said": ["Good day"], "ended": "hangup"}}
    path, report = written(tmp_path, {**SAYS, "cases": [case]}), tmp_path / "report.xml"

    told = dialplane("flow", "test", path, "--junit", report)
    as_json = dialplane("flow", "test", path, "--json")

    assert told.exit_code == as_json.exit_code == 1
    assert "-Good day" in told.output
    assert "+Hello" in told.output
    assert "ended: expected 'hangup', got 'finished'" in told.output
    (result,) = json.loads(as_json.output)
    assert (result["case"], result["passed"], result["said"]) == ("polite", False, ["Hello"])
    suite = ElementTree.parse(report).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite[0].get("name")) == ("1", "1", "polite")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no json", "is not JSON"),
        ({}, "actions, document or url"),
        ({"actions": [{"type": "chatbot_talk"}]}, "unknown type"),
        ({"document": "none.xml"}, "cannot be read"),
        ({**SAYS, "cases": {}}, "cases must be a list"),
        ({**SAYS, "cases": [{"digits": "1"}]}, "cases[0]: digits must be a list"),
        ({**SAYS, "cases": [{"expect": {"sayd": []}}]}, "does not know sayd"),
        ({**SAYS, "cases": [{"digit": ["1"]}]}, "cases[0] does not know digit"),
        ({**SAYS, "defaults": {"zone": "UTC"}}, "defaults does not know zone"),
        ({**SAYS, "cases": [{"expect": {"said": "Hello"}}]}, "must be a list of strings"),
        ({**SAYS, "cases": [{"expect": {"price_micros": "1"}}]}, "must be a whole number"),
        ({**SAYS, "flows": {"x": []}}, "must be named by a UUID"),
    ],
)
def test_file_that_cannot_be_read_is_told_with_its_field(tmp_path: Path, content: object, told: str) -> None:
    answer = dialplane("flow", "test", written(tmp_path, content))

    assert answer.exit_code == 2
    assert told in answer.output


def test_dry_run_and_validation_of_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, {"actions": [{"type": "ai_task"}, {"type": "answer"}], "cases": [{"name": "only"}]})

    played, checked = dialplane("flow", "dry-run", path), dialplane("flow", "validate", path)

    assert "finished after 0 s" in played.output
    assert "2 actions, 1 cases" in checked.output
    assert "action 0 (ai_task): no assistant is set up" in checked.output
    assert dialplane("flow", "dry-run", path, "--case", "other").exit_code == 1


async def test_flow_goes_to_a_platform_and_back(client: Client, tmp_path: Path) -> None:
    path = written(tmp_path, {"name": "greeting", **SAYS, "cases": [{"expect": {"said": ["Hello"]}}]})
    there = ("--api", client.base, "--key", client.key)

    async def flow(*arguments: object) -> Result:
        return await asyncio.to_thread(dialplane, "flow", *arguments, *there)

    pushed = await flow("push", path)
    flow_id = lines(pushed)[-1].split(":")[0]
    changed = await client.ask("PUT", f"/v1.0/flows/{flow_id}", {"actions": [{"type": "ai_talk"}, {"type": "beep"}]})
    listed = await flow("versions", flow_id)
    rolled_back = await flow("rollback", flow_id, 1)
    pulled = await flow("pull", flow_id, path)
    unknown = await flow("rollback", flow_id, 77)

    assert "version 1" in pushed.output
    assert changed.json["warnings"][0].startswith("action 0 (ai_talk): no assistant is set up")
    assert [line.split()[0] for line in lines(listed)] == ["2", "1"]
    assert "version 3" in rolled_back.output
    assert pulled.exit_code == 0
    kept = json.loads(path.read_text())
    assert (kept["id"], kept["cases"], kept["actions"][0]["type"]) == (
        flow_id,
        [{"expect": {"said": ["Hello"]}}],
        "talk",
    )
    assert (unknown.exit_code, "no such version" in unknown.output) == (1, True)


async def test_flow_whose_cases_fail_is_not_pushed(client: Client, tmp_path: Path) -> None:
    path = written(tmp_path, {**SAYS, "cases": [{"expect": {"said": ["Bye"]}}]})

    told = await asyncio.to_thread(dialplane, "flow", "push", path, "--api", client.base, "--key", client.key)

    assert told.exit_code == 1
    assert (await client.ask("GET", "/v1.0/flows")).json["result"] == []


async def test_call_that_is_not_there_is_told(client: Client) -> None:
    call_id = "aaaaaaaa-0000-4000-8000-000000000001"

    told = await asyncio.to_thread(dialplane, "call", "show", call_id, "--api", client.base, "--key", client.key)

    assert (told.exit_code, "no such call" in told.output) == (1, True)


def test_platform_that_nobody_named_is_asked_for(tmp_path: Path) -> None:
    told = dialplane("call", "show", "x", "--data", tmp_path)

    assert told.exit_code == 1
    assert "--api" in told.output
