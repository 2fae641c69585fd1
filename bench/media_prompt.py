"""CPU per prompt packet: our media process against rtpengine's `play media`, one after the other in one run.

    .venv/bin/python bench/media_prompt.py [--streams 200] [--seconds 15]

The peer needs Debian's `rtpengine-daemon`; without it our own figure is printed alone.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from pathlib import Path

from dialplane.audio.g711 import encode_ulaw
from dialplane.audio.tones import tone
from dialplane.audio.wav import WavWriter
from media_peers import Ours, Party, Rtpengine, cpu_seconds

MINIMUM, AIM = 1 / 5, 1 / 10


async def measure(server: Ours | Rtpengine, streams: int, seconds: float, folder: Path) -> dict[str, float]:
    party = Party()
    try:
        async with server:
            await server.play(streams, folder / "prompt.wav", folder / "prompt.ulaw", party.port)
            await asyncio.sleep(4.0)  # our source lock settles in 3 s, rtpengine has read its file by then
            cpu, heard, begin = cpu_seconds(server.pid), party.heard(), time.monotonic()
            await asyncio.sleep(seconds)
            cpu, heard, took = cpu_seconds(server.pid) - cpu, party.heard() - heard, time.monotonic() - begin
            print(f"{server.name}: {await server.lateness()}")
    finally:
        party.close()
    return {"us_per_packet": cpu / heard * 1e6, "packets_per_s": heard / took, "cpu_share": cpu / took}


def make_prompt(folder: Path) -> None:
    samples = tone((440, 1_000), duration_ms=10_000)
    (folder / "prompt.ulaw").write_bytes(encode_ulaw(samples))
    writer = WavWriter(folder / "prompt.wav")
    writer.write(samples)
    writer.close()
    folder.chmod(0o755)
    (folder / "prompt.wav").chmod(0o644)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    servers: list[type[Ours] | type[Rtpengine]] = [Ours]
    if shutil.which("rtpengine"):
        servers.append(Rtpengine)
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as name:
        make_prompt(Path(name))
        found = {
            server.name: asyncio.run(measure(server(), options.streams, options.seconds, Path(name)))
            for server in servers
        }
    report("prompt packet", found, options.streams)


def report(work: str, found: dict[str, dict[str, float]], streams: int) -> None:
    print(f"\n{work}, {streams} at a time\n{'':12}{'us/packet':>11}{'packets/s':>11}{'of a core':>11}")
    for name, figures in found.items():
        print(f"{name:12}{figures['us_per_packet']:11.2f}{figures['packets_per_s']:11.0f}{figures['cpu_share']:11.1%}")
    ratio = None
    if "rtpengine" in found:
        ratio = found["dialplane"]["us_per_packet"] / found["rtpengine"]["us_per_packet"]
        print(f"ratio {ratio:.3f}; at least {MINIMUM:.2f}, aim {AIM:.2f}")
    print(json.dumps({"bench": work, "ratio": ratio, "minimum": MINIMUM, "aim": AIM, "figures": found}))


if __name__ == "__main__":
    main()
