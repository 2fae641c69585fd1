"""Who may call a number: lists of callers, and a score of how much a call looks like unwanted traffic."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

import phonenumbers

from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.targets import VoiceTarget

MOST_ENTRIES = 1000
ANONYMOUS = "anonymous"
STATUSES = {
    403: "Forbidden",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    603: "Decline",
    607: "Unwanted",
    608: "Rejected",
}
"""What a refused caller may hear; 607 is RFC 8197's, 608 RFC 8688's."""
_ENTRY = re.compile(r"\+[0-9]{1,15}\*?")


class Deed(StrEnum):
    """What becomes of a call that is not wanted."""

    REFUSE = "refuse"
    DIVERT = "divert"
    """Another target takes it."""
    LABEL = "label"
    """The number's own target takes it, and is told."""


@dataclass(frozen=True, slots=True)
class Consequence:
    deed: Deed = Deed.REFUSE
    status: int = 603
    """Of SIP, where it is refused."""
    target: VoiceTarget = None
    """Where it is diverted."""


@dataclass(frozen=True, slots=True)
class Screening:
    """Entries are numbers (`+12025550143`), their beginnings (`+1900*`), and `anonymous`."""

    allow: tuple[str, ...] = ()
    """These go through whatever else holds."""
    deny: tuple[str, ...] = ()
    only_allowed: bool = False
    """Nobody else may call."""
    denied: Consequence = field(default_factory=Consequence)
    spam_score: int = 0
    """From this score on a call counts as spam, 1 to 100; 0: nobody is scored."""
    spam: Consequence = field(default_factory=lambda: Consequence(Deed.LABEL))


class CallerVerdict(StrEnum):
    ALLOWED = "allowed"
    DENIED = "denied"
    SPAM = "spam"
    UNKNOWN = ""
    """Nothing speaks for or against."""


@dataclass(frozen=True, slots=True)
class CallerFacts:
    """What is known of a caller when it rings."""

    caller: str
    """E.164, or whatever came."""
    called: str
    verstat: str = ""
    recent_calls: int = 0
    """That it placed to the same number within the last ten minutes."""


@dataclass(frozen=True, slots=True)
class Screened:
    verdict: CallerVerdict
    reason: str
    score: int = 0
    consequence: Consequence | None = None
    """None: the call goes on."""


def screen(facts: CallerFacts, *screenings: Screening) -> Screened:
    """What the screenings of the number and of its account, in this order, say of a caller.

    Any allow list goes before any deny list; the score is asked last.
    """
    for each in screenings:
        if (entry := _entry_for(facts.caller, each.allow)) is not None:
            return Screened(CallerVerdict.ALLOWED, f"{entry} is on the allow list")
    for each in screenings:
        if (entry := _entry_for(facts.caller, each.deny)) is not None:
            return Screened(CallerVerdict.DENIED, f"{entry} is on the deny list", consequence=each.denied)
        if each.only_allowed:
            return Screened(CallerVerdict.DENIED, "the caller is not on the allow list", consequence=each.denied)
    scoring = next((each for each in screenings if each.spam_score), None)
    if scoring is None:
        return Screened(CallerVerdict.UNKNOWN, "no list names the caller")
    score, why = spam_score(facts)
    if score >= scoring.spam_score:
        return Screened(CallerVerdict.SPAM, f"spam score {score}: {why}", score, scoring.spam)
    return Screened(CallerVerdict.UNKNOWN, f"spam score {score}: {why or 'nothing speaks against the caller'}", score)


def spam_score(facts: CallerFacts) -> tuple[int, str]:
    """0 to 100, and what it is made of. Each sign counts for itself, so that a person can follow it."""
    signs: list[tuple[int, str]] = []
    if not facts.caller.startswith("+"):
        signs.append((40, "the caller shows no number"))
    elif not _is_possible(facts.caller):
        signs.append((50, "no such number can exist"))
    elif _is_premium(facts.caller):
        signs.append((40, "a premium number calls"))
    if facts.caller == facts.called:
        signs.append((60, "the number calls itself"))
    elif facts.caller.startswith("+") and facts.caller[:-4] == facts.called[:-4]:
        signs.append((20, "a neighbour of the number calls"))
    if facts.verstat.startswith("TN-Validation-Failed"):
        signs.append((50, "its signed caller ID does not hold"))
    elif facts.verstat == "TN-Validation-Passed-C":
        signs.append((15, "its carrier does not know the caller"))
    elif facts.verstat == "TN-Validation-Passed-A":
        signs.append((-30, "its carrier vouches for the caller"))
    if facts.recent_calls >= 3:
        signs.append((min(15 * (facts.recent_calls - 2), 60), f"{facts.recent_calls} calls within ten minutes"))
    return max(0, min(100, sum(points for points, _ in signs))), "; ".join(words for _, words in signs)


def _entry_for(caller: str, entries: tuple[str, ...]) -> str | None:
    if not caller.startswith("+"):
        return ANONYMOUS if ANONYMOUS in entries else None
    return next(
        (entry for entry in entries if entry == caller or (entry[-1] == "*" and caller.startswith(entry[:-1]))), None
    )


def _is_possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _is_premium(number: str) -> bool:
    kind = phonenumbers.number_type(phonenumbers.parse(number))
    return kind in (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


def check_screening(screening: Screening) -> Screening:
    """Raises Invalid naming the field."""
    for name, entries in (("allow", screening.allow), ("deny", screening.deny)):
        if len(entries) > MOST_ENTRIES:
            raise Invalid(f"{name} holds at most {MOST_ENTRIES} entries", field=name)
        for entry in entries:
            if entry != ANONYMOUS and not _ENTRY.fullmatch(entry):
                raise Invalid(f"{name}: {entry[:32]!r} is neither +12025550143, +1900* nor anonymous", field=name)
    for name, consequence in (("denied", screening.denied), ("spam", screening.spam)):
        if consequence.deed is Deed.REFUSE and consequence.status not in STATUSES:
            raise Invalid(f"{name}.status is one of {', '.join(map(str, STATUSES))}", field=f"{name}.status")
        if (consequence.deed is Deed.DIVERT) != (consequence.target is not None):
            raise Invalid(f"{name}.target is there where the call is diverted", field=f"{name}.target")
    if not 0 <= screening.spam_score <= 100:
        raise Invalid("spam_score is 0 to 100", field="spam_score")
    return screening
