"""Documents that inbound messages run: asked, answered and failing, over real HTTP (Restcomm reference 5.6)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.messaging.media import MediaState
from dialplane.domain.numbering.number_settings import NumberSettings
from dialplane.domain.numbering.targets import DocumentTarget, Targets
from dialplane.domain.programs.notifications import NotificationQuery
from dialplane.domain.programs.sources import TWILIO_VERSION
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.programs.notifications import list_notifications
from tests.effort import PATIENCE_S
from tests.services.buying import bought, buyer, stock
from tests.voice.documents import DocumentServer, Page, document_server
from tests.worker.working import LINKS, PUBLIC_URL, working

SENDER, NUMBER = "+12125550111", "+12025550143"


@pytest.fixture(autouse=True)
async def worker(database: PostgresDatabase, dsn: str, tmp_path: Path) -> AsyncIterator[None]:
    async with working(database, dsn, tmp_path):
        yield


async def text_arrives(
    database: PostgresDatabase,
    target: DocumentTarget | None,
    *,
    version: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    medias: tuple[str, ...] = (),
) -> AccountId:
    account_id = await buyer(database)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    settings = NumberSettings(api_version=version)
    async with database.transaction() as tx:
        await tx.numbers.save(replace(number, targets=Targets(message=target), settings=settings))
    inbound = InboundMessage(SENDER, NUMBER, "Hello", headers=headers, medias=medias)
    await receive_message(database, inbound, utc_now())
    return account_id


async def sent_to(database: PostgresDatabase, destination: str) -> tuple[str, str, tuple[str, ...]]:
    """The first text that the simulated carrier was given for somebody: sender, text, media."""
    while True:
        async with database.reading() as tx:
            found = await tx.messages.list_sandbox(destination, limit=1)
        if found:
            return found[0].source, found[0].text, found[0].medias
        await asyncio.sleep(0.02)


async def notes(database: PostgresDatabase, account_id: AccountId, count: int) -> list[int]:
    while True:
        found, _ = await list_notifications(database, account_id, NotificationQuery())
        if len(found) >= count:
            return [each.error_code for each in found]
        await asyncio.sleep(0.02)


async def test_reply_of_a_server_with_headers_of_its_own_is_sent(database: PostgresDatabase) -> None:
    """Restcomm reference 5.2: `X-` headers of an answer go on with what follows; any framework sends some."""
    async with document_server({"/start": "<Response><Sms>Thank you</Sms></Response>"}) as server:
        server.headers = {"X-Request-ID": "8f14e45f", "X-Powered-By": "Express"}
        await text_arrives(database, DocumentTarget(server.url()))

        assert await sent_to(database, SENDER) == (NUMBER, "Thank you", ())


async def test_reply_goes_to_the_sender_and_the_server_is_told_of_the_message(database: PostgresDatabase) -> None:
    page = '<Response><Sms statusCallback="/status">Thank you</Sms></Response>'
    async with document_server({"/start": page, "/status": ""}) as server:
        await text_arrives(database, DocumentTarget(server.url()), headers=(("X-Tenant", "7"),))

        assert await sent_to(database, SENDER) == (NUMBER, "Thank you", ())
        await wait_for(server, "/status", 4)
        (asked,) = server.asked("/start")
        told = server.asked("/status")
    assert (asked["From"], asked["To"], asked["Body"], asked["SmsStatus"]) == (SENDER, NUMBER, "Hello", "received")
    assert list(asked)[:6] == ["SmsSid", "AccountSid", "From", "To", "Body", "SipHeader_X-Tenant"]
    assert [each["MessageStatus"] for each in told] == ["queued", "sending", "sent", "delivered"]


async def wait_for(server: DocumentServer, path: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(server.asked(path)) < count:
            await server.receiver.wait_for(len(server.receiver.requests) + 1)


async def test_message_with_media_goes_out_and_its_action_is_asked(database: PostgresDatabase) -> None:
    page = '<Response><Message action="/after"><Body>See</Body><Media>/a.png</Media></Message></Response>'
    async with document_server({"/start": page, "/after": "<Response/>"}) as server:
        await text_arrives(database, DocumentTarget(server.url()))

        assert await sent_to(database, SENDER) == (NUMBER, "See", (server.url("/a.png"),))
        await wait_for(server, "/after", 1)
        (asked,) = server.asked("/after")
    assert asked["SmsStatus"] == "sent"
    assert asked["SmsSid"].startswith("SM")


async def test_document_is_told_where_media_are_kept_and_what_they_are(database: PostgresDatabase) -> None:
    """Not where they came from: carriers ask for a password there, or forget them."""
    async with document_server({"/start": "<Response/>"}) as server, document_server({"/files/7": "pixels"}) as files:
        files.kind = "image/png"
        await text_arrives(database, DocumentTarget(server.url()), medias=(files.url("/files/7"),))
        await wait_for(server, "/start", 1)
        (asked,) = server.asked("/start")

    assert (asked["NumMedia"], asked["MediaContentType0"]) == ("1", "image/png")
    address = urlsplit(asked["MediaUrl0"])
    given = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}" == PUBLIC_URL
    media_id = UUID(address.path.removeprefix("/media/"))
    LINKS.check(media_id, expires=int(given["expires"]), signature=given["signature"], now=utc_now())
    async with database.reading() as tx:
        kept = await tx.media.find(media_id)
    assert kept is not None
    assert (kept.state, kept.size_bytes) == (MediaState.STORED, len("pixels"))


async def test_verbs_of_calls_are_noted_and_skipped(database: PostgresDatabase) -> None:
    page = "<Response><Say>Hello</Say><Redirect>/second</Redirect></Response>"
    async with document_server({"/start": page, "/second": "<Response><Sms>Hi</Sms></Response>"}) as server:
        account_id = await text_arrives(database, DocumentTarget(server.url()))

        assert (await sent_to(database, SENDER))[1] == "Hi"
    assert await notes(database, account_id, 1) == [14110]


async def test_failing_document_is_asked_of_the_fallback(database: PostgresDatabase) -> None:
    pages: dict[str, Page] = {"/start": 500, "/fallback": "<Response><Sms>Later</Sms></Response>"}
    async with document_server(pages) as server:
        target = DocumentTarget(server.url(), fallback_url=server.url("/fallback"))
        account_id = await text_arrives(database, target)

        assert (await sent_to(database, SENDER))[1] == "Later"
    assert await notes(database, account_id, 1) == [11206]


@pytest.mark.parametrize(("version", "code"), [("", [12300]), (TWILIO_VERSION, None)])
async def test_plain_text_is_an_error_and_for_twilio_the_reply(
    database: PostgresDatabase, version: str, code: list[int] | None
) -> None:
    async with document_server({"/start": "Just text"}) as server:
        server.kind = "text/plain"
        account_id = await text_arrives(database, DocumentTarget(server.url()), version=version)

        if code is None:
            assert (await sent_to(database, SENDER))[1] == "Just text"
        else:
            assert await notes(database, account_id, 1) == code


async def test_number_without_an_address_for_messages_is_noted(database: PostgresDatabase) -> None:
    assert await notes(database, await text_arrives(database, None), 1) == [12003]
