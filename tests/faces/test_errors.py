"""What malformed requests get: the envelope, the right word, the field, and never a 500 (reference 1.5)."""

from uuid import uuid4

from tests.faces.conftest import Client


async def test_unknown_path_or_method_is_404_route_not_found(anonymous: Client) -> None:
    for path in ("/v1.0/auth/login", "/v1.0/nothing", "/nothing", "/v1.0/numbers/"):
        answer = await anonymous.ask("PATCH", path)

        assert (answer.status, answer.reason) == (404, "ROUTE_NOT_FOUND"), path
        assert answer.json["error"]["request_id"]


async def test_path_id_that_is_no_uuid_is_invalid_id(client: Client) -> None:
    for resource in ("numbers", "flows", "extensions", "accesskeys"):
        for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
            answer = await client.ask(method, f"/v1.0/{resource}/flow-abc-123", body)

            assert (answer.status, answer.reason) == (400, "INVALID_ID"), (method, resource)


async def test_body_that_is_no_json_is_invalid_json_body(client: Client) -> None:
    for body in (b"", b"{", b"[]", b"not json", b'{"name": "\xff"}', b'{"name": "\\ud800"}'):
        answer = await client.ask("POST", "/v1.0/flows", body)

        assert (answer.status, answer.reason) == (400, "INVALID_JSON_BODY"), body


WRONG: list[tuple[object, str]] = [
    ({"name": 5, "actions": []}, "name"),
    ({"name": "x", "actions": "answer"}, "actions"),
    ({"actions": []}, "name"),
    ({"name": "x", "actions": [], "on_complete_flow_id": "abc"}, "on_complete_flow_id"),
    ({"name": "x\0y", "actions": []}, "name"),
    ({"name": "x", "actions": [{"type": "talk", "option": {"text": "a\0b"}}]}, "actions[0].option.text"),
    ({"name": "x", "actions": [{"type": "unheard_of"}]}, "actions[0].type"),
]


async def test_wrong_value_names_the_field(client: Client) -> None:
    for body, field in WRONG:
        answer = await client.ask("POST", "/v1.0/flows", body)

        assert answer.status == 400
        assert field in {detail.get("field") for detail in answer.json["error"]["details"]}, body


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"7",
    b"1" * 5000,
    b"[" * 100_000,
    b'{"a":' * 50 + b"1" + b"}" * 50,
    b'{"number": "+1", "type": ' + b"9" * 400 + b"}",
    b'"' + b"x" * (1 << 20) + b'"',
]


async def test_hostile_body_is_400(client: Client) -> None:
    """API-8."""
    for path in ("/v1.0/numbers", "/v1.0/calls", "/v1.0/messages"):
        for body in HOSTILE:
            answer = await client.ask("POST", path, body)

            assert (answer.status, answer.json["error"]["status"]) == (400, "INVALID_ARGUMENT"), (path, body[:40])


async def test_bad_paging_is_invalid_request_parameter(client: Client) -> None:
    for query in (
        "page_size=abc",
        "page_size=1.5",
        "page_token=yesterday",
        "page_token=0001-01-01T00:00:00%2B23:59",
        "page_token=%00",
    ):
        answer = await client.ask("GET", f"/v1.0/numbers?{query}")

        assert (answer.status, answer.reason) == (400, "INVALID_REQUEST_PARAMETER"), query


async def test_unknown_and_read_only_fields_are_ignored(client: Client) -> None:
    """API-7."""
    stranger = str(uuid4())
    body = {"extension": "100", "password": "p", "id": stranger, "customer_id": stranger, "tm_create": "x", "any": 1}

    answer = await client.ask("POST", "/v1.0/extensions", body)

    assert answer.status == 200
    assert stranger not in answer.raw.decode()


async def test_client_request_id_is_given_back_unless_it_is_harmful(client: Client) -> None:
    good = await client.ask("GET", "/ping", X_Request_Id="abcdef-123456")
    bad = await client.ask("GET", "/ping", X_Request_Id="a b c d e f g h")

    assert good.headers["X-Request-Id"] == "abcdef-123456"
    assert bad.headers["X-Request-Id"] != "a b c d e f g h"
