"""`dialplane listen`: a live account's events on a developer's machine, none lost and none twice."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

import aiohttp
import msgspec
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator
from typer.testing import CliRunner

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.eventing.webhooks import Endpoint, EndpointKind, new_secret, signed_headers
from dialplane.domain.ids import AccountId, EndpointId
from dialplane.domain.numbering.targets import HookTarget, Targets
from dialplane.domain.programs.sources import TWILIO_VERSION, StatusCallback
from dialplane.faces.cli import listening
from dialplane.faces.cli.application import app
from dialplane.faces.cli.listening import Forwarded, ListeningRefused, Place, Relay
from dialplane.faces.cli.tools import add_tools
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.numbering.numbers import set_targets
from tests.faces.conftest import Tenant, dependencies
from tests.faces.test_event_socket import Feed, an_api
from tests.fakes.numbers import add_number
from tests.fakes.receiver import Received, Receiver
from tests.ports import free_port

SIGNER = Endpoint(
    EndpointId(uuid4()), AccountId(uuid4()), EndpointKind.CUSTOMER, "", "POST", new_secret(), datetime.now(UTC)
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "WAIT_S", 1)
    monkeypatch.setattr(listening, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(listening, "LONGEST_PAUSE_S", 0.02)


@pytest.fixture
async def feed(dsn: str, database: PostgresDatabase, tenant: Tenant, tmp_path: Path) -> AsyncIterator[Feed]:
    async with an_api(dsn, dependencies(database, tmp_path), database) as base, aiohttp.ClientSession() as session:
        yield Feed(base, session, database, tenant)


class Ended(Exception):
    """What a test ends the relay's thread with."""


class Listening:
    """A relay in a thread of its own, as the command runs it."""

    def __init__(self, api: str, key: str, to: str, place: Place, wanted: str = "") -> None:
        self.seen: list[Forwarded] = []
        self.told: list[str] = []
        self.refused = ""
        self._stopping = threading.Event()
        relay = Relay(api, key, to, SIGNER, place, lambda name: name.startswith(wanted), self._hear)
        self._thread = threading.Thread(target=self._run, args=(relay,))
        self._thread.start()

    def _run(self, relay: Relay) -> None:
        try:
            for attempt in relay.run():
                self.seen.append(attempt)
                if self._stopping.is_set():
                    return
        except ListeningRefused as refusal:
            self.refused = str(refusal)
        except Ended:
            pass

    def _hear(self, word: str) -> None:
        self.told.append(word)
        if self._stopping.is_set():
            raise Ended

    async def stop(self) -> None:
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)


async def begun(place: Place) -> None:
    """Until the relay has its first cursor."""
    while not place.cursor:
        await asyncio.sleep(0.01)


async def test_event_is_posted_with_body_headers_and_signature_of_a_webhook(feed: Feed) -> None:
    place = Place()
    async with Receiver.listening() as local:
        relay = Listening(feed.base, feed.tenant.key, local.url("/mine"), place, wanted="call_")
        await begun(place)
        await feed.publish("number_created")
        await feed.publish("call_created", "call_hangup")
        first, second = await local.wait_for(2)
        stopping = asyncio.create_task(relay.stop())
        await feed.publish("call_last")
        await stopping

    assert (first.path, first.json()["type"], second.json()["type"]) == ("/mine", "call_created", "call_hangup")
    at = datetime.fromtimestamp(int(first.headers["webhook-timestamp"]), UTC)
    signed = signed_headers(SIGNER, first.headers["webhook-id"], first.body, at)
    assert {name: first.headers[name] for name in signed} == signed
    assert [(each.event.type, each.status) for each in relay.seen[:2]] == [("call_created", 200), ("call_hangup", 200)]


async def test_relay_that_is_started_again_goes_on_where_it_was(feed: Feed, tmp_path: Path) -> None:
    file = tmp_path / "place.json"
    async with Receiver.listening() as local:
        for names, count in ((["a_one", "a_two"], 2), (["b_one", "b_two"], 6)):
            place = Place.read(file)
            relay = Listening(feed.base, feed.tenant.key, local.url(), place)
            await begun(place)
            await feed.publish(*names)
            await local.wait_for(count)
            stopping = asyncio.create_task(relay.stop())
            await feed.publish("last_of_" + names[0])
            await stopping
            await feed.publish("missed_" + names[0])
        types = list(local.types)

    assert types[:2] == ["a_one", "a_two"]
    assert types[2] == "last_of_a_one"
    assert types[3:6] == ["missed_a_one", "b_one", "b_two"]
    assert len(types) == len(set(types))


async def test_program_that_is_down_gets_everything_when_it_is_up(feed: Feed) -> None:
    port, place = free_port(), Place()
    relay = Listening(feed.base, feed.tenant.key, f"http://127.0.0.1:{port}/", place)
    await begun(place)
    await feed.publish("call_created", "call_hangup")
    while not relay.seen:
        await asyncio.sleep(0.01)
    async with Receiver.listening(port=port) as local:
        await local.wait_for(2)
        stopping = asyncio.create_task(relay.stop())
        await feed.publish("call_last")
        await stopping

    assert relay.seen[0].status is None
    assert local.types[:2] == ["call_created", "call_hangup"]


async def test_platform_that_goes_away_is_asked_again_at_the_same_place() -> None:
    """Scripted: refused, cut off, then there."""
    event = {"id": "e-1", "type": "call_hangup", "data": {"a": 1}, "sequence": 7}
    script: Iterator[web.StreamResponse] = iter(
        [
            web.json_response({"result": [], "cursor": "one", "more": False}),
            web.Response(status=503),
            web.Response(status=429),
            web.Response(body=b'{"result": [{"id"'),
            web.json_response({"result": [event], "cursor": "two", "more": False}),
            web.Response(status=401),
        ]
    )

    async def play(_: Received) -> web.StreamResponse:
        return next(script)

    async with Receiver.listening() as platform, Receiver.listening() as local:
        platform.answer = play
        relay = Listening(platform.url(""), "key", local.url(), Place())
        await asyncio.to_thread(relay._thread.join)

    asked = [each.path.rpartition("after=")[2] for each in platform.requests]
    assert asked == ["", "one", "one", "one", "one", "two"]
    assert [each.body for each in local.requests] == [b'{"type":"call_hangup","data":{"a": 1}}']
    assert relay.told[-1] == "connected again; nothing is lost"
    assert relay.refused == "the platform answers 401"


@contextmanager
def the_tools() -> Iterator[CliRunner]:
    if not any(each.name == "webhook" for each in app.registered_groups):
        add_tools(app)
    yield CliRunner()


def test_relay_goes_to_this_machine_only() -> None:
    with the_tools() as runner:
        for wrong in ("http://example.com/", "ftp://localhost/", "http://localhost:99999/", "http://[::1"):
            done = runner.invoke(
                app, ["listen", wrong, "--api", "http://127.0.0.1:9", "--key", "k", "--secret", new_secret()]
            )
            assert done.exit_code == 1, done.output
        assert "--state" in runner.invoke(app, ["listen", "--help"]).output


async def test_feed_refuses_what_it_does_not_understand(feed: Feed) -> None:
    for query in ("after=x", "limit=0", "limit=501", "wait_s=26", "after=" + "1" * 200):
        async with feed.session.get(f"{feed.base}/v1.0/events?accesskey={feed.tenant.key}&{query}") as answer:
            assert answer.status == 400, query
            assert "error" in msgspec.json.decode(await answer.read())


async def test_status_callback_goes_to_its_own_path_signed_for_the_machine_it_goes_to(feed: Feed) -> None:
    """Checked with Twilio's own validator, as a program that was moved here has it."""
    callback = StatusCallback("https://app.example.com/status?room=7", "POST", api_version=TWILIO_VERSION)
    form = (("CallSid", "CA1"), ("CallStatus", "completed"))
    async with Receiver.listening() as local:
        place = Place()
        relay = Listening(feed.base, feed.tenant.key, f"http://127.0.0.1:{local.port}/", place)
        await begun(place)
        async with feed.database.transaction() as tx:
            await tell(tx, [Told(feed.tenant.id, uuid4(), callback, form)], datetime.now(UTC))
            token = (await tx.accounts.get(feed.tenant.id)).auth_token
        await feed.publish("call_hangup")
        [first, _] = await local.wait_for(2)
        stopping = asyncio.create_task(relay.stop())
        await feed.publish("call_last")
        await stopping

    assert (first.method, first.path) == ("POST", "/status?room=7")
    validator = RequestValidator(token)
    address = f"http://127.0.0.1:{local.port}/status?room=7"
    assert validator.validate(address, dict(parse_qsl(first.body.decode())), first.headers["X-Twilio-Signature"])
    assert relay.seen[0].event.type == "status_callback"


async def test_message_for_a_hook_comes_as_its_hook_gets_it(feed: Feed) -> None:
    number = await add_number(feed.database, feed.tenant.id, "+12025550100", datetime.now(UTC))
    hook = HookTarget("https://app.example.com/sms", "POST", "incoming-sms")
    await set_targets(feed.database, feed.tenant.id, number.id, Targets(message=hook), datetime.now(UTC))
    async with Receiver.listening() as local:
        place = Place()
        relay = Listening(feed.base, feed.tenant.key, local.url("/mine"), place, wanted="message_hooked")
        await begun(place)
        inbound = InboundMessage("+12125550187", number.number, "hello")
        await receive_message(feed.database, inbound, datetime.now(UTC))
        [first] = await local.wait_for(1)
        stopping = asyncio.create_task(relay.stop())
        await receive_message(feed.database, replace(inbound, text="bye"), datetime.now(UTC))
        await stopping

    assert first.path == "/mine"
    assert first.json() == {
        "request": "incoming-sms",
        "source": "+12125550187",
        "destination": number.number,
        "message": "hello",
    }
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= {name.lower() for name in first.headers}


async def test_feed_signs_for_no_machine_but_the_callers_own(feed: Feed) -> None:
    for base in ("https://app.example.com/", "http://app.example.com/", "http://user@localhost/", "http://[::1"):
        query = urlencode({"accesskey": feed.tenant.key, "relay_to": base})
        async with feed.session.get(f"{feed.base}/v1.0/events?{query}") as answer:
            assert answer.status == 400, base
            assert "relay_to" in await answer.text()
