"""The keeping of traces, where writing takes its time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from dialplane.domain.calling.traces import CallTrace, key_fact
from dialplane.domain.ids import AccountId, CallId, new_id, utc_now
from dialplane.voice.signalling import Signalling, TracedCall


class SlowStore:
    """Writes one batch at a time, when it is told to."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.met = asyncio.Event()
        """A second write began while the first was under way."""
        self.may_end = asyncio.Event()
        self.written: list[CallTrace] = []

    async def write(self, traces: Sequence[CallTrace]) -> None:
        (self.met if self.began.is_set() else self.began).set()
        await self.may_end.wait()
        self.written += traces


def traced(name: str) -> TracedCall:
    now = utc_now()
    return TracedCall(CallId(new_id(now)), AccountId(new_id(now)), name, now, (key_fact("5", now),))


async def test_what_is_being_written_when_the_node_stops_is_written_once() -> None:
    store = SlowStore()
    signalling = Signalling(store.write, lambda: ())
    calls = [traced("first"), traced("second")]
    signalling.ended(calls[0])
    first = asyncio.create_task(signalling.close())
    await store.began.wait()
    signalling.ended(calls[1])
    second = asyncio.create_task(signalling.close())
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await store.met.wait()
    store.may_end.set()

    await asyncio.gather(first, second)

    assert [trace.call_id for trace in store.written] == [call.call_id for call in calls]
