"""Numbers that no carrier gives: short codes and names, patterns, and the addresses of message channels.

They are unique within an organization and ring by the domain of the request URI (DESIGN section 5).
"""

import re
from collections.abc import Sequence

from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.patterns import Matcher

MAX_SIP_NUMBER = 128
"""Longest user part that routing looks at."""
MAX_CHANNEL = 255

SIP_KINDS = (NumberKind.SIP, NumberKind.PATTERN, NumberKind.CHANNEL)

_CHANNEL = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]+")
_NAME = re.compile(r"[A-Za-z0-9_-]*[A-Za-z][A-Za-z0-9_.-]*")
_PATTERN_MARKS = frozenset("*#^|.$\\[](){}?\N{HORIZONTAL ELLIPSIS}")
"""What makes a number a pattern: Restcomm's marks (reference 6.2 step 3), and those that can stand in none else."""

_CAPABILITIES = {
    NumberKind.SIP: ("voice", "sms"),
    NumberKind.PATTERN: ("voice", "sms"),
    NumberKind.CHANNEL: ("sms", "mms"),
}


def kind_of(text: str) -> NumberKind:
    """`mms:+12345678` is a channel, `16.*` a pattern, anything else (`1234`, `alice`) a SIP number."""
    if _CHANNEL.fullmatch(text):
        return NumberKind.CHANNEL
    if not _PATTERN_MARKS.isdisjoint(text) and not _NAME.fullmatch(text):
        return NumberKind.PATTERN
    return NumberKind.SIP


def check_sip_number(text: str, kind: NumberKind, *, anchored: bool = False) -> None:
    """Raises Invalid naming the field `number` where `text` cannot be a number of this kind."""
    match kind:
        case NumberKind.PATTERN:
            Matcher(text, anchored=anchored)
        case NumberKind.CHANNEL:
            if len(text) > MAX_CHANNEL or not _is_plain(text) or not _CHANNEL.fullmatch(text):
                raise _invalid(f"A channel is scheme:address of at most {MAX_CHANNEL} characters")
        case NumberKind.SIP:
            if not 1 <= len(text) <= MAX_SIP_NUMBER or not _is_plain(text):
                raise _invalid(f"A SIP number has 1 to {MAX_SIP_NUMBER} printable ASCII characters without blanks")
        case _:
            raise Invalid(f"{kind} numbers come from a carrier", reason="INVALID_ARGUMENT", field="type")


def capabilities_of(kind: NumberKind) -> tuple[str, ...]:
    """What a number of this kind takes where nothing else is said."""
    return _CAPABILITIES[kind]


def variants(raw: str, forms: Sequence[str]) -> tuple[str, ...]:
    """Under which texts a SIP number or a pattern is looked for: as dialled, in E.164, with `+` added or taken away.

    `forms` are the normal forms of `raw`, which stands first (reference 6.2 step 1).
    """
    toggled = raw[1:] if raw.startswith("+") else f"+{raw}"
    return tuple(dict.fromkeys(text for text in (raw, *forms, toggled) if text)) if raw else ()


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _invalid(message: str) -> Invalid:
    return Invalid(message, reason="INVALID_ARGUMENT", field="number")
