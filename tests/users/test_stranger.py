"""Hostile and sloppy input through the real server: every operation, ids of others, SIP that is none."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from dialplane.phone.softphone import Softphone
from tests.effort import PATIENCE_S
from tests.users.acting import STAY_ON_THE_LINE, Answer, Place, Web, call_answered

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture(scope="module")
def at(common: Place) -> Place:
    """Shared with other modules."""
    return common


@pytest.fixture(scope="module")
def softphone(common_phone: Softphone) -> Softphone:
    return common_phone


WRONG_VALUES: list[tuple[str, object]] = [
    ("null", None),
    ("boolean", True),
    ("integer", 10**30),
    ("number", 1.5),
    ("string", "\x00"),
    ("array", [[["deep"]]]),
    ("object", {"": {"": None}}),
]
"""One of each JSON type."""
WRONG_BODIES = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"17",
    b"{",
    b'{"a": 1,}',
    b"\xff\xfe{}",
    b'{"name": "\xc3\x28"}',
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b"[" * 100_000,
    b'{"name": 1e999}',
]
HUGE = b'{"name": "' + b"x" * (2 << 20) + b'"}'
COLLECTIONS = ("/numbers", "/flows", "/extensions", "/accesskeys", "/webhook_endpoints", "/calls", "/messages")
METHODS = ("get", "put", "post", "delete")


def operations(document: dict[str, Any], *methods: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each operation of the native face."""
    for path, item in document["paths"].items():
        if path.startswith("/v1.0/"):
            for method in methods:
                if method in item:
                    yield method.upper(), path.removeprefix("/v1.0"), item[method]


def properties(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The body's fields with their schemas."""
    content = operation.get("requestBody", {}).get("content", {})
    found: dict[str, dict[str, Any]] = resolve(document, content.get("application/json", {}).get("schema", {})).get(
        "properties", {}
    )
    return found


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself where `schema` is a reference."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def types_of(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """JSON types that the schema takes."""
    schema = resolve(document, schema)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return set().union(*(types_of(document, each) for each in schema[several]))
    if "enum" in schema or "const" in schema:
        return {"null" if value is None else "string" for value in schema.get("enum", [schema.get("const")])}
    kinds = schema.get("type", [name for name, _ in WRONG_VALUES])
    return {kinds} if isinstance(kinds, str) else set(kinds)


def judge(answer: Answer) -> str:
    """What is wrong with a refusal; empty where it is none or as it should be."""
    if answer.status < 300:
        return ""
    if not 400 <= answer.status < 500:
        return f"status {answer.status}"
    try:
        error = answer.json["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"no envelope: {answer.raw[:100]!r}"
    return "" if {"status", "reason", "message", "request_id"} <= set(error) else f"envelope {error}"


def filled(path: str) -> str:
    """The path with random ids."""
    head, brace, rest = path.partition("{")
    return head + str(uuid4()) + filled(rest.partition("}")[2]) if brace else path


async def sizes(client: Web) -> dict[str, int]:
    return {path: len(await client.list(path)) for path in COLLECTIONS}


async def document_of(at: Place) -> dict[str, Any]:
    return msgspec.json.decode(  # type: ignore[no-any-return]  # foreign data: the document is judged elsewhere
        (await Web(at.platform.ready["http"], "", at.customer.session).ask("GET", "/openapi.json")).raw
    )


async def test_bodies_that_are_no_json_object_are_refused_by_every_operation(at: Place) -> None:
    document, before, wrong = await document_of(at), await sizes(at.customer), []
    for method, path, operation in operations(document, "post", "put"):
        for body in WRONG_BODIES:
            answer = await at.customer.ask(method, filled(path), body)
            is_refused = answer.status >= 400 or "requestBody" not in operation
            if problem := judge(answer) or ("" if is_refused else "accepted"):
                wrong.append((method, path, body[:20], problem))
        answer = await at.customer.ask(method, filled(path), HUGE)
        if problem := judge(answer) or ("" if answer.status in (400, 404, 413) else str(answer.status)):
            wrong.append((method, path, HUGE[:10], problem))
    assert wrong == []
    assert await sizes(at.customer) == before


async def test_wrong_type_in_any_field_of_any_operation_is_refused_and_makes_nothing(at: Place) -> None:
    document, before, wrong, tried = await document_of(at), await sizes(at.customer), [], 0
    for method, path, operation in operations(document, "post", "put"):
        for name, schema in properties(document, operation).items():
            allowed = types_of(document, schema)
            for kind, value in WRONG_VALUES:
                answer = await at.customer.ask(method, filled(path), {name: value})
                tried += 1
                is_refused = answer.status >= 400 or kind in allowed or (kind == "integer" and "number" in allowed)
                if problem := judge(answer) or ("" if is_refused else "accepted"):
                    wrong.append((method, path, name, kind, problem))
    assert wrong == []
    assert tried > 300
    after = await sizes(at.customer)
    assert {path: size for path, size in after.items() if path != "/flows"} == {
        path: size for path, size in before.items() if path != "/flows"
    }


async def test_ids_of_another_account_answer_as_ids_that_nobody_has(at: Place, softphone: Softphone) -> None:
    """API-6, with every kind of thing that the sandbox account can have; the stranger is the other account."""
    organization = await at.operator.make("/organizations", {"name": "stranger"})
    account = {"name": "s", "email": "s@example.org", "organization_id": organization["id"], "verified": True}
    stranger = at.client((await at.operator.make("/accounts", account))["access_key"])
    ids, differing, tried = await own_ids(at, softphone), [], 0
    for method, path, _ in operations(await document_of(at), *METHODS):
        name = path.partition("{")[2].partition("}")[0]
        if name not in ids:
            continue
        body: object = {} if method in ("POST", "PUT") else None
        foreign, unknown = [
            await stranger.ask(method, path.replace(f"{{{name}}}", each), body) for each in (ids[name], str(uuid4()))
        ]
        seen = [(each.status, each.json["error"] | {"request_id": ""}) for each in (foreign, unknown)]
        tried += 1
        is_of_agents = path.startswith("/service_agents/")  # an access key is nobody's phone: refused before any look
        if seen[0] != seen[1] or foreign.status not in ((403,) if is_of_agents else (400, 404)):
            differing.append((method, path, seen))
    assert differing == []
    assert tried > 30


async def own_ids(at: Place, softphone: Softphone) -> dict[str, str]:
    """An id of each kind of thing of the sandbox account, by the name of the path parameter that takes it."""
    owner = at.customer
    number = await at.buy_with_flow(STAY_ON_THE_LINE)
    (await call_answered(softphone, at, number)).hang_up()
    text = {
        "source": {"type": "tel", "target": number},
        "destinations": [{"type": "tel", "target": "+12025550100"}],
        "text": "hello",
    }
    made = {
        "extension_id": await owner.make("/extensions", {"extension": "100", "password": "p"}),
        "accesskey_id": await owner.make("/accesskeys", {"name": "k"}),
        "endpoint_id": await owner.make("/webhook_endpoints", {"url": "http://127.0.0.1:9/"}),
        "message_id": await owner.make("/messages", text),
    }
    lists = {
        "number_id": "/numbers",
        "flow_id": "/flows",
        "call_id": "/calls",
        "activeflow_id": "/activeflows",
        "billing_id": "/billings",
    }
    return {name: each["id"] for name, each in made.items()} | {
        name: (await owner.list(path))[0]["id"] for name, path in lists.items()
    }


INVITE = (
    b"INVITE sip:+12025550100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/%s 127.0.0.1:9;branch=z9hG4bK%s\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
    b"Contact: <sip:a@127.0.0.1:9>\r\nContent-Length: %s\r\n\r\nv=0\r\n"
)
GARBAGE = [
    b"",
    b"\x00" * 1400,
    b"\xff" * 65_000,
    b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"SIP/2.0 200 OK\r\n\r\n",
    b"INVITE\r\n\r\n",
    b"INVITE sip:x SIP/2.0\r\n" + b"Via: x\r\n" * 5000 + b"\r\n",
    *(INVITE % (b"UDP", length, b"c" + length, length) for length in (b"-1", b"99999", b"2", b"x", b"9" * 40)),
]


async def test_platform_serves_calls_after_garbage_by_udp_and_tcp(at: Place, softphone: Softphone) -> None:
    number = await at.buy_with_flow(STAY_ON_THE_LINE)
    processes = at.platform.children()
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        for octets in GARBAGE * 20:
            sender.sendto(octets, (at.sip.host, at.sip.port))
    for octets in GARBAGE:
        reader, writer = await asyncio.open_connection(at.sip.host, at.sip.port)
        writer.write(octets.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP"))
        writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            await reader.read()
        writer.close()

    (await call_answered(softphone, at, number)).hang_up()

    assert at.platform.children() == processes
