"""Texts by Telnyx and Twilio, both ways, with signed webhooks on real sockets."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.domain.numbering.orders import Order, OrderStatus
from dialplane.domain.supply.carrier_accounts import CarrierKind
from dialplane.fakes.misbehaviour import How
from dialplane.fakes.telnyx import FakeTelnyx
from dialplane.fakes.twilio import FakeTwilio
from dialplane.services.messaging.messages import get_message
from dialplane.services.numbering.reconcile import reconcile_orders
from tests.carriers.conversation import PEER, Conversation, conversing, use
from tests.services.buying import NOW, assert_balanced, buy

LATER = timedelta(minutes=5)


@pytest.fixture(params=list(CarrierKind))
async def talk(
    request: pytest.FixtureRequest, database: PostgresDatabase, tmp_path: Path
) -> AsyncIterator[Conversation]:
    async with conversing(database, tmp_path, request.param) as made:
        yield made


@pytest.fixture
async def telnyx(database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Conversation]:
    async with conversing(database, tmp_path, CarrierKind.TELNYX) as made:
        yield made


@pytest.fixture
async def twilio(database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Conversation]:
    async with conversing(database, tmp_path, CarrierKind.TWILIO) as made:
        yield made


async def somebody_writes(talk: Conversation, text: str, *media: str) -> None:
    fake = talk.wire.fake
    if isinstance(fake, FakeTelnyx):
        fake.webhook_url = f"{talk.webhooks}/messages"
    wanted = {"from": PEER, "to": talk.wire.number, "text": text, "media": list(media)}
    server = talk.wire.account.api_url.removesuffix("/v2")
    async with aiohttp.ClientSession() as session, session.post(f"{server}/_fake/inbound", json=wanted) as answer:
        assert answer.status == 200


async def test_inbound_message_arrives_once_though_its_webhook_comes_twice(talk: Conversation) -> None:
    talk.wire.fake.postman.copies = 2

    await somebody_writes(talk, "hi there", "https://media.example.com/1.png")

    (message,) = await talk.received()
    assert (message.source.target, message.text) == (PEER, "hi there")
    assert message.medias == ("https://media.example.com/1.png",)
    assert talk.wire.fake.postman.sent == [(f"{talk.webhooks}/messages", 200)] * 2


async def test_sent_message_goes_by_the_numbers_carrier_and_its_receipt_ends_it(talk: Conversation) -> None:
    message = await talk.send("to you")
    await talk.work()
    (handed,) = talk.wire.fake.messages
    assert (await talk.status(message))[0] == "sent"

    for word in ("sent", "delivered", "delivered"):
        await talk.wire.fake.report(handed, word)
    await talk.work()

    assert (await talk.status(message))[0] == "delivered"
    assert {status for _, status in talk.wire.fake.postman.sent} == {200}
    await assert_balanced(talk.database)


async def test_message_that_did_not_arrive_tells_why_in_twilios_number(talk: Conversation) -> None:
    """30006: a landline, or a carrier that cannot be reached; Telnyx has numbers of its own."""
    message = await talk.send()
    await talk.work()
    (handed,) = talk.wire.fake.messages

    if isinstance(talk.wire.fake, FakeTwilio):
        await talk.wire.fake.report(handed, "undelivered", error="30006")
    else:
        await talk.wire.fake.report(handed, "delivery_failed", detail="Not routable", code="40001")
    await talk.work()

    (target,) = (await get_message(talk.database, talk.account_id, message.id)).targets
    assert (target.status, target.error_code) == (TargetStatus.UNDELIVERED, 30006)


async def test_fake_reports_by_itself_what_it_is_told_to(talk: Conversation) -> None:
    """So that whoever tries the platform with it sees messages arrive."""
    talk.wire.fake.postman.set({"reports": ["sent", "delivered"]})
    message = await talk.send()
    await talk.work()

    await asyncio.gather(*talk.wire.fake.postman.reporting)
    await talk.work()

    assert (await talk.status(message))[0] == "delivered"


async def test_receipts_out_of_order_never_move_a_message_back(talk: Conversation) -> None:
    message = await talk.send()
    await talk.work()
    (handed,) = talk.wire.fake.messages

    await talk.wire.fake.report(handed, "delivered")
    await talk.work()
    await talk.wire.fake.report(handed, "sent")
    await talk.wire.fake.report(handed, "undelivered" if isinstance(talk.wire.fake, FakeTwilio) else "delivery_failed")
    await talk.work()

    assert (await talk.status(message))[0] == "delivered"


async def test_receipt_that_comes_before_the_answer_is_not_lost(talk: Conversation) -> None:
    """The carrier took the message, its answer got lost, and it reports the message by our reference."""
    talk.wire.goes_wrong(How.LOST, talk.wire.message_at)
    message = await talk.send()
    await talk.work()
    (handed,) = talk.wire.fake.messages

    await talk.wire.fake.report(handed, "delivered")
    await talk.work(after=LATER)
    await talk.work(after=LATER)

    assert (await talk.status(message))[0] == "delivered"
    assert len(talk.wire.fake.messages) == 1


async def test_message_whose_answer_is_lost_is_never_sent_twice(talk: Conversation) -> None:
    talk.wire.goes_wrong(How.ERROR_AFTER, talk.wire.message_at)
    message = await talk.send()

    for n in range(6):
        await talk.work(after=n * LATER)

    assert len(talk.wire.fake.messages) == 1
    assert (await talk.status(message))[0] == "gw_timeout"
    await assert_balanced(talk.database)


async def test_message_that_a_busy_carrier_did_not_take_is_sent_again(talk: Conversation) -> None:
    talk.wire.goes_wrong(How.BUSY, talk.wire.message_at)
    message = await talk.send()

    await talk.work()
    await talk.work(after=LATER)

    assert len(talk.wire.fake.messages) == 1
    assert (await talk.status(message))[0] == "sent"


async def test_refused_message_fails_in_the_carriers_words(talk: Conversation) -> None:
    talk.wire.goes_wrong(How.REFUSE, talk.wire.message_at)
    message = await talk.send()

    await talk.work()

    status, reason = await talk.status(message)
    assert status == "failed"
    assert "number" in reason


# --- signatures ------------------------------------------------------------------------------------------------------


async def test_twilio_is_believed_by_the_public_address_whatever_a_proxy_did(twilio: Conversation) -> None:
    """The proxy speaks http to us on another host and port; Twilio signed what it called."""
    await use(twilio.database, twilio.wire, public_url="https://voice.example.com:443")
    assert isinstance(twilio.wire.fake, FakeTwilio)
    signed = f"https://voice.example.com/carriers/v1/{twilio.wire.account.id}/messages"
    fields = {"MessageSid": "SM1", "From": PEER, "To": twilio.wire.number, "Body": "", "NewParameter": "x"}

    await twilio.wire.fake.tell(f"{twilio.webhooks}/messages", fields | {"Body": "via proxy"}, signed_as=signed)

    assert [message.text for message in await twilio.received()] == ["via proxy"]


async def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_twilio_signed_for_another_address_is_refused_with_the_reason(twilio: Conversation) -> None:
    assert isinstance(twilio.wire.fake, FakeTwilio)
    fields = {"MessageSid": "SM1", "From": PEER, "To": twilio.wire.number, "Body": "no"}

    await twilio.wire.fake.tell(f"{twilio.webhooks}/messages", fields, signed_as="https://elsewhere.example/messages")
    unsigned = await post(f"{twilio.webhooks}/messages", b"MessageSid=SM1", {})

    assert twilio.wire.fake.postman.sent[-1][1] == 403
    assert unsigned == (403, "the header X-Twilio-Signature is missing: a proxy must pass it on")
    first, second = await twilio.refusals()
    assert "missing" in first
    assert "public_url" in second
    assert await twilio.received() == []


TELNYX_EVENT = {"data": {"event_type": "message.received", "payload": {"id": "1", "direction": "inbound"}}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"telnyx-signature-ed25519": "AAAA"}, "does not fit"),
        ({"telnyx-signature-ed25519": "%%"}, "no base64"),
        ({"telnyx-signature-ed25519": ""}, "telnyx-signature-ed25519 is missing"),
        ({"telnyx-timestamp": "1"}, "look at this machine's clock"),
        ({"telnyx-timestamp": "soon"}, "no time in seconds"),
    ],
)
async def test_telnyx_webhook_that_is_not_shown_to_be_genuine_is_refused_with_the_reason(
    telnyx: Conversation, change: dict[str, str], reason: str
) -> None:
    assert isinstance(telnyx.wire.fake, FakeTelnyx)
    body = json.dumps(TELNYX_EVENT).encode()
    headers = telnyx.wire.fake.signed(body, int(time.time())) | change

    status, text = await post(f"{telnyx.webhooks}/messages", body, headers)

    assert status == 403
    assert reason in text
    assert await telnyx.refusals() == [text]


async def test_account_without_signing_key_believes_nobody(telnyx: Conversation) -> None:
    await use(telnyx.database, telnyx.wire, signing_key="")
    assert isinstance(telnyx.wire.fake, FakeTelnyx)
    body = json.dumps(TELNYX_EVENT).encode()

    status, text = await post(f"{telnyx.webhooks}/messages", body, telnyx.wire.fake.signed(body, int(time.time())))

    assert (status, text) == (403, "no signing_key is set: put Telnyx's public key into the carrier account")


async def test_signed_nonsense_is_refused_and_never_500(telnyx: Conversation) -> None:
    assert isinstance(telnyx.wire.fake, FakeTelnyx)
    for body in (b"no json", b"[]", b'{"data": 5}', b'{"data": {"event_type": "message.received", "payload": {}}}'):
        status, _ = await post(f"{telnyx.webhooks}/messages", body, telnyx.wire.fake.signed(body, int(time.time())))

        assert status in (200, 400), body


async def test_order_and_port_that_moved_are_looked_at_at_once(telnyx: Conversation) -> None:
    fake, wire, database = telnyx.wire.fake, telnyx.wire, telnyx.database
    assert isinstance(fake, FakeTelnyx)
    fake.webhook_url = f"{telnyx.webhooks}/messages"
    wire.goes_wrong(How.LATE, wire.order_at)
    other = wire.number[:-1] + "1"
    begun = await buy(database, telnyx.account_id, other, at=wire.carriers)
    assert isinstance(begun, Order)
    assert await reconcile_orders(database, wire.carriers, NOW) == []
    (waiting,) = [order for order in fake.orders.values() if order["status"] == "pending"]

    fake._fulfil(waiting)
    async with database.transaction() as tx:
        await tx.orders.save(replace(begun, check_at=utc_now() + LATER / 2))
    await fake.tell("number_order.complete", waiting)
    await fake.tell("porting_order.status_changed", {"customer_reference": str(begun.id)})  # of none that is known
    (done,) = await reconcile_orders(database, wire.carriers, utc_now())

    assert done.status is OrderStatus.CONFIRMED
    assert {status for _, status in fake.postman.sent} == {200}


async def test_webhook_of_an_unknown_account_is_404(telnyx: Conversation) -> None:
    url = f"{telnyx.base}/carriers/v1/5b7c8a4e-3d0f-4c59-9f57-6a1b2c3d4e5f/messages"

    status, _ = await post(url, b"{}", {})

    assert status == 404
