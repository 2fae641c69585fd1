r"""Number patterns: regular expressions that stand for many numbers, in Restcomm's spelling (reference section 8).

They run on RE2, so the time that a tenant's pattern takes grows linearly with what was dialled (IN-2). Restcomm's
spelling differs from RE2's in one point: a `*` or `+` that has nothing to repeat is the key itself. A pattern is
searched for anywhere in what was dialled, as Restcomm does, unless it is `anchored`: then it is the whole of it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

import re2

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NumberId

MAX_PATTERN = 255
"""Characters of a pattern: IN-2 allows 256, a number has 255."""
MAX_SUBJECT = 64
"""Characters of what is compared with patterns (IN-2); what is longer matches none."""
CATCH_ALL = "*"
"""Alone it stands for everything, after all other patterns (reference 6.2 step 4)."""

_MAX_MEMORY = 1 << 18
"""Bytes that one pattern's program may take; `(.{0,100}){0,10}` fits, ten times that does not."""
_TYPOGRAPHIC_DOTS = "\N{HORIZONTAL ELLIPSIS}"
"""What word processors and the published table make of three dots."""
_DIALLED = re.compile(r"[0-9*#+,]+")
_REFUSED_GROUPS = {
    "(?=": "a look-ahead",
    "(?!": "a look-ahead",
    "(?<=": "a look-behind",
    "(?<!": "a look-behind",
    "(?>": "an atomic group",
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """One live pattern of an organization, without what it runs."""

    number_id: NumberId
    text: str
    """As it was given."""
    created_at: datetime
    anchored: bool = False

    @property
    def rank(self) -> tuple[bool, int, datetime, NumberId]:
        """Patterns are tried in this order: the longest first, of equal ones the oldest; the catch-all last."""
        return (self.text == CATCH_ALL, -len(self.text), self.created_at, self.number_id)


class Matcher:
    """A compiled pattern."""

    __slots__ = ("_match",)

    def __init__(self, text: str, *, anchored: bool = False) -> None:
        """Raises Invalid (PATTERN_INVALID, naming the field `number`) saying what is wrong with the pattern."""
        spelled = translate(text)
        try:
            compiled = re2.compile(spelled.encode(), _OPTIONS)
        except re2.error as fault:
            raise _invalid(f"{text!r} is no pattern: {_words_of(fault)}") from fault
        self._match = compiled.fullmatch if anchored and text != CATCH_ALL else compiled.search

    def matches(self, subject: str) -> bool:
        """Whether the pattern takes what was dialled."""
        return self._match(subject.encode()) is not None


def translate(text: str) -> str:
    r"""The pattern as RE2 spells it: `^*77` becomes `^\*77`, `*` alone matches everything.

    Raises Invalid where it is too long, not printable ASCII, or uses what no linear-time engine offers.
    """
    if not 1 <= len(text) <= MAX_PATTERN:
        raise _invalid(f"A pattern has 1 to {MAX_PATTERN} characters")
    text = text.replace(_TYPOGRAPHIC_DOTS, "...")
    if not text.isascii() or not text.isprintable():
        raise _invalid("A pattern holds printable ASCII characters only")
    if text == CATCH_ALL:
        return ".*"
    parts = tokens(text)
    return "".join(_spell(token, before) for before, token in zip(["", *parts], parts, strict=False))


def is_dialled(text: str) -> bool:
    """Whether patterns apply to it: keys only, so that names never reach them (reference 6.2 step 3)."""
    return len(text) <= MAX_SUBJECT and _DIALLED.fullmatch(text) is not None


def tokens(text: str) -> list[str]:
    r"""The pattern's parts: escapes, character classes, openings of groups, single characters.

    Raises Invalid at what is refused whatever surrounds it.
    """
    found = _TOKEN.findall(text)
    for token in found:
        if (name := _REFUSED_GROUPS.get(token)) is not None:
            raise _invalid(f"{token}…) is {name}, which patterns cannot use: they are matched in linear time")
        if token[0] == "\\" and token[1:].isdigit():
            raise _invalid(f"{token} is a back-reference, which patterns cannot use; 7777|8888 is one or the other")
        if token in ("\\Q", "\\E", "\\C"):
            raise _invalid(f"{token} cannot be used in patterns")
    return found


# A class that is not closed is left to RE2 to complain about. Possessive, so that no text is looked at twice.
_TOKEN = re.compile(
    r"""
    \\.                                             # an escape
    | \[\^?\]? (?: \\. | \[:\^?\w+:\] | [^\]\\] )*+ \]  # a class; `]` is a member where it stands first
    | \(\?<?[=!>] | \(\?P?<\w*> | \(\?[A-Za-z-]*[:)]    # groups that are more than a bracket
    | .
    """,
    re.VERBOSE,
)


def _spell(token: str, before: str) -> str:
    return f"\\{token}" if token in ("*", "+") and _has_nothing_to_repeat(before) else token


def _has_nothing_to_repeat(before: str) -> bool:
    return before in ("", "^", "(", "|") or before.startswith("(?")


def _words_of(fault: Exception) -> str:
    """RE2 gives its complaint as bytes."""
    words = fault.args[0] if fault.args else ""
    return words.decode() if isinstance(words, bytes) else str(words)


def _invalid(message: str) -> Invalid:
    return Invalid(message, reason="PATTERN_INVALID", field="number")


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # everything is ASCII, and programs are smaller
    options.max_mem = _MAX_MEMORY
    options.never_capture = True
    options.log_errors = False
    return options


_OPTIONS = _options()
