"""What the benches of punctuality share: one core for what is measured, the wish to be undisturbed, and the verdict."""

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from callers import Callers
from dialplane.rtp.arrivals import Punctuality
from media_peers import Ours, cpu_seconds

LATE_AT_MOST = 0.01
_OURS_FIRST, _CALLERS_NEXT = 10, 5
"""Priorities under SCHED_FIFO."""
_CLIENT_NICENESS = -10
_CORES = sorted(os.sched_getaffinity(0))
"""Those that we may have, as it was at the start."""


@dataclass(frozen=True, slots=True)
class Wish:
    calls: int
    seconds: float
    fifo: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Of one measurement. Shares are of one core or of all packets."""

    streams: int
    packets: int
    late: float
    worst_ms: float
    lost: float
    media_share: float
    recorder_share: float
    stolen_share: float
    """What the machine under us gave to others: nothing of ours could run then."""
    fifo: bool


def parser(what: str, calls: int) -> argparse.ArgumentParser:
    wanted = argparse.ArgumentParser(description=what)
    wanted.add_argument("--calls", type=int, default=calls)
    wanted.add_argument("--seconds", type=float, default=15.0)
    wanted.add_argument(
        "--fifo",
        action="store_true",
        help="media process and callers under SCHED_FIFO (root): for a machine on which others work too",
    )
    return wanted


def callers_of(wish: Wish, *, stamps: bool = False, press_every_s: float = 0.0) -> Callers:
    priority = _CALLERS_NEXT if wish.fifo else 0
    return Callers(stamps=stamps, press_every_s=press_every_s, priority=priority)


class Watch:
    """The measurement itself, from when it is made until `end`."""

    def __init__(self, server: Ours, callers: Callers, wish: Wish) -> None:
        self._server = server
        self._callers = callers
        self._wish = wish
        callers.listen()
        self._begin = time.monotonic()
        self._before = self._used()

    def end(self) -> tuple[Found, list[int]]:
        """What was found, and how many keys each caller pressed in all."""
        used = [after - before for before, after in zip(self._before, self._used(), strict=True)]
        took = time.monotonic() - self._begin
        punctuality, streams, pressed = self._callers.judge()
        media, recorder, stolen = (each / took for each in used)
        return _found(punctuality, streams, media, recorder, stolen, fifo=self._wish.fifo), pressed

    def _used(self) -> tuple[float, float, float]:
        recorders = children_of(self._server.pid)
        return cpu_seconds(self._server.pid), sum(map(cpu_seconds, recorders)), _stolen_s(_CORES[0])


def _found(
    punctuality: Punctuality, streams: int, media: float, recorder: float, stolen: float, *, fifo: bool
) -> Found:
    late, worst_ms, lost = punctuality.late_share, punctuality.worst_s * 1000, punctuality.lost_share
    return Found(streams, punctuality.packets, late, worst_ms, lost, media, recorder, stolen, fifo)


def apart(server: Ours, wish: Wish) -> None:
    """Give the media process and its recorder one core, and all else here the others."""
    for pid in (server.pid, *children_of(server.pid)):
        os.sched_setaffinity(pid, _CORES[:1])
    if wish.fifo:
        os.sched_setscheduler(server.pid, os.SCHED_FIFO, os.sched_param(_OURS_FIRST))


def others_apart(wish: Wish) -> None:
    """To be called before anything is started: it is inherited."""
    os.sched_setaffinity(0, _CORES[1:] or _CORES)
    if wish.fifo:
        os.setpriority(os.PRIO_PROCESS, 0, _CLIENT_NICENESS)


def tell(what: str, found: Found, **more: float) -> None:
    """For people, and the last line as JSON."""
    verdict = "reached" if found.late < LATE_AT_MOST and not found.lost else "NOT reached"
    print(f"late {found.late:.2%} of {found.packets} packets (at most {LATE_AT_MOST:.0%}): {verdict}")
    print(f"the worst {found.worst_ms:.1f} ms; lost {found.lost:.3%}; {found.streams} streams heard")
    print(f"of one core: media {found.media_share:.1%}, recorder {found.recorder_share:.1%}")
    scheduling = "SCHED_FIFO" if found.fifo else "usual"
    print(f"stolen by the machine below {found.stolen_share:.1%}; scheduling of the callers: {scheduling}")
    print(json.dumps({"bench": what, "late_at_most": LATE_AT_MOST, "figures": asdict(found) | more}))


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _stolen_s(core: int) -> float:
    for line in Path("/proc/stat").read_text().splitlines():
        words = line.split()
        if words[0] == f"cpu{core}":
            return int(words[8]) / os.sysconf("SC_CLK_TCK")
    return 0.0
