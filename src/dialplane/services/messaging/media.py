"""Media of messages: noted with the message, fetched and kept by a worker, read by whoever holds a signed address."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode
from uuid import UUID

from dialplane.domain.errors import Invalid, NotFound, NotPermitted, Unavailable
from dialplane.domain.ids import AccountId, MessageId, new_id
from dialplane.domain.messaging.media import LARGEST_MEDIA, MEDIA_ATTEMPTS, Media, MediaState, shown_type
from dialplane.domain.messaging.messages import Message
from dialplane.domain.rcml.parameters import media_type
from dialplane.services.objects import ObjectStore
from dialplane.services.transaction import Database, Transaction

AT_ONCE = 4
FETCH_S = 15.0
PAUSE = timedelta(minutes=1)
"""Before a file that could not be had is asked for again; longer than one may take."""
LINK_LASTS = timedelta(hours=4)
WAIT_S = 20.0
"""For media of a message whose document is to be told where they are; longer than one takes that is there at all."""
_BETWEEN_LOOKS_S = 0.2


class MediaStore(Protocol):
    """Port. Deleted media are never found."""

    async def add(self, medias: Sequence[Media]) -> None:
        """Those of one message, at least one."""
        ...

    async def list_for(self, account_id: AccountId, message_id: MessageId) -> Sequence[Media]: ...

    async def find(self, media_id: UUID) -> Media | None:
        """Of any account: for whoever holds its address."""
        ...

    async def find_keys(self, media_ids: Sequence[UUID]) -> set[str]:
        """Where the contents of these are kept."""
        ...

    async def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Media]:
        """Those that wait to be fetched; nobody else gets them until then."""
        ...

    async def save(self, media: Media) -> None: ...

    async def delete(self, media_id: UUID, now: datetime) -> None: ...


class FileSource(Protocol):
    """Port: the guarded client."""

    async def get(self, url: str, *, limit: int, timeout_s: float) -> tuple[bytes, str]:
        """The body and its content type. Raises Invalid, Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class MediaLinks:
    """Signs and checks addresses of media. The secret is one for all processes of the installation."""

    secret: bytes = field(repr=False)

    def sign(self, media_id: UUID, now: datetime) -> tuple[int, str]:
        """Until when (in seconds of the epoch), and the signature."""
        expires = int((now + LINK_LASTS).timestamp())
        return expires, self._signature(media_id, expires)

    def path(self, media_id: UUID, now: datetime) -> str:
        """Where its content is on the HTTP server, for a while, for whoever has the address."""
        expires, signature = self.sign(media_id, now)
        return f"/media/{media_id}?{urlencode({'expires': expires, 'signature': signature})}"

    def check(self, media_id: UUID, *, expires: int, signature: str, now: datetime) -> None:
        """Raises NotPermitted where the address was not signed here, or its time is over."""
        if not hmac.compare_digest(self._signature(media_id, expires).encode(), signature.encode()):
            raise NotPermitted("The signature of this address does not fit it", reason="SIGNATURE_INVALID")
        if now.timestamp() >= expires:
            raise NotPermitted("This address has expired: ask for a new one", reason="LINK_EXPIRED")

    def _signature(self, media_id: UUID, expires: int) -> str:
        return hmac.new(self.secret, f"media {media_id}:{expires}".encode(), hashlib.sha256).hexdigest()


async def note_media(tx: Transaction, message: Message, now: datetime) -> None:
    """Let the message's media be fetched; nothing where it has none."""
    if message.medias:
        await tx.media.add(
            [
                Media(new_id(now), message.id, message.account_id, position, url, media_type(url), now)
                for position, url in enumerate(message.medias)
            ]
        )


async def keep_media(database: Database, objects: ObjectStore, source: FileSource, now: datetime) -> bool:
    """Fetch some of the media that wait, and keep them; whether there were any."""
    async with database.transaction() as tx:
        claimed = await tx.media.claim(now=now, until=now + PAUSE, limit=AT_ONCE)
    for media in claimed:
        kept = await _fetched(objects, source, media)
        if kept is not None:
            async with database.transaction() as tx:
                await tx.media.save(kept)
    return bool(claimed)


async def _fetched(objects: ObjectStore, source: FileSource, media: Media) -> Media | None:
    """The media as it is now; None where it is to be tried again."""
    try:
        body, stated = await source.get(media.url, limit=LARGEST_MEDIA, timeout_s=FETCH_S)
    except Unavailable as fault:
        if media.attempts < MEDIA_ATTEMPTS:
            return None
        return replace(media, state=MediaState.FAILED, reason=fault.message[:200])
    except Invalid as fault:
        return replace(media, state=MediaState.FAILED, reason=fault.message[:200])
    await objects.put(media.key, body)
    return replace(
        media,
        state=MediaState.STORED,
        size_bytes=len(body),
        content_type=shown_type(stated, media.content_type),
    )


@dataclass(frozen=True, slots=True)
class MediaPlaces:
    """Where whoever runs a message's document finds its media."""

    links: MediaLinks
    public_url: str

    async def find(self, database: Database, message: Message, clock: Callable[[], datetime]) -> list[tuple[str, str]]:
        """Address and content type of each, as soon as they are kept. What could not be had, or not yet, is where it
        came from."""
        deadline = asyncio.get_running_loop().time() + WAIT_S
        while True:
            async with database.reading() as tx:
                found = await tx.media.list_for(message.account_id, message.id)
            is_over = asyncio.get_running_loop().time() >= deadline
            if is_over or all(media.state is not MediaState.WAITING for media in found):
                return [(self._address(media, clock()), media.content_type) for media in found]
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    def _address(self, media: Media, now: datetime) -> str:
        return self.public_url + self.links.path(media.id, now) if media.state is MediaState.STORED else media.url


async def list_media(database: Database, account_id: AccountId, message_id: MessageId) -> Sequence[Media]:
    """In the order of the message. Raises NotFound for an unknown message."""
    async with database.reading() as tx:
        if await tx.messages.find(account_id, message_id) is None:
            raise NotFound("There is no such message", reason="MESSAGE_NOT_FOUND")
        return await tx.media.list_for(account_id, message_id)


async def get_media(database: Database, account_id: AccountId, message_id: MessageId, media_id: UUID) -> Media:
    """Raises NotFound."""
    async with database.reading() as tx:
        return _found(await tx.media.find(media_id), account_id, message_id)


async def delete_media(
    database: Database,
    objects: ObjectStore,
    account_id: AccountId,
    message_id: MessageId,
    media_id: UUID,
    now: datetime,
) -> None:
    """With its content. Raises NotFound."""
    async with database.transaction() as tx:
        media = _found(await tx.media.find(media_id), account_id, message_id)
        await tx.media.delete(media_id, now)
    await objects.delete(media.key)


async def read_media(database: Database, objects: ObjectStore, media_id: UUID) -> tuple[Media, bytes]:
    """For whoever holds a signed address. Raises NotFound where it is not kept (yet)."""
    async with database.reading() as tx:
        media = await tx.media.find(media_id)
    content = await objects.get(media.key) if media is not None and media.state is MediaState.STORED else None
    if media is None or content is None:
        raise NotFound("There is no such file", reason="FILE_NOT_FOUND")
    return media, content


def _found(media: Media | None, account_id: AccountId, message_id: MessageId) -> Media:
    if media is None or (media.account_id, media.message_id) != (account_id, message_id):
        raise NotFound("There is no such media", reason="MEDIA_NOT_FOUND")
    return media
