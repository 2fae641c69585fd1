"""Regression tests of flows and documents: a script, and what is expected to come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff

from dialplane.domain.simulation.simulator import DryRun


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is compared; None is anything."""

    types: tuple[str, ...] | None = None
    """Of the steps, in order."""
    said: tuple[str, ...] | None = None
    ended: str | None = None
    price_micros: int | None = None
    highest_price_micros: int | None = None
    longest_ms: int | None = None
    problems: tuple[str, ...] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those that are named here."""


def failures(expected: Expectation, played: DryRun) -> list[str]:
    """What is not as it was expected, each a text of one or more lines; none: the test has passed."""
    found: list[str] = []
    types = tuple(str(step.action["type"]) for step in played.steps)
    for name, wanted, real in (
        ("types", expected.types, types),
        ("said", expected.said, played.said),
        ("problems", expected.problems, played.problems),
    ):
        if wanted is not None and wanted != real:
            found.append(_differ(name, wanted, real))
    for name, one, other in (
        ("ended", expected.ended, played.ended),
        ("price_micros", expected.price_micros, played.price_micros),
    ):
        if one is not None and one != other:
            found.append(f"{name}: expected {one!r}, got {other!r}")
    if expected.highest_price_micros is not None and played.price_micros > expected.highest_price_micros:
        found.append(f"price_micros: expected at most {expected.highest_price_micros}, got {played.price_micros}")
    if expected.longest_ms is not None and played.duration_ms > expected.longest_ms:
        found.append(f"duration_ms: expected at most {expected.longest_ms}, got {played.duration_ms}")
    for name, text in expected.variables.items():
        if played.variables.get(name, "") != text:
            found.append(f"variable {name}: expected {text!r}, got {played.variables.get(name, '')!r}")
    return found


def _differ(name: str, wanted: Sequence[str], real: Sequence[str]) -> str:
    lines = list(unified_diff(wanted, real, "expected", "got", lineterm="", n=100))
    return "\n".join([f"{name}:", *(f"  {line}" for line in lines[3:])])
