"""CPU per relayed packet: our media process against rtpengine in user space, one after the other in one run.

    .venv/bin/python bench/media_relay.py [--calls 200] [--seconds 15]

Each call is two legs that send 50 packets a second each way. The peer needs Debian's `rtpengine-daemon`; without it
our own figure is printed alone.
"""

import argparse
import asyncio
import json
import shutil
import time

from media_peers import Ours, Party, Rtpengine, cpu_seconds

MINIMUM, AIM = 1.0, 0.5


async def measure(server: Ours | Rtpengine, calls: int, seconds: float) -> dict[str, float]:
    party = Party()
    try:
        async with server:
            party.send_to(await server.relay(calls, party.port))
            await asyncio.sleep(4.0)  # both servers have learnt by then who sends
            cpu, heard, begin = cpu_seconds(server.pid), party.heard(), time.monotonic()
            await asyncio.sleep(seconds)
            cpu, heard, took = cpu_seconds(server.pid) - cpu, party.heard() - heard, time.monotonic() - begin
    finally:
        party.close()
    sent = calls * 100 * took
    return {
        "us_per_packet": cpu / heard * 1e6,
        "packets_per_s": heard / took,
        "cpu_share": cpu / took,
        "lost": max(0.0, 1 - heard / sent),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    servers: list[type[Ours] | type[Rtpengine]] = [Ours]
    if shutil.which("rtpengine"):
        servers.append(Rtpengine)
    found = {server.name: asyncio.run(measure(server(), options.calls, options.seconds)) for server in servers}
    print(f"\nrelayed packet, {options.calls} calls")
    print(f"{'':12}{'us/packet':>11}{'packets/s':>11}{'of a core':>11}{'lost':>8}")
    for name, figures in found.items():
        print(
            f"{name:12}{figures['us_per_packet']:11.2f}{figures['packets_per_s']:11.0f}"
            f"{figures['cpu_share']:11.1%}{figures['lost']:8.2%}"
        )
    ratio = None
    if "rtpengine" in found:
        ratio = found["dialplane"]["us_per_packet"] / found["rtpengine"]["us_per_packet"]
        print(f"ratio {ratio:.3f}; at least {MINIMUM:.2f}, aim {AIM:.2f}")
    print(json.dumps({"bench": "relayed packet", "ratio": ratio, "minimum": MINIMUM, "aim": AIM, "figures": found}))


if __name__ == "__main__":
    main()
