"""Recordings on a disk that is full, slow or gone: the audio of calls goes on, and the end has its reason."""

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialplane.domain.calling.media import RecordingEnd
from dialplane.media.client import MediaClient
from dialplane.media.client_leg import MediaClientLeg
from tests.media.conftest import MediaProcess, Party, tone
from tests.media.sounds import Speakers, hear_frames, read_wav, strength
from tests.ports import free_range

FEW_OCTETS = 20_000
"""A second of one channel."""


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[MediaProcess]:
    started = MediaProcess(tmp_path, *free_range(4))
    yield started
    assert started.end() == 0


@pytest.fixture
async def client(process: MediaProcess) -> AsyncIterator[MediaClient]:
    opened = MediaClient(process.socket_path)
    await opened.start()
    yield opened
    await opened.stop()


async def bridged(client: MediaClient, parties: tuple[Party, Party]) -> tuple[MediaClientLeg, MediaClientLeg]:
    first, second = await client.open(), await client.open()
    for leg, party in zip((first, second), parties, strict=True):
        leg.connect(party.remote())
    first.bridge(second)
    return first, second


async def test_full_disk_ends_the_recording_with_its_reason_and_the_talk_goes_on(
    process: MediaProcess, client: MediaClient, party: Party, other_party: Party, tmp_path: Path
) -> None:
    """AV-4: what was written before is there to be heard."""
    first, _ = await bridged(client, (party, other_party))
    resource.prlimit(process.recorder, resource.RLIMIT_FSIZE, (FEW_OCTETS, FEW_OCTETS))
    await first.start_recording(tmp_path / "call.wav", tracks="both")

    async with Speakers((party, first.port, tone(1_000, duration_ms=20))), asyncio.timeout(20):
        end = await first.wait_recording()
        still = await hear_frames(other_party, 5)

    left, _ = read_wav(tmp_path / "call.wav", channels=2)
    assert end == RecordingEnd(tmp_path / "call.wav", "disk", len(left) * 1000 // 8_000, "File too large")
    assert (tmp_path / "call.wav").stat().st_size == FEW_OCTETS
    assert strength(left[-2_000:], 1_000) > 6_000
    assert len({packet.rtp_timestamp for packet in still}) == 5


async def test_disk_that_does_not_answer_keeps_no_packet_waiting_and_all_is_written_when_it_does(
    process: MediaProcess, client: MediaClient, party: Party, other_party: Party, tmp_path: Path
) -> None:
    """AV-4, AV-5: the recorder stands still, as behind a write that takes long."""
    first, _ = await bridged(client, (party, other_party))
    await first.start_recording(tmp_path / "call.wav", tracks="both", duration_s=2)
    os.kill(process.recorder, signal.SIGSTOP)
    try:
        async with Speakers((party, first.port, tone(1_000, duration_ms=20))), asyncio.timeout(20):
            still = await hear_frames(other_party, 125)
        assert not (await client.stats()).failures
    finally:
        os.kill(process.recorder, signal.SIGCONT)
    end = await first.wait_recording()

    assert {packet.sequence_number - still[0].sequence_number & 0xFFFF for packet in still} == set(range(125))
    assert (end.ended_by, end.duration_ms, end.failure) == ("duration", 2_000, "")
    left, _ = read_wav(tmp_path / "call.wav", channels=2)
    assert left[4_000:].any()  # said while nothing was written


async def test_recording_of_a_closed_leg_is_told_when_the_disk_has_taken_it(
    process: MediaProcess, client: MediaClient, party: Party, other_party: Party, tmp_path: Path
) -> None:
    """Hanging up does not wait for the disk."""
    first, second = await bridged(client, (party, other_party))
    await first.start_recording(tmp_path / "call.wav")
    os.kill(process.recorder, signal.SIGSTOP)
    try:
        await asyncio.gather(first.close(), second.close())
        ending = asyncio.ensure_future(first.wait_recording())
        await client.stats()
        assert not ending.done()
    finally:
        os.kill(process.recorder, signal.SIGCONT)

    end = await ending
    assert (end.ended_by, end.duration_ms) == ("closed", len(read_wav(tmp_path / "call.wav")) * 1000 // 8_000)


async def test_killed_recorder_ends_its_recordings_and_the_next_one_has_another(
    process: MediaProcess, client: MediaClient, party: Party, other_party: Party, tmp_path: Path
) -> None:
    first, second = await bridged(client, (party, other_party))
    await first.start_recording(tmp_path / "one.wav")
    killed = process.recorder
    os.kill(killed, signal.SIGKILL)

    end = await first.wait_recording()
    await second.start_recording(tmp_path / "two.wav", duration_s=1)
    again = await second.wait_recording()

    assert (end.ended_by, end.failure) == ("disk", "the recorder died")
    assert again == RecordingEnd(tmp_path / "two.wav", "duration", 1_000)
    assert process.recorder != killed
    stats = await client.stats()
    assert (stats.legs, stats.failures) == (2, 0)
