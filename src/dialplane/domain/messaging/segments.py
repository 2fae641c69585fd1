"""How many segments a text takes, and which: GSM 03.38 (3GPP TS 23.038) where its alphabet suffices, else UCS-2."""

from dataclasses import dataclass
from typing import Literal

from dialplane.domain.messaging.concatenation import Part
from dialplane.domain.messaging.gsm import BASIC, extension

_EXTENSION = frozenset(extension())
"""These take two septets: an escape and a character, which never stand in different segments."""
_GSM = _EXTENSION.union(BASIC)

GSM_ALONE, GSM_PART = 160, 153
"""Septets in a text of one segment, and in each part of a longer one, whose header takes seven."""
UCS2_ALONE, UCS2_PART = 70, 67
"""UTF-16 units, likewise."""
Encoding = Literal["gsm7", "ucs2"]


@dataclass(frozen=True, slots=True)
class Segmentation:
    encoding: Encoding
    count: int
    """At least 1: an empty text is sent too."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as it goes out. `part` is None where the text is one segment."""

    text: str
    part: Part | None = None


def count_segments(text: str, *, wide: bool = False) -> Segmentation:
    """`wide`: UCS-2 in any case.

    A character that takes two units (an extension character, a surrogate pair) is never split between segments.
    """
    encoding, widths = _widths(text, wide=wide)
    return Segmentation(encoding, len(_cuts(widths, *_SIZES[encoding])))


def split_text(text: str, reference: int, *, wide: bool = False) -> tuple[Encoding, list[Segment]]:
    """The segments in their order; the low eight bits of `reference` tell messages to one receiver apart.

    Raises ValueError where the text takes more than 255, which no header can count.
    """
    encoding, widths = _widths(text, wide=wide)
    cuts = _cuts(widths, *_SIZES[encoding])
    if len(cuts) == 1:
        return encoding, [Segment(text)]
    if len(cuts) > 255:
        raise ValueError(f"the text takes {len(cuts)} segments")
    ends = [*cuts[1:], len(text)]
    return encoding, [
        Segment(text[start:end], Part(reference & 0xFF, len(cuts), number))
        for number, (start, end) in enumerate(zip(cuts, ends, strict=True), 1)
    ]


_SIZES = {"gsm7": (GSM_ALONE, GSM_PART), "ucs2": (UCS2_ALONE, UCS2_PART)}


def _widths(text: str, *, wide: bool) -> tuple[Encoding, list[int]]:
    """What each character takes, in units of the encoding."""
    if not wide and _GSM.issuperset(text):
        if _EXTENSION.isdisjoint(text):
            return "gsm7", [1] * len(text)
        return "gsm7", [2 if character in _EXTENSION else 1 for character in text]
    return "ucs2", [2 if ord(character) > 0xFFFF else 1 for character in text]


def _cuts(widths: list[int], alone: int, part: int) -> list[int]:
    """At which characters the segments begin."""
    cuts, used = [0], 0
    if sum(widths) <= alone:
        return cuts
    for place, width in enumerate(widths):
        if used + width > part:
            cuts.append(place)
            used = 0
        used += width
    return cuts
