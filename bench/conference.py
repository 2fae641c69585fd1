"""CPU per member of a conference and 20 ms: our media process against Janus's AudioBridge, one after the other.

    .venv/bin/python bench/conference.py [--rooms 20] [--size 3] [--seconds 15]

Every member speaks all the time, in mu-law, and hears the others: received, mixed and sent, all of it counted. The
peer needs Debian's `janus`; without it our own figure is printed alone.
"""

import argparse
import asyncio
import shutil

from janus_peer import Janus
from media_peers import Ours
from side_by_side import measure, tell


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--size", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    costs = {}
    for kind in (Ours, Janus) if shutil.which("janus") else (Ours,):
        server = kind()
        work = measure(server, lambda port, at=server: at.confer(options.rooms, options.size, port), options.seconds)
        costs[server.name] = asyncio.run(work)
    tell(f"conference member, {options.rooms} rooms of {options.size}", costs, minimum=1 / 2, aim=1 / 4)


if __name__ == "__main__":
    main()
