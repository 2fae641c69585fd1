"""What is right and wrong with a number, from the carrier's settings to the flow that it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"
    """It could not be looked at."""
    WARNING = "warning"
    """It works, and something about it may not be wanted."""
    PROBLEM = "problem"
    """Calls or messages do not arrive, or soon will not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what is so, and what to do about it."""

    check: str
    verdict: Verdict
    says: str
    advice: str = ""


def worst(findings: Sequence[Finding]) -> Verdict:
    """Of all; OK where nothing was found."""
    order = list(Verdict)
    found = max((finding.verdict for finding in findings), key=order.index, default=Verdict.OK)
    return Verdict.OK if found is Verdict.NOT_APPLICABLE else found


def fine(check: str, says: str) -> Finding:
    return Finding(check, Verdict.OK, says)


def problem(check: str, says: str, advice: str) -> Finding:
    return Finding(check, Verdict.PROBLEM, says, advice)


def warning(check: str, says: str, advice: str) -> Finding:
    return Finding(check, Verdict.WARNING, says, advice)


def unknown(check: str, says: str, advice: str) -> Finding:
    return Finding(check, Verdict.UNKNOWN, says, advice)


def no_matter(check: str, says: str) -> Finding:
    return Finding(check, Verdict.NOT_APPLICABLE, says)
