"""1,000 concurrent IVR calls on one core: prompts out, audio and keys in, late and lost packets counted by the callers.

    .venv/bin/python bench/ivr.py [--calls 1000] [--seconds 15]

Each caller sends audio all the time and presses a key every six seconds, which stops the prompt and begins the next.
The media process is kept on one core, all else on the others.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

from callers import Callers
from dialplane.audio.g711 import encode_ulaw
from dialplane.audio.tones import tone
from dialplane.domain.media import Prompt, RemoteMedia
from dialplane.media.client_leg import MediaClientLeg
from media_peers import HOST, Ours, cpu_seconds

LATE_AT_MOST = 0.01
_PRESS_EVERY_S = 6.0


async def measure(calls: int, seconds: float, prompts: list[Prompt]) -> dict[str, float]:
    callers = Callers(press_every_s=_PRESS_EVERY_S)
    digits = [0]
    try:
        async with Ours() as server:
            apart(server.pid)
            ports, menus = [], []
            for index in range(calls):
                leg = await server.client.open()
                leg.connect(RemoteMedia(HOST, callers.port, "PCMU", 0, 101))
                leg.on_digit = lambda _: digits.__setitem__(0, digits[0] + 1)
                ports.append(leg.port)
                menus.append(asyncio.create_task(_menu(leg, prompts, index)))
                await asyncio.sleep(0.001)
            callers.send_to(ports)
            await asyncio.sleep(4.0)  # the source lock settles in 3 s
            callers.listen()
            digits[0] = 0
            cpu, begin = cpu_seconds(server.pid), time.monotonic()
            await asyncio.sleep(seconds)
            cpu, took = cpu_seconds(server.pid) - cpu, time.monotonic() - begin
            punctuality, streams, pressed = callers.judge()
            await asyncio.sleep(0.3)  # for keys that are on their way
            print(f"dialplane: {await server.lateness()}")
            for menu in menus:
                menu.cancel()
    finally:
        callers.close()
    return {
        "streams": streams,
        "late": punctuality.late_share,
        "worst_ms": punctuality.worst_s * 1000,
        "lost": punctuality.lost_share,
        "pressed": pressed,
        "digits": digits[0],
        "cpu_share": cpu / took,
        "us_per_call_and_20_ms": cpu / (took * 50 * calls) * 1e6,
    }


async def _menu(leg: MediaClientLeg, prompts: list[Prompt], first: int) -> None:
    number = first
    while True:
        await leg.play([prompts[number % len(prompts)]], stop_on_digit=True)
        number += 1


def apart(pid: int) -> None:
    """Give the process a core of its own."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(pid, cores[:1])
    os.sched_setaffinity(0, cores[1:] or cores)


def make_prompts(folder: Path) -> list[Prompt]:
    prompts = []
    for number, frequency in enumerate((400, 600, 900)):
        path = folder / f"{number}.ulaw"
        path.write_bytes(encode_ulaw(tone((frequency,), duration_ms=4_000)))
        prompts.append(Prompt(path, 4_000))
    return prompts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as name:
        found = asyncio.run(measure(options.calls, options.seconds, make_prompts(Path(name))))
    print(f"\n{options.calls} IVR calls, {found['streams']:.0f} heard")
    print(f"late {found['late']:.2%} (at most {LATE_AT_MOST:.0%}), the worst {found['worst_ms']:.1f} ms")
    print(f"lost {found['lost']:.3%}; keys pressed {found['pressed']:.0f}, told {found['digits']:.0f}")
    print(f"{found['cpu_share']:.1%} of a core, {found['us_per_call_and_20_ms']:.2f} us a call and 20 ms")
    print(json.dumps({"bench": "IVR calls", "late_at_most": LATE_AT_MOST, "figures": found}))


if __name__ == "__main__":
    main()
