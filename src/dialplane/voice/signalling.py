"""Keeps the signalling of live calls in memory, by reference, and hands it to the store when the calls are over.

The way of an ordinary call pays a look into one dict for each message. What is costly (blanking, compressing, writing)
is done once a second for all calls that ended meanwhile, beside the event loop and outside the journal: a trace that
is lost costs nobody anything.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import field
from datetime import datetime

import structlog

from dialplane.domain.calling.signalling import SipPacket, pack
from dialplane.domain.calling.traces import CallTrace, Fact
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import AccountId, CallId
from dialplane.domain.values import dataclass
from dialplane.sip.call_id import call_id_of
from dialplane.sip.transaction_peer import Source

log = structlog.get_logger()

MAX_CALLS = 50_000
"""Calls whose signalling is kept at a time; those beyond it have none."""
MAX_PACKETS = 300
MAX_OCTETS = 256 * 1024
"""Of one call."""
LINGER_S = 1.5
"""How long after a call's end its last answers may come."""
UNCLAIMED_S = 40.0
"""A first INVITE that nothing came of by then (RFC 3261: 64*T1) was a stranger's."""
FLUSH_S = 1.0
FORGET_EVERY = 10
"""Flushes between two looks for strangers' INVITEs."""
MAX_WAITING = 20_000
"""Traces that wait for a store that is away; the oldest are dropped."""

Raw = tuple[float, bool, Source, bytes]


@dataclass(slots=True)
class Dialogue:
    """The messages of one Call-ID. Two legs may share it: a call to a number of our own comes back to us."""

    began: float
    packets: list[Raw] = field(default_factory=list)
    octets: int = 0
    claims: int = 0


@dataclass(frozen=True, slots=True)
class TracedCall:
    """A call that is over, as far as its trace names it."""

    call_id: CallId
    account_id: AccountId
    sip_call_id: str
    created_at: datetime
    facts: tuple[Fact, ...] = ()


class Signalling:
    """Fulfils the user agent's `Tap`. `write` keeps traces, and raises Unavailable where the store is away."""

    def __init__(
        self, write: Callable[[Sequence[CallTrace]], Awaitable[None]], live: Callable[[], Iterable[str]]
    ) -> None:
        """`live` gives the SIP Call-IDs of the calls that go on."""
        self._write = write
        self._live = live
        self._dialogues: dict[bytes, Dialogue] = {}
        self._ended: deque[tuple[float, TracedCall]] = deque()
        """Each with the time from which nothing more is expected of it."""
        self._waiting: deque[CallTrace] = deque(maxlen=MAX_WAITING)
        self._writing = asyncio.Lock()
        """`close` comes while `run` may be at it."""

    def received(self, data: bytes, peer: Source) -> None:
        self._note(data, peer, is_sent=False)

    def sent(self, data: bytes, peer: Source) -> None:
        self._note(data, peer, is_sent=True)

    def ended(self, call: TracedCall) -> None:
        """The call is over, or was refused; its last messages may still come."""
        self._ended.append((time.monotonic() + LINGER_S, call))
        if (dialogue := self._dialogues.get(call.sip_call_id.encode())) is not None:
            dialogue.claims += 1

    async def run(self) -> None:
        """Write what has ended, once a second. Cancelled by the owner, who then calls `close`."""
        while True:
            for _ in range(FORGET_EVERY):
                await asyncio.sleep(FLUSH_S)
                await self._flush(time.monotonic())
            self._forget_strangers(time.monotonic())

    async def close(self) -> None:
        await self._flush(float("inf"))

    def _note(self, data: bytes, peer: Source, *, is_sent: bool) -> None:
        call_id = call_id_of(data)
        dialogue = self._dialogues.get(call_id)
        if dialogue is None:
            if not data.startswith(b"INVITE ") or len(self._dialogues) >= MAX_CALLS:
                return
            dialogue = self._dialogues[call_id] = Dialogue(time.monotonic())
        if len(dialogue.packets) < MAX_PACKETS and dialogue.octets < MAX_OCTETS:
            dialogue.packets.append((time.time(), is_sent, peer, data))
            dialogue.octets += len(data)

    async def _flush(self, now: float) -> None:
        due: list[tuple[TracedCall, list[Raw]]] = []
        while self._ended and self._ended[0][0] <= now:
            _, call = self._ended.popleft()
            due.append((call, self._take(call.sip_call_id.encode())))
        async with self._writing:
            if due:
                self._waiting.extend(await asyncio.to_thread(_make, due))
            batch = list(self._waiting)
            if not batch:
                return
            try:
                await self._write(batch)
            except Unavailable:
                log.warning("traces_wait_for_store", waiting=len(batch))
            else:
                self._waiting.clear()  # nothing was added meanwhile: only who holds the lock adds

    def _take(self, call_id: bytes) -> list[Raw]:
        dialogue = self._dialogues.get(call_id)
        if dialogue is None:
            return []
        dialogue.claims -= 1
        if dialogue.claims <= 0:
            del self._dialogues[call_id]
        return dialogue.packets

    def _forget_strangers(self, now: float) -> None:
        live = {call_id.encode() for call_id in self._live()}
        for call_id, dialogue in list(self._dialogues.items()):
            if now - dialogue.began < UNCLAIMED_S:
                break  # a dict keeps the order of insertion: the rest is younger
            if not dialogue.claims and call_id not in live:
                del self._dialogues[call_id]


def _make(due: Sequence[tuple[TracedCall, list[Raw]]]) -> list[CallTrace]:
    return [
        CallTrace(
            call.call_id,
            call.account_id,
            call.created_at,
            pack([SipPacket(at, sent, peer.transport, peer.host, peer.port, data) for at, sent, peer, data in raw]),
            call.facts,
        )
        for call, raw in due
        if raw or call.facts
    ]
