"""The account itself: its webhook address is a webhook endpoint."""

import pytest

from tests.faces.conftest import Client

URI = "https://hooks.example.org/dialplane"


async def endpoints(client: Client) -> list[tuple[str, str]]:
    answer = await client.ask("GET", "/v1.0/webhook_endpoints")
    return [(row["url"], row["method"]) for row in answer.json["result"]]


async def test_webhook_address_of_the_customer_makes_an_endpoint_and_an_empty_one_removes_it(client: Client) -> None:
    made = await client.ask("PUT", "/v1.0/customer", {"webhook_uri": URI})

    assert (made.status, made.json["webhook_uri"]) == (200, URI)
    assert await endpoints(client) == [(URI, "POST")]

    removed = await client.ask("PUT", "/v1.0/customer", {"webhook_uri": ""})

    assert (removed.status, removed.json["webhook_uri"]) == (200, "")
    assert await endpoints(client) == []


async def test_change_of_the_method_alone_changes_the_endpoint(client: Client) -> None:
    await client.ask("PUT", "/v1.0/customer", {"webhook_uri": URI, "webhook_method": "PUT"})

    await client.ask("PUT", "/v1.0/customer", {"webhook_method": "POST"})

    assert await endpoints(client) == [(URI, "POST")]


async def test_change_of_the_name_alone_leaves_the_endpoint(client: Client) -> None:
    await client.ask("PUT", "/v1.0/customer", {"webhook_uri": URI})

    await client.ask("PUT", "/v1.0/customer", {"name": "Acme"})

    assert await endpoints(client) == [(URI, "POST")]


@pytest.mark.parametrize("uri", ["ftp://example.org/", "https://", "https://exa mple.org/"])
async def test_address_that_is_no_url_is_refused_and_nothing_changes(client: Client, uri: str) -> None:
    answer = await client.ask("PUT", "/v1.0/customer", {"webhook_uri": uri})

    assert answer.status == 400
    assert (await client.ask("GET", "/v1.0/customer")).json["webhook_uri"] == ""


async def test_event_types_of_an_endpoint_are_chosen_and_changed(client: Client) -> None:
    path = "/v1.0/webhook_endpoints"
    made = (await client.ask("POST", path, {"url": "https://example.org/", "event_types": ["call_*", "call_*"]})).json
    changed = await client.ask("PUT", f"{path}/{made['id']}", {"event_types": ["number_created"]})
    kept = await client.ask("PUT", f"{path}/{made['id']}", {"name": "Mine"})
    every = await client.ask("PUT", f"{path}/{made['id']}", {"event_types": []})

    assert made["event_types"] == ["call_*"]
    assert changed.json["event_types"] == kept.json["event_types"] == ["number_created"]
    assert every.json["event_types"] == []
    for bad in ["call hangup"], ["*"], [""], ["x" * 101], "call_*", [f"a_{'b' * n}" for n in range(1, 102)]:
        refused = await client.ask("POST", path, {"url": "https://example.org/", "event_types": bad})
        assert refused.status == 400
        assert b"event_types" in refused.raw
