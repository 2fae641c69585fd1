"""How many segments a text takes: GSM 03.38 (3GPP TS 23.038) where its alphabet suffices, else UCS-2."""

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
"""These take two septets: an escape and a character, which never stand in different segments."""

GSM_ALONE, GSM_PART = 160, 153
"""Septets in a text of one segment, and in each part of a longer one, whose header takes seven."""
UCS2_ALONE, UCS2_PART = 70, 67
"""UTF-16 units, likewise."""


@dataclass(frozen=True, slots=True)
class Segmentation:
    encoding: Literal["gsm7", "ucs2"]
    count: int
    """At least 1: an empty text is sent too."""


def count_segments(text: str, *, wide: bool = False) -> Segmentation:
    """`wide`: UCS-2 in any case.

    A character that takes two units (an extension character, a surrogate pair) is never split between segments."""
    if not wide and all(character in _BASIC or character in _EXTENSION for character in text):
        widths = [2 if character in _EXTENSION else 1 for character in text]
        return Segmentation("gsm7", _count(widths, GSM_ALONE, GSM_PART))
    widths = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Segmentation("ucs2", _count(widths, UCS2_ALONE, UCS2_PART))


def _count(widths: list[int], alone: int, part: int) -> int:
    if sum(widths) <= alone:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return count
