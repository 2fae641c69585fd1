"""Telling what was heard: the strength of tones, in what parties received and in files."""

import asyncio
import wave
from pathlib import Path

import numpy as np

from dialplane.audio.g711 import Samples, decode_alaw, decode_ulaw
from dialplane.media.recorded_file import RecordedFile
from dialplane.media.recording import RecordingWish
from dialplane.rtp.packet import Packet
from tests.media.conftest import Party


def strength(samples: Samples, frequency_hz: int) -> float:
    """The amplitude of one frequency."""
    time_s = np.arange(len(samples)) / 8_000
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * frequency_hz * time_s))))


def read_wav(path: Path, *, channels: int = 1) -> Samples:
    """The samples; with two channels one row for each."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8_000, channels, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)
    return samples if channels == 1 else samples.reshape(-1, channels).T


def audio_of(packets: list[Packet]) -> Samples:
    """What was in packets that follow each other."""
    payload = b"".join(packet.payload for packet in packets)
    return decode_alaw(payload) if packets and packets[0].payload_type == 8 else decode_ulaw(payload)


async def keep_speaking(party: Party, port: int, audio: bytes) -> None:
    """Round and round, in real time, until cancelled."""
    while True:
        await party.speak(port, audio)


async def hear_frames(party: Party, count: int) -> list[Packet]:
    """The next so many packets, without what had arrived before."""
    party.hear_waiting()
    return [await party.hear() for _ in range(count)]


class Speakers:
    """Parties that speak for as long as this is open."""

    def __init__(self, *speaking: tuple[Party, int, bytes]) -> None:
        self._speaking = speaking
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> None:
        self._tasks = [asyncio.create_task(keep_speaking(*each)) for each in self._speaking]

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class FileTape:
    """Where a recording goes in tests without a process: straight into its file."""

    def __init__(self, wish: RecordingWish) -> None:
        self._file = RecordedFile(wish)

    def write(self, heard: bytes, sent: bytes) -> None:
        self._file.write(heard, sent)

    def finish(self) -> None:
        self._file.finish()
