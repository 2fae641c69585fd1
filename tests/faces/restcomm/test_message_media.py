"""Media of messages: fetched once, kept, and served by signed address."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from twilio.rest import Client as TwilioClient

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Invalid, NotPermitted, Unavailable
from dialplane.domain.ids import AccountId, to_sid, utc_now
from dialplane.domain.messaging.media import MEDIA_ATTEMPTS, MediaState
from dialplane.domain.messaging.messages import Message
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.messaging.inbound_messages import InboundMessage, receive_message
from dialplane.services.messaging.media import LINK_LASTS, MediaLinks, keep_media, list_media
from tests.faces.conftest import Client
from tests.faces.restcomm.conftest import TWILIO, FormClient, child_of, client_of
from tests.fakes.numbers import add_number

OWN, PEER, CAT, CLIP = "+14155550100", "+12125550187", "https://example.org/cat.jpg", "https://example.org/clip.mp4"


@dataclass(frozen=True)
class Files:
    """The far end of the network: what is behind addresses."""

    there: Mapping[str, tuple[bytes, str]]

    async def get(self, url: str, *, limit: int, timeout_s: float) -> tuple[bytes, str]:
        if url not in self.there:
            raise Unavailable(f"{url} answered 503")
        if len(self.there[url][0]) > limit:
            raise Invalid(f"{url} is larger than {limit} bytes", field="url")
        return self.there[url]


@pytest.fixture
async def message(database: PostgresDatabase, account: Account) -> Message:
    await add_number(database, account.id, OWN, utc_now())
    received = await receive_message(database, InboundMessage(PEER, OWN, "look", (CAT, CLIP)), utc_now())
    assert isinstance(received, Message)
    return received


async def test_media_is_kept_and_its_address_leads_to_a_signed_one(
    database: PostgresDatabase, tmp_path: Path, message: Message, twilio: FormClient, anonymous: Client
) -> None:
    objects = FolderObjects(tmp_path / "media")
    await keep_media(database, objects, Files({CAT: (b"meow", "image/jpeg"), CLIP: (b"<svg>", "text/html")}), utc_now())
    sid = to_sid("MM", message.id)

    listed = (await twilio.ask("GET", f"Messages/{sid}/Media.json")).json["media_list"]
    content = f"/2010-04-01/Accounts/{twilio.sid}/Messages/{sid}/Media/{listed[0]['sid']}"
    async with anonymous.session.get(anonymous.base + content, allow_redirects=False) as moved:
        location = moved.headers["Location"]
    async with anonymous.session.get(anonymous.base + location) as got:
        body, kind = await got.read(), got.headers["Content-Type"]
    forged = await anonymous.ask("GET", location[:-1] + ("0" if location[-1] != "0" else "1"))

    assert [each["content_type"] for each in listed] == ["image/jpeg", "video/mp4"]
    assert (moved.status, body, kind) == (307, b"meow", "image/jpeg")
    assert forged.status == 403


async def test_address_is_good_for_a_while(message: Message) -> None:
    links, now = MediaLinks(b"secret"), utc_now()

    expires, signature = links.sign(message.id, now)

    links.check(message.id, expires=expires, signature=signature, now=now)
    for late, sign in ((now + LINK_LASTS, signature), (now, "0" * 64)):
        with pytest.raises(NotPermitted):
            links.check(message.id, expires=expires, signature=sign, now=late)


async def test_file_that_is_too_large_or_never_there_is_given_up(
    database: PostgresDatabase, tmp_path: Path, message: Message, account: Account
) -> None:
    files = Files({CAT: (b"x" * (5 * 1024 * 1024 + 1), "image/jpeg")})

    for attempt in range(MEDIA_ATTEMPTS):
        at = utc_now() + timedelta(minutes=2 * attempt)
        assert await keep_media(database, FolderObjects(tmp_path / "media"), files, at)

    found = await list_media(database, AccountId(account.id), message.id)
    assert [media.state for media in found] == [MediaState.FAILED, MediaState.FAILED]
    assert not await keep_media(database, FolderObjects(tmp_path / "media"), files, utc_now() + timedelta(hours=1))


async def test_library_lists_fetches_and_deletes_media(
    twilio_client: TwilioClient, message: Message, other_account: FormClient
) -> None:
    sid = to_sid("MM", message.id)
    media = twilio_client.messages(sid).media

    listed = await asyncio.to_thread(media.list)
    fetched = await asyncio.to_thread(twilio_client.messages(sid).media(str(listed[0].sid)).fetch)
    foreign = await other_account.ask("GET", f"Messages/{sid}/Media/{listed[0].sid}.json")
    deleted = await asyncio.to_thread(twilio_client.messages(sid).media(str(listed[0].sid)).delete)

    assert (fetched.parent_sid, fetched.content_type) == (sid, "image/jpeg")
    assert deleted
    assert foreign.status == 404
    assert [each.content_type for each in await asyncio.to_thread(media.list)] == ["video/mp4"]


@pytest.fixture
def twilio_client(anonymous: Client, account: Account) -> TwilioClient:
    client = TwilioClient(to_sid("AC", account.id), account.auth_token)
    client.api.base_url = anonymous.base
    return client


@pytest.fixture
async def other_account(anonymous: Client, database: PostgresDatabase, account: Account) -> FormClient:
    return client_of(anonymous, await child_of(database, account), TWILIO)
