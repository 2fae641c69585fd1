"""An answered call whose audio the test plays by hand, with the real guarded ways out."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.http.sockets import GuardedSockets
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.ids import CallId, new_id, utc_now
from dialplane.domain.networks import Network
from dialplane.domain.programs.commands import Result, StartStream
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import LegContext
from dialplane.voice.streaming.external_media import ExternalMedia
from dialplane.voice.streaming.streams import Streams
from tests.fakes.media_leg import FakeMediaLeg
from tests.fakes.stream_app import StreamApp
from tests.services.buying import buyer
from tests.voice.platform import LOOPBACK


@dataclass
class Line:
    """One answered call and what it is given to do."""

    leg: Leg
    media: FakeMediaLeg
    streams: Streams
    external_media: ExternalMedia
    tasks: asyncio.TaskGroup
    database: PostgresDatabase

    def hear_key(self, digit: str) -> None:
        assert self.media.on_digit is not None
        self.media.on_digit(digit)

    async def told(self) -> list[dict[str, str]]:
        """The forms of all status callbacks, in order."""
        async with self.database.reading() as tx:
            rows = await tx.connection.fetch(
                "select data from events where type = 'status_callback' order by resource_seq"
            )
        return [dict(row["data"]["form"]) for row in rows]

    def start(self, app: StreamApp, **fields: Any) -> "asyncio.Task[Result]":
        command = replace(StartStream(app.url, two_way=True), **fields)
        return self.tasks.create_task(self.streams.start(self.leg, command))


class Nowhere:
    def changed(self, leg: Leg, event: str) -> None:
        """Nobody keeps these calls."""

    def ended(self, leg: Leg) -> None:
        """Nobody keeps these calls."""


@asynccontextmanager
async def a_line(database: PostgresDatabase, *, allow: "tuple[Network, ...]" = LOOPBACK) -> AsyncIterator[Line]:
    account_id = await buyer(database)
    now, media = utc_now(), FakeMediaLeg()
    async with GuardedClient(allow=allow) as web, GuardedSockets(web) as sockets, asyncio.TaskGroup() as tasks:

        def spawn(work: Coroutine[Any, Any, Any]) -> None:
            tasks.create_task(work)

        context = LegContext(media.as_media(), Nowhere(), utc_now, spawn)
        call = Call(
            CallId(new_id(now)), account_id, Direction.INCOMING, CallStatus.RINGING, Address("tel", "+12125550111"),
            Address("tel", "+12025550143"), now,
        )  # fmt: skip
        leg = Leg(call, context, billing=None)
        await leg.media_ready()
        leg.on_progressing()
        yield Line(leg, media, Streams(sockets, database, utc_now), ExternalMedia(sockets), tasks, database)
        leg.hang_up()
