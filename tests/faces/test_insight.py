"""What the API adds to understand and to change: versions, drafts, timelines, e-mails, cases, as a client sees them."""

import pytest

from tests.faces.conftest import Client

NOBODY = "aaaaaaaa-0000-4000-8000-000000000001"
TALK: dict[str, object] = {"type": "talk", "option": {"text": "Hello"}}


async def test_versions_of_a_flow_are_listed_read_and_gone_back_to(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/flows", {"name": "a", "actions": [TALK]})
    path = f"/v1.0/flows/{made.json['id']}"
    await client.ask("PUT", path, {"actions": [{"type": "beep"}]})

    listed = await client.ask("GET", f"{path}/versions")
    first = await client.ask("GET", f"{path}/versions/1")
    back = await client.ask("POST", f"{path}/rollback", {"version": 1})
    now = await client.ask("GET", path)

    assert [each["version"] for each in listed.json["result"]] == [2, 1]
    assert first.json["actions"][0]["option"] == {"text": "Hello"}
    assert (back.json["version"], back.json["warnings"]) == (3, [])
    assert now.json == {name: value for name, value in back.json.items() if name != "warnings"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "versions/9", None, 404, "FLOW_VERSION_NOT_FOUND"),
        ("GET", "versions/99999999999999", None, 404, "FLOW_VERSION_NOT_FOUND"),
        ("POST", "rollback", {"version": 9}, 404, "FLOW_VERSION_NOT_FOUND"),
        ("POST", "rollback", {"version": 0}, 400, "INVALID_ARGUMENT"),
        ("POST", "dry_run", {"version": 9}, 404, "FLOW_VERSION_NOT_FOUND"),
    ],
)
async def test_version_that_never_was(
    client: Client, method: str, path: str, body: object, status: int, reason: str
) -> None:
    made = await client.ask("POST", "/v1.0/flows", {"name": "a", "actions": [TALK]})

    answer = await client.ask(method, f"/v1.0/flows/{made.json['id']}/{path}", body)

    assert (answer.status, answer.reason) == (status, reason)


async def test_draft_is_played_without_being_written(client: Client) -> None:
    actions = await client.ask("POST", "/v1.0/dry_run", {"actions": [TALK]})
    document = await client.ask("POST", "/v1.0/dry_run", {"document": "<Response><Say>Hello</Say></Response>"})
    url = "https://app.example/voice"
    fetched = await client.ask(
        "POST", "/v1.0/dry_run", {"url": url, "http": {url: [{"body": "<Response><Hangup/></Response>"}]}}
    )

    assert actions.json["steps"][0]["result"] == "says 'Hello'"
    assert [step["action"]["type"] for step in document.json["steps"]] == ["Say"]
    assert (fetched.json["ended"], fetched.json["problems"]) == ("hangup", [])
    assert (await client.ask("GET", "/v1.0/flows")).json["result"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "flow_id"),
        ({"actions": [], "document": "<Response/>"}, "document"),
        ({"actions": [{"type": "none"}]}, "actions[0].type"),
        ({"url": "ftp://x"}, "url"),
        ({"actions": [], "caller": [{"press": "x"}]}, "caller[0].press"),
        ({"actions": [], "dial": [{"status": "gone"}]}, "dial[0].status"),
        ({"actions": [], "hangs_up_at_ms": -1}, "hangs_up_at_ms"),
        ({"actions": [], "answered_by": "dog"}, "answered_by"),
        ({"actions": [], "http": {"https://a.test/": []}}, "http.https://a.test/"),
    ],
)
async def test_draft_that_cannot_be_played_names_the_field(client: Client, body: dict[str, object], field: str) -> None:
    answer = await client.ask("POST", "/v1.0/dry_run", body)

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("timelines/calls/{}/events", "CALL_NOT_FOUND"),
        ("timelines/calls/{}/sip-analysis", "CALL_NOT_FOUND"),
        ("timelines/calls/{}/pcap", "CALL_NOT_FOUND"),
        ("timelines/flows/{}/events", "FLOW_NOT_FOUND"),
        ("timelines/activeflows/{}/events", "ACTIVEFLOW_NOT_FOUND"),
        ("timelines/conferences/{}/events", "CONFERENCE_NOT_FOUND"),
        ("aggregated-events?call_id={}", "CALL_NOT_FOUND"),
        ("aggregated-events?activeflow_id={}", "ACTIVEFLOW_NOT_FOUND"),
        ("emails/{}", "EMAIL_NOT_FOUND"),
        ("contact_cases/{}", "RESOURCE_NOT_FOUND"),
    ],
)
async def test_thing_that_is_not_there_is_not_found(client: Client, path: str, reason: str) -> None:
    answer = await client.ask("GET", f"/v1.0/{path.format(NOBODY)}")

    assert (answer.status, answer.reason) == (404, reason)


@pytest.mark.parametrize("query", ["", f"?call_id={NOBODY}&activeflow_id={NOBODY}"])
async def test_aggregated_events_want_one_name(client: Client, query: str) -> None:
    answer = await client.ask("GET", f"/v1.0/aggregated-events{query}")

    assert (answer.status, answer.json["error"]["details"][0]["field"]) == (400, "call_id")


async def test_timeline_of_a_flow_tells_its_changes(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/flows", {"name": "a", "actions": [TALK]})
    await client.ask("PUT", f"/v1.0/flows/{made.json['id']}", {"name": "b"})

    told = await client.ask("GET", f"/v1.0/timelines/flows/{made.json['id']}/events")

    assert [(each["kind"], each["type"]) for each in told.json["result"]] == [
        ("event", "flow_created"), ("event", "flow_updated"),
    ]  # fmt: skip


async def test_email_without_a_mail_server_waits_in_the_outbox(client: Client) -> None:
    body = {"destinations": [{"type": "email", "target": "ann@example.test"}], "subject": "Hi", "content": "There"}

    sent = await client.ask("POST", "/v1.0/emails", body)
    listed = await client.ask("GET", "/v1.0/emails")
    deleted = await client.ask("DELETE", f"/v1.0/emails/{sent.json['id']}")

    assert (sent.status, sent.json["status"]) == (200, "initiated")
    assert "outbox" in sent.json["note"]
    assert listed.json["result"] == [sent.json]
    assert deleted.json["tm_delete"] is not None
    assert (await client.ask("GET", "/v1.0/emails")).json["result"] == []
