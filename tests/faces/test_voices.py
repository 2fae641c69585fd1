"""`GET /v1.0/voices`, and the same list on the command line."""

import json

import typer
from typer.testing import CliRunner

from dialplane.faces.cli.voices import voices
from tests.faces.conftest import Client


async def test_voices_are_listed_by_language_and_gender(client: Client) -> None:
    answer = await client.ask("GET", "/v1.0/voices?language=en-GB&gender=female")

    assert answer.json == {
        "result": [
            {
                "id": "en-GB-female",
                "language": "en-GB",
                "name": "English",
                "accent": "Great Britain",
                "gender": "female",
                "provider": "embedded",
            }
        ],
        "next_page_token": "",
    }


async def test_voices_come_page_by_page_each_once(client: Client) -> None:
    found: list[str] = []
    token = ""
    while True:
        page = (await client.ask("GET", f"/v1.0/voices?page_token={token}")).json
        found += [voice["id"] for voice in page["result"]]
        token = page["next_page_token"]
        if not token:
            break

    assert len(found) == len(set(found)) > 200
    assert len({voice_id.partition("-")[0] for voice_id in found}) > 50


async def test_language_gender_or_page_that_there_is_not_is_refused_by_name(client: Client) -> None:
    for field in ("language", "gender", "page_token"):
        answer = await client.ask("GET", f"/v1.0/voices?{field}=nothing")

        assert answer.status == 400
        assert field in json.dumps(answer.json)


def test_voices_are_listed_on_the_command_line() -> None:
    command = typer.Typer()
    command.command()(voices)

    listed = CliRunner().invoke(command, ["--language", "de", "--json"])

    assert [json.loads(line)["id"] for line in listed.stdout.splitlines()] == ["de-DE-male", "de-DE-female"]
