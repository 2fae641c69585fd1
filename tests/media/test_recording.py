"""Recordings: both directions in one WAV file, and what ends it."""

import asyncio
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from dialplane.audio.g711 import encode_ulaw
from dialplane.audio.listening import judge
from dialplane.domain.calling.media import Prompt, RecordingEnd
from dialplane.domain.errors import Unavailable
from dialplane.media.client import MediaClient
from tests.media.conftest import MediaProcess, Party, tone
from tests.media.sounds import read_wav, strength
from tests.media.test_digits import press
from tests.ports import free_range


async def test_both_directions_are_in_the_file(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    said = tmp_path / "said.ulaw"
    said.write_bytes(tone(400, duration_ms=1_000))
    await leg.start_recording(tmp_path / "call.wav")

    await asyncio.gather(leg.play([Prompt(said, 1_000)]), party.speak(leg.port, tone(1_000, duration_ms=1_000)))
    leg.stop_recording()
    end = await leg.wait_recording()

    samples = read_wav(tmp_path / "call.wav")
    middle = samples[2_400:6_400]
    assert end == RecordingEnd(tmp_path / "call.wav", "stopped", len(samples) * 1000 // 8_000)
    assert 950 < end.duration_ms < 1_400
    assert strength(middle, 400) > 6_000
    assert strength(middle, 1_000) > 6_000
    assert strength(middle, 700) < 300


async def test_packets_out_of_order_are_put_in_order_and_lost_ones_are_silence(
    media: MediaClient, party: Party, tmp_path: Path
) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    await leg.start_recording(tmp_path / "call.wav")
    step = [encode_ulaw(np.full(160, 1_000 * (index + 1), dtype=np.int16)) for index in range(5)]

    for index in (0, 2, 1, 4):  # 3 is lost
        party.sequence, party.timestamp = 1_000 + index, 160 * index
        party.send(leg.port, step[index])
    for _ in range(20):  # 400 ms on the leg's own clock
        await party.hear()
    await leg.close()
    end = await leg.wait_recording()

    samples = read_wav(tmp_path / "call.wav")
    begin = int(np.flatnonzero(samples)[0])
    heard = samples[begin : begin + 800].reshape(5, 160)
    assert [round(int(value), -3) for value in heard[:, 80]] == [1_000, 2_000, 3_000, 0, 5_000]
    assert end.ended_by == "closed"


async def test_recording_ends_at_its_duration(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())

    await leg.start_recording(tmp_path / "call.wav", duration_s=1)

    assert await leg.wait_recording() == RecordingEnd(tmp_path / "call.wav", "duration", 1_000)
    assert len(read_wav(tmp_path / "call.wav")) == 8_000


async def test_recording_ends_at_its_key(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    await leg.start_recording(tmp_path / "call.wav", end_of_key="#*")

    press(party, leg.port, "1")
    press(party, leg.port, "#")

    assert (await leg.wait_recording()).ended_by == "key"


async def test_recording_ends_at_a_key_that_did_not_come_with_the_audio(media: MediaClient, tmp_path: Path) -> None:
    leg = await media.open()
    await leg.start_recording(tmp_path / "call.wav", end_of_key="#", duration_s=1)
    leg.end_recording_by("5")
    other = await leg.wait_recording()
    await leg.start_recording(tmp_path / "again.wav", end_of_key="#")
    leg.end_recording_by("#")

    assert (other.ended_by, (await leg.wait_recording()).ended_by) == ("duration", "key")


async def test_recording_ends_after_silence(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    await leg.start_recording(tmp_path / "call.wav", end_of_silence_s=1)

    await party.speak(leg.port, tone(1_000, duration_ms=600))
    end = await leg.wait_recording()

    assert end.ended_by == "silence"
    assert 1_500 <= end.duration_ms < 3_000
    assert 400 < judge(read_wav(end.path)).sounding_ms <= 640


async def test_second_recording_ends_the_first(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    await leg.start_recording(tmp_path / "one.wav")
    first = asyncio.create_task(leg.wait_recording())
    await asyncio.sleep(0)

    await leg.start_recording(tmp_path / "two.wav")

    assert (await first).path == tmp_path / "one.wav"


async def test_file_that_cannot_be_opened_is_told(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())

    with pytest.raises(Unavailable, match="No such file"):
        await leg.start_recording(tmp_path / "nowhere" / "call.wav")


async def test_muted_party_is_not_in_the_recording(media: MediaClient, party: Party, tmp_path: Path) -> None:
    leg = await media.open()
    leg.connect(party.remote())
    leg.mute(heard=False, hears=True)
    await leg.start_recording(tmp_path / "call.wav")

    await party.speak(leg.port, tone(1_000, duration_ms=300))
    await leg.close()
    await leg.wait_recording()

    assert judge(read_wav(tmp_path / "call.wav")).sounding_ms == 0


async def test_recording_of_a_killed_process_is_a_valid_file_up_to_its_last_second(tmp_path: Path) -> None:
    process = MediaProcess(tmp_path, *free_range(2))
    client = MediaClient(process.socket_path)
    await client.start()
    party = Party()
    leg = await client.open()
    leg.connect(party.remote())
    await leg.start_recording(tmp_path / "call.wav")
    await party.speak(leg.port, tone(1_000, duration_ms=1_600))

    os.kill(process.process.pid, signal.SIGKILL)
    process.process.wait()
    end = await leg.wait_recording()

    samples = read_wav(tmp_path / "call.wav")
    assert end == RecordingEnd(tmp_path / "call.wav", "closed", len(samples) * 1000 // 8_000)
    assert end.duration_ms >= 600
    assert strength(samples[2_000:], 1_000) > 6_000
    await client.stop()
    party.close()
