"""1,000 concurrent IVR calls on one core: prompts out, audio and keys in, late and lost packets counted by the callers.

    .venv/bin/python bench/ivr.py [--calls 1000] [--seconds 15] [--fifo]

Each caller sends audio all the time and presses a key every six seconds, which stops the prompt and begins the next.
The media process is kept on one core, all else on the others.
"""

import asyncio
import tempfile
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from dialplane.audio.g711 import encode_ulaw
from dialplane.audio.tones import tone
from dialplane.domain.calling.media import Prompt, RemoteMedia
from dialplane.media.client_leg import MediaClientLeg
from media_peers import HOST, Ours
from punctual import Found, Watch, Wish, apart, callers_of, others_apart, parser, tell

_PRESS_EVERY_S = 6.0


@dataclass(frozen=True)
class Keys:
    """Counted for each call from its first packet to its last, so that none is on its way when a count begins."""

    pressed: int
    told: int
    missed: int
    """Pressed and not told, of all calls."""
    twice: int
    """Told and not pressed."""

    @classmethod
    def compare(cls, pressed: list[int], told: list[int]) -> "Keys":
        missed = sum(max(was - heard, 0) for was, heard in zip(pressed, told, strict=True))
        twice = sum(max(heard - was, 0) for was, heard in zip(pressed, told, strict=True))
        return cls(sum(pressed), sum(told), missed, twice)


async def measure(wish: Wish, prompts: list[Prompt]) -> tuple[Found, Keys]:
    others_apart(wish)
    callers = callers_of(wish, press_every_s=_PRESS_EVERY_S)
    told = [0] * wish.calls
    try:
        async with Ours() as server:
            apart(server, wish)
            ports, menus = [], []
            for index in range(wish.calls):
                leg = await server.client.open()
                leg.connect(RemoteMedia(HOST, callers.port, "PCMU", 0, 101))
                leg.on_digit = partial(_count, told, index)
                ports.append(leg.port)
                menus.append(asyncio.create_task(_menu(leg, prompts, index)))
                await asyncio.sleep(0.001)
            callers.send_to(ports)
            await asyncio.sleep(4.0)  # the source lock settles in 3 s
            watch = Watch(server, callers, wish)
            await asyncio.sleep(wish.seconds)
            found, pressed = watch.end()
            await asyncio.sleep(0.3)  # for keys that are on their way
            print(f"dialplane: {await server.lateness()}")
            for menu in menus:
                menu.cancel()
    finally:
        callers.close()
    return found, Keys.compare(pressed, told)


def _count(told: list[int], index: int, _digit: str) -> None:
    told[index] += 1


async def _menu(leg: MediaClientLeg, prompts: list[Prompt], first: int) -> None:
    number = first
    while True:
        await leg.play([prompts[number % len(prompts)]], stop_on_digit=True)
        number += 1


def make_prompts(folder: Path) -> list[Prompt]:
    prompts = []
    for number, frequency in enumerate((400, 600, 900)):
        path = folder / f"{number}.ulaw"
        path.write_bytes(encode_ulaw(tone((frequency,), duration_ms=4_000)))
        prompts.append(Prompt(path, 4_000))
    return prompts


def main() -> None:
    options = parser("IVR calls", 1_000).parse_args()
    wish = Wish(options.calls, options.seconds, options.fifo)
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as name:
        found, keys = asyncio.run(measure(wish, make_prompts(Path(name))))
    us = found.media_share / (50 * wish.calls) * 1e6
    print(f"\n{wish.calls} IVR calls; {us:.2f} us a call and 20 ms")
    print(f"keys pressed {keys.pressed}, told {keys.told}: missed {keys.missed}, told twice {keys.twice}")
    tell("IVR calls", found, us_per_call_and_20_ms=us, **asdict(keys))


if __name__ == "__main__":
    main()
