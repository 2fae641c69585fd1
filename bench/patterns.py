"""Route of a call among the patterns of an organization: our index against Restcomm's algorithm.

Restcomm sorts an organization's regular expressions by length and tries each on every form of what was dialled. The
peer does that with Python's `re`, sorted and compiled beforehand, which favours it. Half of what is dialled fits a
pattern. Both must give the same answers. What counts is the CPU of the thread, the best of several rounds in turns.

    .venv/bin/python bench/patterns.py [--sizes 10,1000,10000,100000] [--rounds 7]
"""

import argparse
import gc
import json
import random
import re
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.pattern_index import PatternIndex
from dialplane.domain.numbering.patterns import Pattern, translate
from dialplane.domain.numbering.sip_numbers import variants

JUDGED_SIZE = 10_000
MINIMUM, AIM = 200, 500
SIZES = [10, 1_000, 10_000, 100_000]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
COUNTRIES = ("1", "44", "49", "33", "81", "55")
SHAPES = ("{}.*", "{}.*", "{}...", "^{}.*", "^{}.*$", "^{}[0-9]{{3,7}}$", "{}|{}9", "*{}#")

Forms = tuple[str, ...]
Route = Callable[[Forms], str | None]


def make_patterns(count: int, dice: random.Random) -> list[Pattern]:
    texts: dict[str, None] = {}
    while len(texts) < count:
        head = dice.choice(COUNTRIES) + str(dice.randrange(10**2, 10 ** dice.choice((4, 5, 6, 7))))
        texts[dice.choice(SHAPES).format(head, head)] = None
    return [Pattern(NumberId(UUID(int=n)), text, FIRST + timedelta(seconds=n)) for n, text in enumerate(texts, start=1)]


def make_calls(patterns: Sequence[Pattern], count: int, dice: random.Random) -> list[Forms]:
    calls = []
    for n in range(count):
        head = "".join(re.findall("[0-9]+", dice.choice(patterns).text)[:1]) if n % 2 else dice.choice(COUNTRIES)
        dialled = (head + str(dice.randrange(10**9, 10**10)))[:11]
        calls.append(variants(dialled, (f"+{dialled}",)))
    return calls


def sorted_loop(patterns: Sequence[Pattern]) -> Route:
    """Restcomm's way."""
    ordered = [(pattern.text, re.compile(translate(pattern.text)).search) for pattern in sorted(patterns, key=_rank)]

    def route(forms: Forms) -> str | None:
        for text, search in ordered:
            for form in forms:
                if search(form):
                    return text
        return None

    return route


def _rank(pattern: Pattern) -> tuple[object, ...]:
    return pattern.rank


def indexed(patterns: Sequence[Pattern]) -> Route:
    index = PatternIndex(patterns)

    def route(forms: Forms) -> str | None:
        hit = index.find(forms)
        return None if hit is None else hit.pattern.text

    return route


def us_per_call(route: Route, calls: Sequence[Forms]) -> float:
    begun = time.thread_time()
    for forms in calls:
        route(forms)
    return (time.thread_time() - begun) / len(calls) * 1e6


def timed(make: Callable[[Sequence[Pattern]], Route], patterns: Sequence[Pattern]) -> tuple[Route, float]:
    begun = time.thread_time()
    route = make(patterns)
    return route, (time.thread_time() - begun) * 1e3


def compare(count: int, rounds: int) -> dict[str, float]:
    dice = random.Random(1)
    patterns = make_patterns(count, dice)
    calls = make_calls(patterns, 4_000, dice)
    few = calls[: max(20, min(len(calls), 2_000_000 // count))]
    re.purge()
    theirs, their_build = timed(sorted_loop, patterns)
    tracemalloc.start()
    indexed(patterns)
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    ours, our_build = timed(indexed, patterns)
    if [ours(forms) for forms in few] != [theirs(forms) for forms in few]:
        raise RuntimeError("the two do not agree")
    gc.freeze()  # as the voice process does with what lives long
    us_per_call(ours, calls)  # compiles what these calls need
    measured = [(us_per_call(theirs, few), us_per_call(ours, calls)) for _ in range(rounds)]
    figures = {
        "loop_us": min(each[0] for each in measured),
        "index_us": min(each[1] for each in measured),
        "loop_build_ms": their_build,
        "index_build_ms": our_build,
        "index_bytes_per_pattern": size / count,
        "hits": sum(ours(forms) is not None for forms in calls) / len(calls),
    }
    figures["ratio"] = figures["loop_us"] / figures["index_us"]
    print(
        f"{count:>9}{figures['hits']:>8.0%}{figures['loop_us']:>12.1f}{figures['index_us']:>12.2f}"
        f"{figures['ratio']:>10.1f}{their_build:>13.0f}{our_build:>10.1f}{size / count:>9.0f}",
        flush=True,
    )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=SIZES)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(
        f"{'patterns':>9}{'hits':>8}{'loop us':>12}{'index us':>12}{'ratio':>10}"
        f"{'loop ms made':>13}{'index ms':>10}{'bytes':>9}"
    )
    figures = {size: compare(size, options.rounds) for size in options.sizes}
    ratio = figures[JUDGED_SIZE]["ratio"] if JUDGED_SIZE in figures else None
    if ratio is not None:
        print(f"a route among {JUDGED_SIZE} patterns: {ratio:.0f} times as fast; at least {MINIMUM}, aim {AIM}")
    print(json.dumps({"bench": "pattern route", "ratio": ratio, "minimum": MINIMUM, "aim": AIM, "figures": figures}))


if __name__ == "__main__":
    main()
