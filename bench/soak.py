"""AV-8: at half load for a day, no role's memory grows by 1 MiB an hour, its descriptors stay as many, and the 99th of
a hundred callers waits as long at the end as at the beginning.

Rings a number at `--rate` calls/s for `--hours`, looks at every role each minute, and fits a line through what was seen
after the first tenth of the time, in which caches fill. A slope is judged by as much of it as is certain (two standard
errors): in a day that is all of it, in minutes only what leaks in streams. Exit status 0: all is flat.

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
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from call_load import ring
from call_peers import Platform
from calls import SHORT

MEMORY, DESCRIPTORS, P99 = "MiB", "descriptors", "ms to the answer p99"
MOST_AN_HOUR = {MEMORY: 1.0, DESCRIPTORS: 1.0}
BREATH = {MEMORY: 2.0, DESCRIPTORS: 4.0}
"""What comes and goes in any hour (pools of connections, an allocator's pages): less in the whole time is no slope."""
MOST_OF_P99 = 0.25
"""That it may grow by in the whole time, as a share of its median."""
WARM = 0.1
"""The share of the time that is not judged."""
LOOK_S = 60.0
STEP_S = 60.0
LOOKS = 50
"""At least, in however short a time."""
CREDIT_MICROS = 1_000_000_000
"""For each step: a day's calls cost more than anybody has at the start."""

Samples = dict[tuple[str, str], list[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Slope:
    """Of a line through what was seen, for an hour."""

    slope: float
    error: float
    """Its standard error."""
    last: float
    most: float
    """More is none that is flat."""

    @property
    def is_flat(self) -> bool:
        return self.slope - 2 * self.error < self.most


def look(children: dict[str, int], began: float, samples: Samples) -> None:
    """What the kernel says of each role's process."""
    for role, pid in children.items():
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        now = time.monotonic() - began
        samples[role, MEMORY].append((now, pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)))
        samples[role, DESCRIPTORS].append((now, len(os.listdir(f"/proc/{pid}/fd"))))


def slopes(samples: Samples, seconds: float) -> dict[tuple[str, str], Slope]:
    """Of each series."""
    lines, hours = {}, seconds / 3_600
    for (role, what), points in samples.items():
        judged = [point for point in points if point[0] >= seconds * WARM]
        times, values = (np.array(each) for each in zip(*judged, strict=True))
        (slope, _), covariance = np.polyfit(times / 3_600, values, 1, cov=True)
        if what == P99:
            most = MOST_OF_P99 * float(np.median(values)) / hours
        else:
            most = max(MOST_AN_HOUR[what], BREATH[what] / hours)
        lines[role, what] = Slope(float(slope), float(covariance[0, 0] ** 0.5), values[-1], most)
    return lines


def soak(platform: Platform, rate: int, seconds: float) -> tuple[Samples, int]:
    """What was seen, and how many calls failed."""
    samples: Samples = defaultdict(list)
    failed, number, children = 0, platform.number(*SHORT), platform.children()
    began, over = time.monotonic(), threading.Event()
    credit = {"amount_micros": CREDIT_MICROS, "reason": "soak"}

    def watch() -> None:
        while not over.wait(min(LOOK_S, seconds / LOOKS)):
            look(children, began, samples)

    watching = threading.Thread(target=watch)
    watching.start()
    while (left := seconds - (time.monotonic() - began)) > 1:
        platform.operator("POST", f"/accounts/{platform.ready['customer_id']}/credits", credit)
        load = ring(platform.sip, number, rate, min(STEP_S, seconds / LOOKS, left), is_timed=True)
        failed += load.failed
        if load.answer_ms:
            samples["callers", P99].append((time.monotonic() - began, float(np.percentile(load.answer_ms, 99))))
    over.set()
    watching.join()
    return samples, failed


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hours", type=float, default=24.0)
    options.add_argument("--rate", type=int, default=350)
    options.add_argument("--samples", type=Path, help="where to keep all that was seen: role, what, second, value")
    chosen = options.parse_args()
    seconds = chosen.hours * 3_600
    with closing(Platform()) as platform:
        samples, failed = soak(platform, chosen.rate, seconds)
        ledger = platform.operator("GET", "/ledger/check")
    if chosen.samples is not None:
        rows = [f"{role},{what},{at:.0f},{value}" for (role, what), seen in samples.items() for at, value in seen]
        chosen.samples.write_text("\n".join([*rows, ""]))
    found = slopes(samples, seconds)
    for (role, what), line in found.items():
        verdict = "" if line.is_flat else ": NOT FLAT"
        print(f"  {role}: {line.last:.1f} {what}, {line.slope:+.2f} ± {2 * line.error:.2f} an hour{verdict}")
    worst = {kind: max(line.slope for (_, what), line in found.items() if what == kind) for _, kind in found}
    is_flat = all(line.is_flat for line in found.values()) and not failed and bool(ledger["balanced"])
    print(json.dumps({"hours": chosen.hours, "rate": chosen.rate, "worst": worst, "failed": failed, "ok": is_flat}))
    return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
