"""CPU per relayed packet: our media process against rtpengine in user space, one after the other in one run.

    .venv/bin/python bench/media_relay.py [--calls 200] [--seconds 15]

Each call is two legs that send 50 packets a second each way. The peer needs Debian's `rtpengine-daemon`; without it
our own figure is printed alone.
"""

import argparse
import asyncio
import shutil

from media_peers import Ours, Rtpengine
from side_by_side import measure, tell


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    costs = {}
    for kind in (Ours, Rtpengine) if shutil.which("rtpengine") else (Ours,):
        server = kind()
        work = measure(server, lambda port, at=server: at.relay(options.calls, port), options.seconds)
        costs[server.name] = asyncio.run(work)
    tell(f"relayed packet, {options.calls} calls", costs, minimum=1.0, aim=0.5)


if __name__ == "__main__":
    main()
