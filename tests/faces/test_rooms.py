"""`/v1.0/conferences`, `/v1.0/queues`, `/v1.0/agents`, `/v1.0/tags` (reference 6.1, 6.3, 6.4)."""

from uuid import uuid4

from dialplane.domain.ids import NIL
from tests.faces.conftest import Client

AGENT = {
    "username": "ann@example.org",
    "password": "long enough",
    "name": "Ann",
    "detail": "",
    "ring_method": "linear",
    "permission": 16,
    "tag_ids": [],
    "addresses": [{"type": "extension", "target": "1001"}, {"type": "tel", "target": "+1 202 555 0101"}],
}


async def test_conference_is_made_read_changed_and_deleted(client: Client) -> None:
    flow = await client.ask("POST", "/v1.0/flows", {"name": "before", "actions": []})
    body = {"type": "conference", "name": "team", "detail": "", "timeout": 3600, "data": {"room": 7},
            "pre_flow_id": flow.json["id"], "post_flow_id": str(NIL)}  # fmt: skip

    made = await client.ask("POST", "/v1.0/conferences", body)
    path = f"/v1.0/conferences/{made.json['id']}"
    changed = await client.ask("PUT", path, {"detail": "every Monday", "pre_flow_id": str(NIL)})
    listed = await client.ask("GET", "/v1.0/conferences")
    hashed = await client.ask("POST", f"{path}/direct-hash-regenerate")
    deleted = await client.ask("DELETE", path)
    after = await client.ask("GET", path)

    assert made.status == 200
    assert {name: made.json[name] for name in ("status", "timeout", "data", "pre_flow_id", "conferencecall_ids")} == {
        "status": "progressing",
        "timeout": 3600,
        "data": {"room": 7},
        "pre_flow_id": flow.json["id"],
        "conferencecall_ids": [],
    }
    assert made.json["direct_hash"].startswith("direct.")
    assert hashed.json["direct_hash"] != made.json["direct_hash"]
    assert (changed.json["name"], changed.json["detail"], changed.json["pre_flow_id"]) == (
        "team",
        "every Monday",
        str(NIL),
    )
    assert [each["id"] for each in listed.json["result"]] == [made.json["id"]]
    assert (deleted.json["status"], deleted.json["tm_end"] is None) == ("terminated", False)
    assert (after.status, after.reason) == (404, "CONFERENCE_NOT_FOUND")


async def test_conference_with_unknown_flow_is_refused_and_not_made(client: Client) -> None:
    answer = await client.ask("POST", "/v1.0/conferences", {"name": "a", "pre_flow_id": str(uuid4())})

    assert (answer.status, answer.reason) == (404, "FLOW_NOT_FOUND")
    assert answer.json["error"]["details"][0]["field"] == "pre_flow_id"
    assert (await client.ask("GET", "/v1.0/conferences")).json["result"] == []


async def test_conferences_and_queues_beyond_the_plan_are_429(client: Client) -> None:
    for path in ("/v1.0/conferences", "/v1.0/queues"):
        answers = [await client.ask("POST", path, {"name": f"{number}"}) for number in range(3)]

        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[2].reason == "RESOURCE_LIMIT_EXCEEDED"


async def test_queue_is_made_read_changed_and_deleted(client: Client) -> None:
    tag = await client.ask("POST", "/v1.0/tags", {"name": "sales", "detail": ""})
    body = {"name": "desk", "detail": "", "routing_method": "random", "tag_ids": [tag.json["id"]],
            "wait_flow_id": str(NIL), "wait_timeout": 60_000, "service_timeout": 600_000}  # fmt: skip

    made = await client.ask("POST", "/v1.0/queues", body)
    path = f"/v1.0/queues/{made.json['id']}"
    routed = await client.ask("PUT", f"{path}/routing_method", {"routing_method": ""})
    untagged = await client.ask("PUT", f"{path}/tag_ids", {"tag_ids": []})
    changed = await client.ask("PUT", path, {"wait_timeout": 5})
    deleted = await client.ask("DELETE", path)

    assert made.status == 200
    assert made.json["tag_ids"] == [tag.json["id"]]
    assert (made.json["wait_timeout"], made.json["service_timeout"]) == (60_000, 600_000)
    assert (made.json["wait_queuecall_ids"], made.json["total_incoming_count"]) == ([], 0)
    assert (routed.json["routing_method"], untagged.json["tag_ids"]) == ("", [])
    assert (changed.json["wait_timeout"], changed.json["name"]) == (5, "desk")
    assert deleted.json["tm_delete"] is not None
    assert (await client.ask("GET", path)).reason == "QUEUE_NOT_FOUND"


async def test_unknown_tag_on_a_queue_is_400_and_named(client: Client) -> None:
    answer = await client.ask("POST", "/v1.0/queues", {"name": "desk", "tag_ids": [str(uuid4())]})

    assert (answer.status, answer.reason) == (400, "TAG_NOT_FOUND")
    assert answer.json["error"]["details"][0]["field"] == "tag_ids"


async def test_deleted_tag_comes_off_agents_and_queues(client: Client) -> None:
    tag = await client.ask("POST", "/v1.0/tags", {"name": "sales"})
    queue = await client.ask("POST", "/v1.0/queues", {"name": "desk", "tag_ids": [tag.json["id"]]})
    agent = await client.ask("POST", "/v1.0/agents", AGENT | {"tag_ids": [tag.json["id"]]})

    await client.ask("DELETE", f"/v1.0/tags/{tag.json['id']}")

    assert (await client.ask("GET", f"/v1.0/queues/{queue.json['id']}")).json["tag_ids"] == []
    assert (await client.ask("GET", f"/v1.0/agents/{agent.json['id']}")).json["tag_ids"] == []


async def test_agent_is_made_changed_and_deleted(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/agents", AGENT)
    path = f"/v1.0/agents/{made.json['id']}"
    available = await client.ask("PUT", f"{path}/status", {"status": "available"})
    moved = await client.ask("PUT", f"{path}/addresses", {"addresses": [{"type": "sip", "target": "ann@127.0.0.1"}]})
    renamed = await client.ask("PUT", path, {"name": "Anna", "detail": "desk", "ring_method": "ringall"})
    promoted = await client.ask("PUT", f"{path}/permission", {"permission": 64})
    deleted = await client.ask("DELETE", path)

    assert made.status == 201
    assert (made.json["status"], made.json["ring_method"]) == ("offline", "linear")
    assert made.json["addresses"][1] == {"type": "tel", "target": "+12025550101"}
    assert "password" not in made.json
    assert available.json["status"] == "available"
    assert moved.json["addresses"] == [{"type": "sip", "target": "ann@127.0.0.1"}]
    assert (renamed.json["name"], renamed.json["ring_method"]) == ("Anna", "ringall")
    assert promoted.json["permission"] == 64
    assert deleted.json["tm_delete"] is not None
    assert (await client.ask("GET", path)).reason == "AGENT_NOT_FOUND"


async def test_agents_are_filtered_by_tag_and_status(client: Client) -> None:
    tag = await client.ask("POST", "/v1.0/tags", {"name": "sales"})
    ann = await client.ask("POST", "/v1.0/agents", AGENT | {"tag_ids": [tag.json["id"]]})
    await client.ask("POST", "/v1.0/agents", AGENT | {"username": "bob@example.org"})
    await client.ask("PUT", f"/v1.0/agents/{ann.json['id']}/status", {"status": "away"})

    tagged = await client.ask("GET", f"/v1.0/agents?tag_ids={tag.json['id']}")
    away = await client.ask("GET", "/v1.0/agents?status=away")
    wrong = await client.ask("GET", "/v1.0/agents?status=asleep")

    assert [each["id"] for each in tagged.json["result"]] == [ann.json["id"]]
    assert [each["id"] for each in away.json["result"]] == [ann.json["id"]]
    assert (wrong.status, wrong.reason) == (400, "INVALID_REQUEST_PARAMETER")


async def test_taken_username_is_409_weak_password_and_platform_rights_are_400(client: Client) -> None:
    await client.ask("POST", "/v1.0/agents", AGENT)

    taken = await client.ask("POST", "/v1.0/agents", AGENT | {"username": "ANN@example.org"})
    weak = await client.ask("POST", "/v1.0/agents", AGENT | {"username": "bob", "password": "short"})
    grand = await client.ask("POST", "/v1.0/agents", AGENT | {"username": "bob", "permission": 1})

    assert (taken.status, weak.status, grand.status) == (409, 400, 400)
    assert grand.json["error"]["details"][0]["field"] == "permission"


async def test_last_admin_stays(client: Client) -> None:
    [admin] = (await client.ask("GET", "/v1.0/agents")).json["result"]

    deleted = await client.ask("DELETE", f"/v1.0/agents/{admin['id']}")
    demoted = await client.ask("PUT", f"/v1.0/agents/{admin['id']}/permission", {"permission": 16})

    assert (deleted.status, demoted.status) == (409, 409)


async def test_agent_beyond_the_plan_is_429(client: Client) -> None:
    answers = [await client.ask("POST", "/v1.0/agents", AGENT | {"username": f"agent{number}"}) for number in range(5)]

    assert [answer.status for answer in answers] == [201, 201, 201, 201, 429]


async def test_stays_of_nobody_are_empty_lists_and_404(client: Client) -> None:
    for path, reason in (("conferencecalls", "CONFERENCECALL_NOT_FOUND"), ("queuecalls", "QUEUECALL_NOT_FOUND")):
        listed = await client.ask("GET", f"/v1.0/{path}")
        one = await client.ask("GET", f"/v1.0/{path}/{uuid4()}")

        assert listed.json == {"result": [], "next_page_token": ""}
        assert (one.status, one.reason) == (404, reason)
