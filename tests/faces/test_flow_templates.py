"""`/v1.0/flow_templates` makes ordinary flows; a call to one of them: `tests/voice/test_voicemail.py`."""

import pytest

from tests.faces.conftest import Client


async def test_voicemail_is_two_flows_of_which_one_delivers(client: Client) -> None:
    wish = {"email": "desk@example.org", "webhook": "https://example.org/v", "greeting": "Speak.", "longest_s": 30}

    made = await client.ask("POST", "/v1.0/flow_templates/voicemail", wish)

    flows = {each["id"]: each for each in (await client.ask("GET", "/v1.0/flows")).json["result"]}
    (records,) = [each for each in made.json["actions"] if each["type"] == "recording_start"]
    delivers = flows[records["option"]["on_end_flow_id"]]
    assert (made.status, made.json["name"], len(flows)) == (200, "Voicemail", 2)
    assert [each["type"] for each in delivers["actions"]] == ["email_send", "webhook_send"]
    assert records["option"]["duration"] == 30


@pytest.mark.parametrize("wish", [{}, {"email": "a@b.org", "longest_s": 601}, {"webhook": "nowhere"}])
async def test_bad_wish_makes_nothing(client: Client, wish: dict[str, object]) -> None:
    answer = await client.ask("POST", "/v1.0/flow_templates/voicemail", wish)

    assert answer.status == 400
    assert (await client.ask("GET", "/v1.0/flows")).json["result"] == []
