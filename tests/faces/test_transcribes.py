"""`/v1.0/transcribes` and `/v1.0/transcripts` (VoIPBIN reference 6.7)."""

from uuid import uuid4

import pytest

from tests.faces.conftest import Client

WISH = {"reference_type": "recording", "reference_id": str(uuid4()), "language": "en-US"}


async def test_list_without_transcriptions_is_empty(client: Client) -> None:
    answer = await client.ask("GET", "/v1.0/transcribes?reference_type=call")

    assert answer.json == {"result": [], "next_page_token": ""}


@pytest.mark.parametrize("reference_type", ["recording", "call", "confbridge"])
async def test_transcription_of_what_there_is_not_is_refused(client: Client, reference_type: str) -> None:
    answer = await client.ask("POST", "/v1.0/transcribes", {**WISH, "reference_type": reference_type})

    assert answer.status == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"language": "de-DE"}, "language"),
        ({"provider": "acme"}, "provider"),
        ({"direction": "up"}, "direction"),
        ({"reference_type": "queue"}, "reference_type"),
    ],
)
async def test_transcription_that_cannot_be_is_refused_by_the_name_of_its_field(
    client: Client, change: dict[str, str], field: str
) -> None:
    answer = await client.ask("POST", "/v1.0/transcribes", {**WISH, **change})

    assert answer.status == 400
    assert field in str(answer.json)


async def test_unknown_transcription_is_not_found_by_any_request(client: Client) -> None:
    path = f"/v1.0/transcribes/{uuid4()}"

    answers = [
        await client.ask("GET", path),
        await client.ask("DELETE", path),
        await client.ask("POST", f"{path}/stop"),
        await client.ask("GET", f"/v1.0/transcripts?transcribe_id={uuid4()}"),
    ]

    assert [answer.status for answer in answers] == [404] * 4
