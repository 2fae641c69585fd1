"""`POST /v1.0/flows/{id}/dry_run`: a flow played with a clock, digits, a text and web answers of one's choice
(DESIGN 9, "Dry run")."""

import pytest

from tests.faces.conftest import Client

SALES, CLOSED, STOP = (f"aaaaaaaa-0000-4000-8000-00000000000{each}" for each in "abc")
FORM = "https://app.example/form"
CUSTOMER_SERVICE: list[dict[str, object]] = [
    {"type": "answer"},
    {"type": "fetch", "option": {"event_url": FORM, "event_method": "POST"}},
    {
        "type": "condition_datetime",
        "option": {"condition": ">=", "hour": 9, "minute": -1, "weekdays": [1], "false_target_id": CLOSED},
    },
    {"type": "digits_receive", "option": {"duration": 5000, "length": 1}},
    {"type": "branch", "option": {"target_ids": {"1": SALES}, "default_target_id": STOP}},
    {"id": SALES, "type": "talk", "option": {"text": "Sales.", "language": "en-US"}},
    {"id": STOP, "type": "stop"},
    {"id": CLOSED, "type": "talk", "option": {"text": "We are closed.", "language": "en-US"}},
]
"""The seed's customer service hotline, as one flow."""
MONDAY_AT_NINE = "2026-11-23T09:00:00Z"
FETCHED = {FORM: {"status": 200, "body": [{"type": "talk", "option": {"text": "Welcome.", "language": "en-US"}}]}}


async def _flow(client: Client, actions: list[dict[str, object]]) -> str:
    made = await client.ask("POST", "/v1.0/flows", {"name": "hotline", "detail": "", "actions": actions})
    return f"/v1.0/flows/{made.json['id']}/dry_run"


def _spoken(answer: dict[str, object]) -> list[str]:
    steps = answer["steps"]
    assert isinstance(steps, list)
    return [step["action"]["option"]["text"] for step in steps if step["action"]["type"] == "talk"]


async def test_flow_is_played_with_the_clock_digits_and_web_answers_that_are_given(client: Client) -> None:
    path = await _flow(client, CUSTOMER_SERVICE)
    question = {"from": "+12125550123", "at": MONDAY_AT_NINE, "digits": ["1"], "http": FETCHED}

    first = await client.ask("POST", path, question)
    again = await client.ask("POST", path, question)

    assert first.status == 200
    assert set(first.json) == {"steps", "ended", "duration_ms", "price_micros", "problems"}
    assert first.json["steps"][0]["at"] == "2026-11-23T09:00:00.000000Z"
    assert _spoken(first.json) == ["Welcome.", "Sales."]
    assert first.json["problems"] == []
    assert [step["result"] for step in again.json["steps"]] == [step["result"] for step in first.json["steps"]]


@pytest.mark.parametrize(
    ("at", "zone", "spoken"),
    [
        (MONDAY_AT_NINE, "Asia/Seoul", ["Welcome.", "Sales."]),
        ("2026-11-23T09:00:00", "Asia/Seoul", ["Welcome.", "We are closed."]),
        ("2026-11-23T04:00:00", "America/New_York", ["Welcome.", "Sales."]),
        ("2026-11-22T09:00:00Z", "", ["Welcome.", "We are closed."]),
    ],
    ids=["an offset counts", "midnight UTC", "nine UTC", "Sunday"],
)
async def test_time_without_an_offset_is_read_in_the_time_zone(
    client: Client, at: str, zone: str, spoken: list[str]
) -> None:
    path = await _flow(client, CUSTOMER_SERVICE)

    answer = await client.ask("POST", path, {"at": at, "timezone": zone, "digits": ["1"], "http": FETCHED})

    assert _spoken(answer.json) == spoken


async def test_text_makes_it_a_message(client: Client) -> None:
    """The seed's scenario 2, an SMS auto-responder, up to the answer."""
    told = "We're open Mon-Fri 9-5"
    path = await _flow(
        client,
        [
            {
                "type": "condition_variable",
                "option": {
                    "condition": "==",
                    "variable": "voipbin.conversation_message.text",
                    "value_type": "string",
                    "value_string": "HOURS",
                    "false_target_id": STOP,
                },
            },
            {
                "type": "conversation_send",
                "option": {"conversation_id": "${voipbin.conversation.id}", "text": told},
            },
            {"id": STOP, "type": "stop"},
        ],
    )

    hours = await client.ask("POST", path, {"from": "+12125550123", "text": "HOURS"})
    other = await client.ask("POST", path, {"from": "+12125550123", "text": "hello"})

    assert [step["action"]["type"] for step in hours.json["steps"]] == [
        "condition_variable",
        "conversation_send",
        "stop",
    ]
    assert [step["action"]["type"] for step in other.json["steps"]] == ["condition_variable", "stop"]


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"digits": "1"}, "digits"),
        ({"digits": ["1"] * 101}, "digits"),
        ({"digits": ["1", "one"]}, "digits[1]"),
        ({"digits": ["1" * 101]}, "digits[0]"),
        ({"http": {"https://a.example/": {"status": 99999}}}, "http.https://a.example/"),
        ({"at": "soon"}, "at"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"text": "x" * 16_385}, "text"),
    ],
)
async def test_bad_question_is_400_and_names_the_field(client: Client, question: dict[str, object], field: str) -> None:
    """API-2."""
    answer = await client.ask("POST", await _flow(client, [{"type": "answer"}]), question)

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, field)
