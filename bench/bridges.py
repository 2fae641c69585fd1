"""500 concurrent bridged and recorded calls on one core: late and lost packets counted by the parties.

    .venv/bin/python bench/bridges.py [--calls 500] [--seconds 15] [--unrecorded]

Each call is two parties that speak all the time; both directions are recorded, left and right. Every packet bears the
time when it was sent, so that what counts is how long it was on its way. The media process is kept on one core.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from callers import Callers
from dialplane.domain.media import RemoteMedia
from ivr import LATE_AT_MOST, apart
from media_peers import HOST, Ours, cpu_seconds


async def measure(calls: int, seconds: float, folder: Path | None) -> dict[str, float]:
    parties = Callers(stamps=True)
    try:
        async with Ours() as server:
            apart(server.pid)
            ports, recorded = [], []
            for number in range(calls):
                first, second = await server.client.open(), await server.client.open()
                for leg in (first, second):
                    leg.connect(RemoteMedia(HOST, parties.port, "PCMU", 0, None))
                    ports.append(leg.port)
                first.bridge(second)
                if folder is not None:
                    await first.start_recording(folder / f"{number}.wav", tracks="both")
                    recorded.append(first)
            parties.send_to(ports)
            await asyncio.sleep(4.0)  # the source lock settles in 3 s
            parties.listen()
            cpu, begin = cpu_seconds(server.pid), time.monotonic()
            await asyncio.sleep(seconds)
            cpu, took = cpu_seconds(server.pid) - cpu, time.monotonic() - begin
            punctuality, streams, _ = parties.judge()
            print(f"dialplane: {await server.lateness()}")
            ends = []
            for leg in recorded:
                leg.stop_recording()
                ends.append(await leg.wait_recording())
    finally:
        parties.close()
    return {
        "streams": streams,
        "late": punctuality.late_share,
        "worst_ms": punctuality.worst_s * 1000,
        "lost": punctuality.lost_share,
        "recordings": len(ends),
        "shortest_s": min((end.duration_ms for end in ends), default=0) / 1000,
        "cpu_share": cpu / took,
        "us_per_packet": cpu / (took * 100 * calls) * 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--unrecorded", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as name:
        folder = None if options.unrecorded else Path(name)
        found = asyncio.run(measure(options.calls, options.seconds, folder))
    print(f"\n{options.calls} bridged calls, {found['recordings']:.0f} recorded, {found['streams']:.0f} streams heard")
    print(f"late {found['late']:.2%} (at most {LATE_AT_MOST:.0%}), the worst {found['worst_ms']:.1f} ms")
    print(f"lost {found['lost']:.3%}; the shortest recording {found['shortest_s']:.1f} s")
    print(f"{found['cpu_share']:.1%} of a core, {found['us_per_packet']:.2f} us a packet")
    print(json.dumps({"bench": "bridged and recorded", "late_at_most": LATE_AT_MOST, "figures": found}))


if __name__ == "__main__":
    main()
