"""Inbound messages reach the hook of their number: a real worker, a real web server (VoxCPaaS's document, 3.3)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.eventing.webhooks import Delivery, DeliveryStatus, EndpointKind, standard_signature
from dialplane.domain.ids import AccountId, NumberId, utc_now
from dialplane.domain.messaging.messages import Message
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import HookTarget, Targets
from dialplane.services.eventing.webhooks import list_deliveries, list_endpoints, replay_delivery, set_customer_webhook
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.sandbox_messages import inject_message
from dialplane.services.numbering.numbers import set_targets
from tests.effort import PATIENCE_S
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number
from tests.fakes.receiver import Receiver
from tests.worker.working import working

OWN, PEER = "+1987654321", "+123456789"
DELIVERED = b'{"status": "Success", "resp": {" 0198-7c1f-4d2a-9e3b01 ": "DELIVRD"}, "code": 200}'
"""The document's success, with an id in place of its x's."""


@dataclass(frozen=True)
class Hooked:
    """An account with a number whose messages go to a hook."""

    database: PostgresDatabase
    account_id: AccountId
    number: Number

    async def point_to(self, url: str, method: str = "POST", token: str = "incoming-sms") -> None:
        target = HookTarget(url, "GET" if method == "GET" else "POST", token)
        await set_targets(self.database, self.account_id, NumberId(self.number.id), Targets(message=target), utc_now())

    async def arrive(self, text: str, *, source: str = PEER, medias: tuple[str, ...] = ()) -> Message:
        message = await inject_message(
            self.database, source=source, destination=OWN, text=text, medias=medias, now=utc_now()
        )
        assert isinstance(message, Message)
        return message

    async def deliveries(self, status: DeliveryStatus, *, count: int = 1) -> list[Delivery]:
        """The attempted deliveries of a status, oldest first, once there are `count`."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await list_deliveries(self.database, self.account_id, before=None, limit=100, status=status)
                if len(done := [each for each in found if each.attempts]) >= count:
                    return done[::-1]
                await asyncio.sleep(0.02)

    async def make_due(self) -> None:
        """What a clock would do."""
        async with self.database.transaction() as tx:
            await tx.connection.execute(
                "update webhook_deliveries set due_at = $1 where status = 'pending'", utc_now() - timedelta(seconds=1)
            )


@pytest.fixture
async def hooked(database: PostgresDatabase) -> Hooked:
    account_id = await add_account(database)
    await add_credit(database, account_id, 10_000_000, utc_now())
    return Hooked(database, account_id, await add_number(database, account_id, OWN, utc_now()))


async def test_message_is_posted_in_the_documents_shape(hooked: Hooked, dsn: str) -> None:
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        receiver.body = DELIVERED
        await hooked.point_to(receiver.url("/incomingsms"))
        await hooked.arrive("test message")
        (received,) = await receiver.wait_for(1)
        (delivery,) = await hooked.deliveries(DeliveryStatus.DELIVERED)

    assert (received.method, received.path) == ("POST", "/incomingsms")
    assert received.headers["Content-Type"] == "application/json"
    assert received.body.decode() == (
        '{"request":"incoming-sms","source":"+123456789","destination":"+1987654321","message":"test message"}'
    )
    assert delivery.event_type == "message_hooked"
    assert [(attempt.http_status, attempt.response_head) for attempt in delivery.attempts] == [
        (200, DELIVERED.decode())
    ]


async def test_message_is_handed_over_by_get_as_the_query(hooked: Hooked, dsn: str) -> None:
    text = "50% & more: = é 漢 +1?"
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        receiver.body = DELIVERED
        await hooked.point_to(receiver.url("/sms?key=a%2Bb"), "GET", token="my token")
        await hooked.arrive(text)
        (received,) = await receiver.wait_for(1)
        await hooked.deliveries(DeliveryStatus.DELIVERED)

    assert (received.method, received.body) == ("GET", b"")
    assert "Content-Type" not in received.headers
    assert parse_qsl(urlsplit(received.path).query) == [
        ("key", "a+b"),
        ("request", "my token"),
        ("source", PEER),
        ("destination", OWN),
        ("message", text),
    ]


async def test_text_longer_than_an_address_may_be_passes_through_a_query(hooked: Hooked, dsn: str) -> None:
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        await hooked.point_to(receiver.url(), "GET")
        await hooked.arrive("é" * 1000)
        (received,) = await receiver.wait_for(1)

    assert dict(parse_qsl(urlsplit(received.path).query))["message"] == "é" * 1000


async def test_hook_is_signed_as_webhooks_are(hooked: Hooked, dsn: str) -> None:
    """WH-1: the id stays the same at every attempt, so that a receiver can tell a repetition."""
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        await hooked.point_to(receiver.url())
        await hooked.arrive("test message")
        (received,) = await receiver.wait_for(1)
        (delivery,) = await hooked.deliveries(DeliveryStatus.DELIVERED)

    (hook,) = await list_endpoints(hooked.database, hooked.account_id, before=None, limit=10)
    at = int(received.headers["webhook-timestamp"])
    assert received.headers["webhook-id"] == str(delivery.event_id)
    assert received.headers["webhook-signature"] == standard_signature(
        hook.secret, str(delivery.event_id), at, received.body
    )


async def test_media_are_named_beside_the_text(hooked: Hooked, dsn: str) -> None:
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        await hooked.point_to(receiver.url())
        await hooked.arrive("", medias=("https://media.example/1.jpg",))
        (received,) = await receiver.wait_for(1)

    assert received.json()["message"] == ""
    assert received.json()["media"] == ["https://media.example/1.jpg"]


@pytest.mark.parametrize("down", ["nothing listens", "503", "redirect"])
async def test_message_is_sent_again_when_the_hook_was_down(hooked: Hooked, dsn: str, down: str) -> None:
    """WH-4: the same schedule, and the same id, as webhooks."""
    async with Receiver.listening() as receiver:
        port = receiver.port
        receiver.status = 302 if down == "redirect" else 503
        receiver.headers = {"Location": receiver.url("/other")} if down == "redirect" else {}
        await hooked.point_to(receiver.url())
        if down != "nothing listens":
            async with working(hooked.database, dsn):
                await hooked.arrive("test message")
                await hooked.deliveries(DeliveryStatus.PENDING)
    if down == "nothing listens":
        async with working(hooked.database, dsn):
            await hooked.arrive("test message")
            await hooked.deliveries(DeliveryStatus.PENDING)

    async with Receiver.listening(port=port) as receiver, working(hooked.database, dsn):
        receiver.body = DELIVERED
        await hooked.make_due()
        (received,) = await receiver.wait_for(1)
        (delivery,) = await hooked.deliveries(DeliveryStatus.DELIVERED)

    first = {"nothing listens": None, "503": 503, "redirect": 302}[down]
    assert [attempt.http_status for attempt in delivery.attempts] == [first, 200]
    assert received.headers["webhook-id"] == str(delivery.event_id)
    assert received.json()["message"] == "test message"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"status": "No Data", "code": 404}', "the receiver answered code 404"),
        (b'{"status": "Success", "resp": {"1": "UNDELIV"}, "code": 200}', "the receiver answered UNDELIV"),
    ],
)
async def test_answer_that_says_not_delivered_is_a_failed_attempt(
    hooked: Hooked, dsn: str, body: bytes, error: str
) -> None:
    """Table 7: failures are codes in the body; the HTTP status may be 200 all the same."""
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        receiver.body = body
        await hooked.point_to(receiver.url())
        await hooked.arrive("test message")
        (waiting,) = await hooked.deliveries(DeliveryStatus.PENDING)
        receiver.body = DELIVERED
        await hooked.make_due()
        await hooked.deliveries(DeliveryStatus.DELIVERED)

    (attempt,) = waiting.attempts
    assert (attempt.http_status, attempt.error) == (200, error)


async def test_answer_of_another_shape_counts_by_its_status(hooked: Hooked, dsn: str) -> None:
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        receiver.body = b"OK"
        await hooked.point_to(receiver.url())
        await hooked.arrive("test message")
        (delivery,) = await hooked.deliveries(DeliveryStatus.DELIVERED)

    assert delivery.attempt_count == 1


async def test_messages_of_one_sender_keep_their_order_behind_a_failure(hooked: Hooked, dsn: str) -> None:
    """WH-3, by conversation: what another sender wrote does not wait."""
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        await hooked.point_to(receiver.url())
        receiver.status = 500
        await hooked.arrive("one")
        await hooked.deliveries(DeliveryStatus.PENDING)
        receiver.status = 200
        await hooked.arrive("two")
        await hooked.arrive("from another", source="+12125550111")
        await hooked.deliveries(DeliveryStatus.DELIVERED)
        await hooked.make_due()
        received = await receiver.wait_for(4)

    assert [each.json()["message"] for each in received] == ["one", "from another", "one", "two"]


async def test_customers_webhook_hears_of_the_message_and_not_of_the_hook(hooked: Hooked, dsn: str) -> None:
    async with Receiver.listening() as receiver, Receiver.listening() as webhook, working(hooked.database, dsn):
        await hooked.point_to(receiver.url())
        async with hooked.database.transaction() as tx:
            await set_customer_webhook(tx, hooked.account_id, webhook.url(), "POST", utc_now())
        await hooked.arrive("test message")
        await receiver.wait_for(1)
        await hooked.deliveries(DeliveryStatus.DELIVERED, count=4)

    assert sorted(map(str, webhook.types)) == [
        "conversation_created",
        "conversation_message_created",
        "message_created",
    ]
    assert len(receiver.requests) == 1


async def test_message_that_the_carrier_brings_twice_is_handed_over_once(hooked: Hooked, dsn: str) -> None:
    """MSG: the carrier's own id makes it one message."""
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        await hooked.point_to(receiver.url())
        for _ in range(2):
            await receive_message(
                hooked.database, InboundMessage(PEER, OWN, "test message", carrier_id="c1"), utc_now()
            )
        await hooked.arrive("another")
        received = await receiver.wait_for(2)

    assert [each.json()["message"] for each in received] == ["test message", "another"]


async def test_delivered_message_can_be_sent_once_more(hooked: Hooked, dsn: str) -> None:
    """WH-7."""
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        await hooked.point_to(receiver.url())
        await hooked.arrive("test message")
        (delivery,) = await hooked.deliveries(DeliveryStatus.DELIVERED)
        await replay_delivery(hooked.database, hooked.account_id, delivery.id, utc_now())
        first, second = await receiver.wait_for(2)

    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_hooks_of_one_address_are_one_endpoint(hooked: Hooked, dsn: str) -> None:
    """Its failures are counted once, whatever number they come from (WH-6)."""
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        await hooked.point_to(receiver.url())
        await asyncio.gather(*(hooked.arrive(str(n), source=f"+1212555{n:04}") for n in range(8)))
        await receiver.wait_for(8)

    (hook,) = await list_endpoints(hooked.database, hooked.account_id, before=None, limit=10)
    assert (hook.kind, hook.url, hook.method) == (EndpointKind.HOOK, receiver.url(), "POST")


async def test_receiver_that_is_gone_gets_nothing_more(hooked: Hooked, dsn: str) -> None:
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        receiver.status = 410
        await hooked.point_to(receiver.url())
        await hooked.arrive("one")
        await hooked.deliveries(DeliveryStatus.FAILED)
        await hooked.arrive("two")

    (hook,) = await list_endpoints(hooked.database, hooked.account_id, before=None, limit=10)
    assert not hook.enabled
    assert len(await list_deliveries(hooked.database, hooked.account_id, before=None, limit=10)) == 1


async def test_private_address_is_never_asked(hooked: Hooked, dsn: str) -> None:
    """SSRF-1."""
    async with working(hooked.database, dsn):
        await hooked.point_to("http://10.0.0.1:8080/incomingsms")
        await hooked.arrive("test message")
        (delivery,) = await hooked.deliveries(DeliveryStatus.PENDING)

    assert [attempt.error for attempt in delivery.attempts] == ["the address is not public"]


async def test_port_behind_the_path_is_the_documents_way_to_write_it(hooked: Hooked, dsn: str) -> None:
    """`https://example.com/incomingsms:443`."""
    async with Receiver.listening() as receiver, working(hooked.database, dsn):
        await hooked.point_to(f"http://127.0.0.1/incomingsms:{receiver.port}")
        await hooked.arrive("test message")
        (received,) = await receiver.wait_for(1)

    assert received.path == "/incomingsms"
