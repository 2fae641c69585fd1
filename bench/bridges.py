"""500 concurrent bridged and recorded calls on one core: late and lost packets counted by the parties.

    .venv/bin/python bench/bridges.py [--calls 500] [--seconds 15] [--unrecorded] [--fifo]

Each call is two parties that speak all the time; both directions are recorded, left and right. Every packet bears the
time when it was sent, so that what counts is how long it was on its way. The media process and its recorder are kept
on one core; the files are written to the folder for temporary ones.
"""

import asyncio
import tempfile
from pathlib import Path

from dialplane.domain.calling.media import RemoteMedia
from media_peers import HOST, Ours
from punctual import Found, Watch, Wish, apart, callers_of, others_apart, parser, tell


async def measure(wish: Wish, folder: Path | None) -> tuple[Found, list[int]]:
    """What was found, and how long each recording is, in milliseconds."""
    others_apart(wish)
    parties = callers_of(wish, stamps=True)
    try:
        async with Ours() as server:
            apart(server, wish)
            ports, recorded = [], []
            for number in range(wish.calls):
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
            watch = Watch(server, parties, wish)
            await asyncio.sleep(wish.seconds)
            found, _ = watch.end()
            lengths = []
            for leg in recorded:
                leg.stop_recording()
                lengths.append((await leg.wait_recording()).duration_ms)
    finally:
        parties.close()
    return found, lengths


def main() -> None:
    wanted = parser("bridged and recorded calls", 500)
    wanted.add_argument("--unrecorded", action="store_true")
    options = wanted.parse_args()
    wish = Wish(options.calls, options.seconds, options.fifo)
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as name:
        found, lengths = asyncio.run(measure(wish, None if options.unrecorded else Path(name)))
    us = (found.media_share + found.recorder_share) / (100 * wish.calls) * 1e6
    print(f"\n{wish.calls} bridged calls, {len(lengths)} recorded, the shortest {min(lengths, default=0) / 1000:.1f} s")
    print(f"{us:.2f} us a packet with all that belongs to it")
    tell("bridged and recorded", found, us_per_packet=us, recordings=len(lengths))


if __name__ == "__main__":
    main()
