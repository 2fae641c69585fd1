"""`/v1.0/extensions`."""

from tests.faces.conftest import Client


async def test_extension_is_made_read_changed_and_deleted(client: Client) -> None:
    made = await client.ask("POST", "/v1.0/extensions", {"extension": "100", "password": "secret", "name": "desk"})
    path = f"/v1.0/extensions/{made.json['id']}"

    changed = await client.ask("PUT", path, {"detail": "ground floor"})
    read = await client.ask("GET", path)
    deleted = await client.ask("DELETE", path)
    after = await client.ask("GET", path)

    assert (made.status, changed.status, read.status, deleted.status, after.status) == (200, 200, 200, 200, 404)
    assert made.json["username"] == "100"
    assert made.json["domain_name"] == made.json["customer_id"]
    assert read.json == changed.json
    assert (read.json["name"], read.json["detail"]) == ("desk", "ground floor")
    assert deleted.json["tm_delete"] is not None
    assert after.reason == "EXTENSION_NOT_FOUND"


async def test_name_with_hyphen_is_refused_and_the_field_named(client: Client) -> None:
    answer = await client.ask("POST", "/v1.0/extensions", {"extension": "1-00", "password": "secret"})

    assert (answer.status, answer.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert answer.json["error"]["details"][0]["field"] == "extension"


async def test_same_name_twice_is_409(client: Client) -> None:
    body = {"extension": "100", "password": "secret"}
    await client.ask("POST", "/v1.0/extensions", body)

    again = await client.ask("POST", "/v1.0/extensions", body)

    assert (again.status, again.reason) == (409, "ALREADY_EXISTS")


async def test_plan_limit_is_429(client: Client) -> None:
    for number in range(5):
        await client.ask("POST", "/v1.0/extensions", {"extension": f"10{number}", "password": "secret"})

    sixth = await client.ask("POST", "/v1.0/extensions", {"extension": "200", "password": "secret"})

    assert (sixth.status, sixth.reason) == (429, "RESOURCE_LIMIT_EXCEEDED")
