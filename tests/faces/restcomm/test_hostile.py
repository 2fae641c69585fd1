"""IN-1, IN-2: methods, paths, forms and credentials that nobody means well get the dialect's own refusal."""

import asyncio
import base64

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import Answer, stock
from tests.faces.restcomm.conftest import FormClient

NUMBER = "+15105555555"
LIST = "IncomingPhoneNumbers"


@pytest.fixture
async def path(restcomm: FormClient, database: Database) -> str:
    """Of one number, without `.json`."""
    await stock(database, NUMBER)
    bought = await restcomm.ask("POST", f"{LIST}.json", {"PhoneNumber": NUMBER, "FriendlyName": "desk"})
    return f"{LIST}/{bought.json['sid']}"


def is_refusal(client: FormClient, answer: Answer) -> bool:
    """Whether it has the members, or the elements, that the dialect's refusals have."""
    is_json = answer.headers["Content-Type"] == "application/json"
    if client.base == "/2010-04-01":
        members = ["code", "message", "more_info", "status"]
        return sorted(answer.json) == members if is_json else b"<TwilioResponse><RestException><Code>" in answer.raw
    return sorted(answer.json) == ["error", "message"] if is_json else b"<RestcommResponse><Message>" in answer.raw


async def test_head_is_the_head_of_get_and_other_methods_are_405_with_what_is_allowed(
    restcomm: FormClient, twilio: FormClient, path: str
) -> None:
    for client in (restcomm, twilio):
        got, head = await client.ask("GET", f"{path}.json"), await client.ask("HEAD", f"{path}.json")
        unknown = await client.ask("HEAD", f"{LIST}/PN1.json")
        wrong = [
            await client.ask("PATCH", f"{path}.json"),
            await client.ask("PUT", f"{LIST}.json", {"PhoneNumber": NUMBER}),
            await client.ask("DELETE", f"{LIST}.json"),
            await client.ask("POST", "AvailablePhoneNumbers/US/Local.json", {}),
            await client.ask("TRACE", f"{path}.json"),
        ]

        assert (head.status, head.raw, unknown.status, unknown.raw) == (200, b"", 404, b"")
        assert head.headers["Content-Length"] == str(len(got.raw))
        assert [(answer.status, is_refusal(client, answer)) for answer in wrong] == [(405, True)] * 5
        assert set(wrong[1].headers["Allow"].split(", ")) >= {"GET", "POST"}
        assert (await client.ask("OPTIONS", f"{path}.json")).status == 204


async def test_form_of_the_answer_follows_the_suffix_and_nothing_else_is_a_suffix(
    restcomm: FormClient, twilio: FormClient, path: str
) -> None:
    for client in (restcomm, twilio):
        for suffix, form in ((".json", "json"), (".xml", "xml"), ("", "xml"), ("/", "xml"), (".json/", "json")):
            answer = await client.ask("GET", path + suffix)
            assert (answer.status, answer.headers["Content-Type"]) == (200, f"application/{form}")
        for suffix in (".csv", ".html", ".JSON", ".json.json", ".", "/x.json", "%00.json", "%2e%2e", ";.json"):
            answer = await client.ask("GET", path + suffix)
            assert (answer.status, is_refusal(client, answer)) == (404, True), suffix


BODIES = [
    ("FriendlyName=%FF", 400, "application/x-www-form-urlencoded"),
    ("FriendlyName=%ED%A0%80", 400, "application/x-www-form-urlencoded"),
    ("FriendlyName=%00", 400, "application/x-www-form-urlencoded"),
    ("x" * 5_000_000 + "%00=1", 400, "application/x-www-form-urlencoded"),
    ("VoiceUrl=" + "x" * 9_000_000, 400, "application/x-www-form-urlencoded"),
    ("&".join(f"a{n}=1" for n in range(1001)), 400, "application/x-www-form-urlencoded"),
    ("FriendlyName=x" * 1_000_000, 413, "application/x-www-form-urlencoded"),
    ('{"FriendlyName": "x"}', 415, "application/json"),
    ('--b\r\nContent-Disposition: form-data; name="FriendlyName"\r\n\r\nx\r\n--b--', 415, "multipart/form-data"),
    ("FriendlyName=x", 415, ""),
    ("FriendlyName=x", 415, "application/x-www-form-urlencodedx"),
    ("VoiceMethod=PUT", 400, "application/x-www-form-urlencoded; charset=utf-8"),
]


async def test_body_beyond_measure_or_of_another_kind_is_refused_shortly_and_changes_nothing(
    restcomm: FormClient, twilio: FormClient, path: str
) -> None:
    for client in (restcomm, twilio):
        for method, (body, status, kind) in ((("POST", "PUT")[n % 2], each) for n, each in enumerate(BODIES)):
            answer = await client.ask(method, f"{path}.json", body, Content_Type=kind)
            assert (answer.status, is_refusal(client, answer)) == (status, True), (body[:40], answer.raw[:200])
            assert len(answer.raw) < 1000

    assert (await restcomm.ask("GET", f"{path}.json")).json["friendly_name"] == "desk"


async def test_of_a_parameter_twice_the_first_counts_and_an_unknown_one_does_not(
    restcomm: FormClient, path: str
) -> None:
    changed = await restcomm.ask("POST", f"{path}.json", "FriendlyName=a&FriendlyName=b&friendlyname=c&Nobody=knows")
    listed = await restcomm.ask("GET", f"{LIST}.json?PageSize=1&PageSize=2&Nobody=knows&page=7")

    assert (changed.json["friendly_name"], listed.json["page_size"], listed.json["page"]) == ("a", 1, 0)


BAD_QUERIES = (
    "PageSize=0", "PageSize=-1", "PageSize=1e9", "PageSize=9999999999", "PageSize=x", "PageSize=%D9%A3",
    "Page=-1", "Page=1e3", "Page=99999999999999999999", "SortBy=Nothing", "SortBy=:", "Reverse=perhaps",
    "Beta=perhaps", "Origin=mars", "AfterSid=PN1", "PageToken=x",
)  # fmt: skip


async def test_page_sizes_and_pages_have_an_end(restcomm: FormClient, twilio: FormClient, path: str) -> None:
    for client in (restcomm, twilio):
        for query in BAD_QUERIES:
            answer = await client.ask("GET", f"{LIST}.json?{query}")
            assert (answer.status, is_refusal(client, answer)) == (400, True), query
            assert query.partition("=")[0] in answer.json["message"]
        assert (await client.ask("GET", f"{LIST}.json?PageSize=1000000000")).json["page_size"] == 1000


@pytest.mark.parametrize("dialect", ["restcomm", "twilio"])
async def test_bytes_that_no_client_sends_are_never_a_fault(
    dialect: str, restcomm: FormClient, twilio: FormClient
) -> None:
    """On a bare socket: what HTTP libraries would not let through."""
    client = restcomm if dialect == "restcomm" else twilio
    path = f"{client.base}/Accounts/{client.sid}/{LIST}.json".encode()
    credentials = base64.b64encode(f"{client.user}:{client.token}".encode())
    signed = b"Authorization: Basic " + credentials + b"\r\nConnection: close\r\n"
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    requests = {
        b"GET " + path + b"\xff HTTP/1.1\r\nHost: x\r\n" + signed + b"\r\n": (400, 404),
        b"GET " + path + b"?FriendlyName=\xff HTTP/1.1\r\nHost: x\r\n" + signed + b"\r\n": (400,),
        b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Basic \xe9\r\nConnection: close\r\n\r\n": (401,),
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n" + signed + b"\r\n": (400,),
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n" + form + signed + b"\r\n\xff\xfe\x00": (
            400,
        ),
    }
    for request, statuses in requests.items():
        assert await _status(client, request) in statuses, request


async def _status(client: FormClient, request: bytes) -> int:
    host, _, port = client.server.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
        await writer.wait_closed()
