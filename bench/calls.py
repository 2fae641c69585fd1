"""An answered call with route, record, events and ledger: CPU per call and highest clean rate, against sippy's B2BUA.

sipp is the carrier: it rings, and hangs up as soon as the call is answered. Ours is the whole platform, whose number
runs `answer` and then waits; the peer passes the call on to a second sipp and keeps nothing. A step is clean where no
call failed and at most 0.3 % of the messages of a call were sent again. The CPU of a call is compared in turns of both,
one right after the other, because a shared machine is slower in one minute than in the next: the ratio is the median.

    .venv/bin/python bench/calls.py [--seconds 8] [--rates 200,500,1000,1500,2000] [--peer-rates 200,300,400]
        [--turns 15]

The peer is installed from PyPI into `.venv-sippy` on the first run; an empty `--peer-rates` leaves it out.
"""

import argparse
import json
import statistics
import time
from contextlib import closing
from dataclasses import dataclass

from call_load import Load, ring
from call_peers import Platform, Sippy

EQUAL_RATE = 200
MINIMUM, AIM = 1 / 4, 1 / 8
MINIMUM_RATE, AIM_RATE = 5, 10
TURN_S = 4.0
REST_S = 1.5
"""After the last call, so that what it left to write is in the account too."""

WAIT: dict[str, object] = {"type": "sleep", "option": {"duration": 30_000}}
SHORT: tuple[dict[str, object], ...] = ({"type": "answer"}, WAIT)
SPOKEN: tuple[dict[str, object], ...] = (
    {"type": "answer"},
    {"type": "talk", "option": {"text": "Thank you for calling. Please hold.", "language": "en-US"}},
    WAIT,
)


@dataclass(frozen=True, slots=True)
class Step:
    load: Load
    us_per_call: dict[str, float]
    """CPU by process."""


def step(server: Platform | Sippy, number: str, rate: int, seconds: float, *, pause_ms: int = 0) -> Step:
    before = server.cpu()
    load = ring(server.sip, number, rate, seconds, pause_ms=pause_ms)
    time.sleep(REST_S)
    spent = {name: (after - before[name]) / load.calls * 1e6 for name, after in server.cpu().items()}
    shown = ", ".join(f"{name} {us:.0f}" for name, us in spent.items())
    print(f"  {load}; CPU us a call: {shown}", flush=True)
    return Step(load, spent)


def climb(server: Platform | Sippy, number: str, rates: list[int], seconds: float) -> list[Step]:
    """Up to the first step that is not clean."""
    steps: list[Step] = []
    for rate in rates:
        steps.append(step(server, number, rate, seconds))
        if not steps[-1].load.is_clean:
            break
    return steps


def compare(ours: Platform, number: str, theirs: Sippy, turns: int) -> list[float]:
    """Our voice process's CPU a call over sippy's, at the same rate, for each pair of turns; who begins changes."""
    ratios: list[float] = []
    for turn in range(turns):
        spent = {}
        for server, called in ((ours, number), (theirs, "service"))[:: 1 if turn % 2 else -1]:
            spent |= step(server, called, EQUAL_RATE, TURN_S).us_per_call
        ratios.append(spent["voice"] / spent["sippy"])
    return ratios


def highest(steps: list[Step]) -> int:
    return max((each.load.rate for each in steps if each.load.is_clean), default=0)


def main() -> None:
    options = read_options()
    figures: dict[str, object] = {}
    ratios: list[float] = []
    theirs: list[Step] = []
    with closing(Platform()) as platform:
        short, spoken = platform.number(*SHORT), platform.number(*SPOKEN)
        step(platform, short, EQUAL_RATE, 2)  # the first calls pay for what is made once
        print("dialplane, answer and hang up")
        ours = climb(platform, short, options.rates, options.seconds)
        print("dialplane, answer and talk for half a second")
        talk = step(platform, spoken, EQUAL_RATE, options.seconds, pause_ms=500)
        check = platform.operator("GET", "/ledger/check")
        print(f"  ledger: {check}")
        if options.peer_rates:
            with closing(Sippy()) as sippy:
                step(sippy, "service", 50, 2)
                print("sippy b2bua_simple, one worker")
                theirs = climb(sippy, "service", options.peer_rates, options.seconds)
                print("both in turns")
                ratios = compare(platform, short, sippy, options.turns)
    figures["dialplane"] = {"us_per_call": ours[0].us_per_call, "highest_clean": highest(ours)}
    figures["talk"] = {"us_per_call": talk.us_per_call, "is_clean": talk.load.is_clean}
    ratio = rate_ratio = None
    if theirs:
        figures["sippy"] = {"us_per_call": theirs[0].us_per_call, "highest_clean": highest(theirs)}
        figures["ratios"] = ratios
        ratio = statistics.median(ratios)
        rate_ratio = highest(ours) / (highest(theirs) or EQUAL_RATE)
        spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
        print(f"CPU a call at {EQUAL_RATE}/s: {ratio:.3f} of sippy's ({spread}); at least {MINIMUM}, aim {AIM}")
        print(f"highest clean rate: {rate_ratio:.1f} times; at least {MINIMUM_RATE}, aim {AIM_RATE}")
    print(
        json.dumps(
            {
                "bench": "answered call",
                "ratio": ratio,
                "minimum": MINIMUM,
                "aim": AIM,
                "rate_ratio": rate_ratio,
                "minimum_rate": MINIMUM_RATE,
                "aim_rate": AIM_RATE,
                "figures": figures,
            }
        )
    )


def read_options() -> argparse.Namespace:
    def rates(text: str) -> list[int]:
        return [int(rate) for rate in text.split(",") if rate]

    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rates", type=rates, default=[EQUAL_RATE, 500, 1_000, 1_500, 2_000])
    parser.add_argument("--peer-rates", type=rates, default=[EQUAL_RATE, 300, 400])
    parser.add_argument("--turns", type=int, default=15)
    return parser.parse_args()


if __name__ == "__main__":
    main()
