"""Speakings on this node: what a client streams as text is spoken into its call or conference, in order."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from dialplane.domain.calling.speakings import Speaking
from dialplane.domain.errors import Refusal
from dialplane.domain.ids import AccountId
from dialplane.services.calling.speakings import begin_speaking, end_speaking
from dialplane.services.transaction import Database
from dialplane.voice.leg import Leg
from dialplane.voice.orders import Order
from dialplane.voice.patience import until_kept
from dialplane.voice.ports import MediaLeg, Prompts
from dialplane.voice.rooms.room_lines import RoomLines
from dialplane.voice.streaming.audio_pipe import Party
from dialplane.voice.waiting import first_of

MOST_WAITING = 100
"""Texts that wait to be said; what is said beyond them is dropped."""

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Mouth:
    """One speaking on its way."""

    texts: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    flushed: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    obeyed: set[str] = field(default_factory=set)
    """Orders that came already: those to a conference come by each of its calls."""

    def flush(self) -> None:
        self.texts.clear()
        self.flushed.set()


@dataclass(frozen=True, slots=True)
class Speakings:
    """Those of this node."""

    database: Database
    prompts: Prompts
    lines: RoomLines
    now: Callable[[], datetime]
    mouths: dict[UUID, Mouth] = field(default_factory=dict)

    def orders(self) -> Mapping[str, Order]:
        return {
            "speak_start": self._start,
            "speak_say": self._say,
            "speak_flush": self._flush,
            "speak_stop": self._stop,
        }

    async def _start(self, leg: Leg, payload: Mapping[str, object]) -> None:
        speaking_id = UUID(str(payload["speaking_id"]))
        if speaking_id in self.mouths:
            return
        mouth = self.mouths[speaking_id] = Mouth()
        account_id = AccountId(UUID(str(payload["account_id"])))
        try:
            speaking = await begin_speaking(self.database, account_id, speaking_id, self.now())
            async with self._party(leg, speaking) as party:
                await self._speak(party, speaking, mouth)
        finally:
            del self.mouths[speaking_id]
            now = self.now()
            await until_kept(lambda: end_speaking(self.database, account_id, speaking_id, now))

    async def _say(self, leg: Leg, payload: Mapping[str, object]) -> None:
        if mouth := self._mouth(payload):
            mouth.texts.append(str(payload["text"]))
            mouth.news.set()

    async def _flush(self, leg: Leg, payload: Mapping[str, object]) -> None:
        if mouth := self._mouth(payload):
            mouth.flush()

    async def _stop(self, leg: Leg, payload: Mapping[str, object]) -> None:
        if mouth := self._mouth(payload):
            mouth.flush()
            mouth.stopped.set()

    def _mouth(self, payload: Mapping[str, object]) -> Mouth | None:
        """Who is to obey the order; None where nobody speaks any more, or the order came already."""
        mouth, order = self.mouths.get(UUID(str(payload["speaking_id"]))), str(payload["order_id"])
        if mouth is None or order in mouth.obeyed:
            return None
        mouth.obeyed.add(order)
        return mouth

    def _party(self, leg: Leg, speaking: Speaking) -> AbstractAsyncContextManager[Party]:
        if speaking.reference_type == "confbridge":
            return self.lines.open(speaking.reference_id)
        return _call(leg)

    async def _speak(self, party: Party, speaking: Speaking, mouth: Mouth) -> None:
        """Say one text after the other until it is stopped or the party is gone."""
        while not (mouth.stopped.is_set() or party.ended.is_set()):
            if not mouth.texts:
                mouth.news.clear()
                await first_of(mouth.news.wait(), mouth.stopped.wait(), party.ended.wait())
                continue
            mouth.flushed.clear()
            text = mouth.texts.popleft()
            try:
                prompt = await self.prompts.say(
                    text,
                    language=speaking.language,
                    gender="",
                    voice_id=speaking.voice_id,
                    provider=speaking.provider,
                )
            except Refusal as refusal:
                log.warning("not_spoken", speaking_id=str(speaking.id), reason=refusal.message)
                continue
            audio = await asyncio.to_thread(prompt.path.read_bytes)
            if not mouth.flushed.is_set():
                await _let_hear(_ears(party, speaking), audio, mouth, party)


async def _let_hear(ears: list[MediaLeg], audio: bytes, mouth: Mouth, party: Party) -> None:
    """Until it is heard, or dropped."""
    for ear in ears:
        ear.feed(audio)
    heard = asyncio.gather(*(ear.feed_mark() for ear in ears))
    await first_of(_wait(heard), mouth.flushed.wait(), party.ended.wait())
    if mouth.flushed.is_set():
        for ear in ears:
            ear.clear_feed()


async def _wait(heard: "asyncio.Future[list[None]]") -> None:
    await heard


def _ears(party: Party, speaking: Speaking) -> list[MediaLeg]:
    parties = [party] if speaking.direction in ("out", "both") or speaking.reference_type == "confbridge" else []
    if speaking.direction in ("in", "both") and party.partner is not None:
        parties.append(party.partner)
    return [each.media for each in parties if each.media is not None]


@asynccontextmanager
async def _call(leg: Leg) -> AsyncIterator[Party]:
    await leg.media_ready()
    yield leg
