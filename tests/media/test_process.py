"""The media process's life: ports, clients that come and go, faults, its own end."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialplane.domain.calling.media import MediaCounters, PlayEnd, Prompt, RemoteMedia
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.media.client import MediaClient
from dialplane.media.protocol import Connect
from tests.effort import PATIENCE_S, business, full
from tests.media.conftest import MediaProcess, Party
from tests.ports import free_range

PAIRS = 4


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[MediaProcess]:
    """A process with four pairs of ports that calls a party silent after a second."""
    process = MediaProcess(tmp_path, *free_range(PAIRS), silence_s=1.0)
    yield process
    with contextlib.suppress(ProcessLookupError):
        process.end()


async def test_every_port_is_given_back(small: MediaProcess) -> None:
    """RTP-3: finished, failed and never connected legs, many more than there are ports; 10,000 in `make soak`."""
    client = MediaClient(small.socket_path)
    await client.start()

    for index in range(full(1_000, 10_000) // PAIRS):
        legs = await asyncio.gather(*(client.open() for _ in range(PAIRS)))
        assert len({leg.port for leg in legs}) == PAIRS
        if index % 2:
            legs[0].connect(RemoteMedia("127.0.0.1", 9, "PCMU", 0, None))
        with pytest.raises(Unavailable):
            await client.open()
        await asyncio.gather(*(leg.close() for leg in legs))

    stats = await client.stats()
    assert (stats.legs, stats.ports_free, stats.failures) == (0, PAIRS, 0)
    await client.stop()


def may_be_real_time() -> bool:
    """Whether a child of ours is granted the real-time class."""
    ask = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"
    return subprocess.run([sys.executable, "-c", ask], stderr=subprocess.DEVNULL, check=False).returncode == 0


async def test_media_runs_in_the_real_time_class_where_it_may_and_its_recorder_does_not(small: MediaProcess) -> None:
    """A packet cannot wait for whoever has its turn; a file can."""
    client = MediaClient(small.socket_path)
    await client.start()

    kept_for_itself = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    assert os.sched_getscheduler(small.process.pid) == (kept_for_itself if may_be_real_time() else os.SCHED_OTHER)
    assert os.sched_getscheduler(small.recorder) == os.SCHED_OTHER
    await client.stop()


async def test_port_that_another_program_holds_is_stepped_over(small: MediaProcess) -> None:
    first = int(small.arguments[1])
    client = MediaClient(small.socket_path)
    await client.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foreign:
        foreign.bind(("127.0.0.1", first))

        ports = {(await client.open()).port for _ in range(PAIRS - 1)}

        assert first not in ports
    await client.stop()


async def test_legs_of_a_client_that_goes_away_are_closed_and_anothers_are_not(small: MediaProcess) -> None:
    one, two = MediaClient(small.socket_path), MediaClient(small.socket_path)
    await one.start()
    await two.start()
    for _ in range(3):
        await one.open()
    kept = await two.open()

    await one.stop()
    async with asyncio.timeout(PATIENCE_S):
        while (stats := await two.stats()).legs != 1:
            pass

    assert stats.ports_free == PAIRS - 1
    assert await kept.close() == MediaCounters()
    await two.stop()


async def test_client_that_sends_nonsense_is_dropped_alone(small: MediaProcess) -> None:
    client = MediaClient(small.socket_path)
    await client.start()
    reader, writer = await asyncio.open_unix_connection(small.socket_path)
    writer.write(b"\0\0\0\x03abc" + b"GET / HTTP/1.1\r\n\r\n")

    assert await reader.read() == b""
    assert (await client.stats()).legs == 0
    writer.close()
    await client.stop()


async def test_restart_of_the_process_ends_what_waits_and_the_client_connects_again(
    small: MediaProcess, party: Party, prompt: Prompt, tmp_path: Path
) -> None:
    client = MediaClient(small.socket_path)
    await client.start()
    lost = asyncio.Event()
    client.on_lost = lost.set
    leg = await client.open()
    leg.connect(party.remote())
    await leg.start_recording(tmp_path / "call.wav")
    playing = asyncio.create_task(leg.play([prompt], loop=True))
    sending = asyncio.create_task(leg.send_digits("123", duration_ms=5_000, interval_ms=100))
    await party.hear()

    small.process.kill()
    small.process.wait()
    async with asyncio.timeout(PATIENCE_S):  # a process is started in it
        assert await playing is PlayEnd.STOPPED
        await sending
        await lost.wait()
        assert (await leg.wait_recording()).ended_by == "closed"
        with pytest.raises(Unavailable):
            await client.open()
        assert await leg.play([prompt]) is PlayEnd.STOPPED
        assert await leg.close() == MediaCounters()
        small.start()
        while True:
            with contextlib.suppress(Unavailable):
                again = await client.open()
                break
            await asyncio.sleep(0.02)

    again.connect(party.remote())
    await party.hear_until(b"\xff" * 160)
    await client.stop()


async def test_death_of_the_process_ends_what_waits_for_rooms_and_feeds(
    small: MediaProcess, party: Party, prompt: Prompt, tmp_path: Path
) -> None:
    client = MediaClient(small.socket_path)
    await client.start()
    leg, room = await client.open(), await client.open_room()
    leg.connect(party.remote())
    tap = leg.tap(lambda *_: None, sent=True)
    leg.feed(b"\x10" * 80_000)
    room.add(leg)
    await room.start_recording(tmp_path / "room.wav")
    announced = asyncio.create_task(room.play([prompt] * 100))
    marked = asyncio.create_task(leg.feed_mark())
    await party.hear_until(b"\x10" * 160)

    small.process.kill()
    small.process.wait()

    async with asyncio.timeout(PATIENCE_S):
        assert await announced is PlayEnd.STOPPED
        await marked
        assert (await room.wait_recording()).ended_by == "closed"
        with pytest.raises(Unavailable):
            await client.open_room()
        with pytest.raises(Unavailable):
            await room.start_recording(tmp_path / "again.wav")
        assert await room.play([prompt]) is PlayEnd.STOPPED
        room.add(leg)
        room.remove(leg)
        leg.feed(b"\x10" * 160)
        leg.clear_feed()
        tap.close()
        await room.close()
        await leg.close()
    await client.stop()


async def test_rooms_of_a_client_that_goes_away_are_closed(small: MediaProcess, party: Party) -> None:
    one, two = MediaClient(small.socket_path), MediaClient(small.socket_path)
    await one.start()
    await two.start()
    leg, room = await one.open(), await one.open_room()
    leg.connect(party.remote())
    room.add(leg)
    await one.stats()
    await two.open_room()
    assert (await two.stats()).rooms == 2

    await one.stop()
    async with asyncio.timeout(PATIENCE_S):
        while (stats := await two.stats()).rooms != 1:
            pass

    assert (stats.legs, stats.failures) == (0, 0)
    await two.stop()


async def test_start_fails_where_no_process_serves(tmp_path: Path) -> None:
    client = MediaClient(tmp_path / "nothing.sock")

    with pytest.raises(Unavailable):
        await client.start(wait_s=0.1)


async def test_party_that_falls_silent_is_reported_once(small: MediaProcess, party: Party) -> None:
    """SIP-16, with a second in place of sixty."""
    client = MediaClient(small.socket_path)
    await client.start()
    leg, held = await client.open(), await client.open()
    silences: asyncio.Queue[str] = asyncio.Queue()
    leg.on_silence = lambda: silences.put_nowait("expected to send")
    held.on_silence = lambda: silences.put_nowait("on hold")
    leg.connect(party.remote())
    held.connect(party.remote(sends=False))

    async with asyncio.timeout(PATIENCE_S):
        assert await silences.get() == "expected to send"
    await asyncio.sleep(1.5)

    assert silences.empty()
    await client.stop()


async def test_order_that_fails_ends_its_own_leg_only(small: MediaProcess, party: Party) -> None:
    client = MediaClient(small.socket_path)
    await client.start()
    leg, other = await client.open(), await client.open()
    gone = asyncio.Event()
    leg.on_silence = gone.set

    with pytest.raises(Invalid):
        leg.connect(RemoteMedia("localhost", 4_000, "PCMU", 0, None))  # a name would have to be looked up
    client.send(Connect(leg.leg_id, RemoteMedia("localhost", 4_000, "PCMU", 0, None)))
    other.connect(party.remote())
    await party.hear_until(b"\xff" * 160)
    async with asyncio.timeout(PATIENCE_S):
        await gone.wait()

    assert (await client.stats()).failures == 1
    await client.stop()


async def test_sigterm_ends_the_process_and_removes_its_socket(small: MediaProcess) -> None:
    client = MediaClient(small.socket_path)
    await client.start()
    await client.open()

    status = await asyncio.to_thread(small.end)

    assert status == 0
    assert not small.socket_path.exists()
    await client.stop()


async def test_thousand_legs_are_opened_and_closed_in_about_a_second(tmp_path: Path) -> None:
    process = MediaProcess(tmp_path, *free_range(50))
    client = MediaClient(process.socket_path)
    await client.start()
    loop = asyncio.get_running_loop()

    async def call() -> None:
        leg = await client.open()
        await leg.close()

    begin = loop.time()
    for _ in range(25):
        await asyncio.gather(*(call() for _ in range(40)))

    assert loop.time() - begin < 5 * business()  # measured: 0.3 s on a machine of its own
    await client.stop()
    assert process.end() == 0
