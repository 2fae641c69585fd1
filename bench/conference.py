"""CPU per member of a conference and 20 ms: our media process against Janus's AudioBridge, one after the other.

    .venv/bin/python bench/conference.py [--rooms 20] [--size 3] [--seconds 15]

Every member speaks all the time, in mu-law, and hears the others: received, mixed and sent, all of it counted. The
peer needs Debian's `janus`; without it our own figure is printed alone.
"""

import argparse
import asyncio
import json
import shutil
import time

from janus_peer import Janus
from media_peers import Ours, Party, cpu_seconds

MINIMUM, AIM = 1 / 2, 1 / 4


async def measure(server: Ours | Janus, rooms: int, size: int, seconds: float) -> dict[str, float]:
    party = Party()
    try:
        async with server:
            party.send_to(await server.confer(rooms, size, party.port))
            await asyncio.sleep(4.0)  # our source lock settles in 3 s, Janus has filled its buffers by then
            cpu, heard, begin = cpu_seconds(server.pid), party.heard(), time.monotonic()
            await asyncio.sleep(seconds)
            cpu, heard, took = cpu_seconds(server.pid) - cpu, party.heard() - heard, time.monotonic() - begin
            print(f"{server.name}: {await server.lateness()}")
    finally:
        party.close()
    members = rooms * size
    return {
        "us_per_member": cpu / (members * took * 50) * 1e6,
        "packets_per_s": heard / took,
        "cpu_share": cpu / took,
        "lost": max(0.0, 1 - heard / (members * took * 50)),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--size", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    servers: list[type[Ours] | type[Janus]] = [Ours]
    if shutil.which("janus"):
        servers.append(Janus)
    found = {
        server.name: asyncio.run(measure(server(), options.rooms, options.size, options.seconds)) for server in servers
    }
    print(f"\nconference, {options.rooms} rooms of {options.size}")
    print(f"{'':12}{'us/20 ms':>11}{'packets/s':>11}{'of a core':>11}{'missing':>9}")
    for name, figures in found.items():
        print(
            f"{name:12}{figures['us_per_member']:11.2f}{figures['packets_per_s']:11.0f}"
            f"{figures['cpu_share']:11.1%}{figures['lost']:9.2%}"
        )
    ratio = None
    if "janus" in found:
        ratio = found["dialplane"]["us_per_member"] / found["janus"]["us_per_member"]
        print(f"ratio {ratio:.3f}; at least {MINIMUM:.2f}, aim {AIM:.2f}")
    print(json.dumps({"bench": "conference member", "ratio": ratio, "minimum": MINIMUM, "aim": AIM, "figures": found}))


if __name__ == "__main__":
    main()
