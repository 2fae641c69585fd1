"""AV-8: at half load for a day, no role's memory grows by 1 MiB an hour, and its descriptors stay as many.

Rings a number at `--rate` calls/s for `--hours`, looks at every role each minute, and fits a line through what was seen
after the first tenth of the time, in which caches fill. How late the calls' answers come is for `calls.py`.

    .venv/bin/python bench/soak.py [--hours 24] [--rate 350]
"""

import argparse
import json
import os
import sys
import threading
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import numpy as np

from call_load import ring
from call_peers import Platform
from calls import SHORT

MOST_MIB_AN_HOUR = 1.0
MOST_DESCRIPTORS_AN_HOUR = 1.0
WARM = 0.1
"""The share of the time that is not judged."""
LOOK_S = 60.0
STEP_S = 60.0
MEMORY, DESCRIPTORS = "MiB", "descriptors"

Samples = dict[tuple[str, str], list[tuple[float, float]]]


def look(children: dict[str, int], began: float, samples: Samples) -> None:
    """What the kernel says of each role's process."""
    for role, pid in children.items():
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        now = time.monotonic() - began
        samples[role, MEMORY].append((now, pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)))
        samples[role, DESCRIPTORS].append((now, len(os.listdir(f"/proc/{pid}/fd"))))


def slopes(samples: Samples, seconds: float) -> dict[tuple[str, str], float]:
    """Of each series, for an hour."""
    lines = {}
    for what, points in samples.items():
        judged = [point for point in points if point[0] >= seconds * WARM]
        times, values = zip(*judged, strict=True)
        lines[what] = float(np.polyfit(np.array(times) / 3_600, np.array(values), 1)[0])
    return lines


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hours", type=float, default=24.0)
    options.add_argument("--rate", type=int, default=350)
    chosen = options.parse_args()
    seconds, failed = chosen.hours * 3_600, 0
    samples: Samples = defaultdict(list)
    with closing(Platform()) as platform:
        number, children = platform.number(*SHORT), platform.children()
        began, over = time.monotonic(), threading.Event()

        def watch() -> None:
            while not over.wait(min(LOOK_S, seconds / 50)):
                look(children, began, samples)

        watching = threading.Thread(target=watch)
        watching.start()
        while (left := seconds - (time.monotonic() - began)) > 1:
            load = ring(platform.sip, number, chosen.rate, min(STEP_S, left))
            failed += load.failed
        over.set()
        watching.join()
    found = slopes(samples, seconds)
    for (role, what), slope in found.items():
        print(f"  {role}: {samples[role, what][-1][1]:.1f} {what}, {slope:+.2f} an hour")
    memory = max(slope for (_, what), slope in found.items() if what == MEMORY)
    descriptors = max(slope for (_, what), slope in found.items() if what == DESCRIPTORS)
    is_flat = memory < MOST_MIB_AN_HOUR and descriptors < MOST_DESCRIPTORS_AN_HOUR and not failed
    print(
        json.dumps(
            {"hours": chosen.hours, "memory": memory, "descriptors": descriptors, "failed": failed, "ok": is_flat}
        )
    )
    return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
