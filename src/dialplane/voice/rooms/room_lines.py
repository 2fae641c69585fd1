"""Lines into conferences for what is no call: it hears what all say, and all hear what it says.

A line is two legs whose RTP goes to each other, like a patch cable: one is in the room, the other is ours to tap and to
feed. So the mix needs to know of no other members than legs.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from dialplane.domain.calling.media import RemoteMedia
from dialplane.domain.errors import NotFound
from dialplane.domain.ids import ConferenceId
from dialplane.voice.ports import Media, MediaLeg
from dialplane.voice.rooms.room import Room


@dataclass(frozen=True, slots=True)
class RoomLine:
    """Tapping what is heard from `media` gives the room's mix; what is fed to it is heard by all in the room."""

    media: MediaLeg
    ended: asyncio.Event
    """The room is closed."""
    partner: None = None

    async def media_ready(self) -> MediaLeg:
        return self.media


@dataclass(frozen=True, slots=True)
class RoomLines:
    """Into the rooms of this node."""

    media: Media
    rooms: Mapping[ConferenceId, Room]

    @asynccontextmanager
    async def open(self, conference_id: UUID) -> AsyncIterator[RoomLine]:
        """A line for as long as it is needed.

        Raises NotFound where nobody is in the conference here, Unavailable where there are no ports.
        """
        room = self.rooms.get(ConferenceId(conference_id))
        if room is None:
            raise NotFound("Nobody is in the conference here", reason="CONFERENCE_NOT_FOUND")
        inside = await self.media.open()
        try:
            outside = await self.media.open()
            try:
                inside.connect(_to(outside))
                outside.connect(_to(inside))
                room.mix.add(inside)
                yield RoomLine(outside, room.closed)
            finally:
                await outside.close()
        finally:
            room.mix.remove(inside)
            await inside.close()


def _to(other: MediaLeg) -> RemoteMedia:
    return RemoteMedia(host=other.host, port=other.port, codec="PCMU", payload_type=0, telephone_event=None)
