"""How many segments a text takes, and which: GSM 03.38 (3GPP TS 23.038) where its alphabet suffices, its national
tables where the way out takes them and they save a segment, else UCS-2."""

from dataclasses import dataclass
from typing import Literal

from dialplane.domain.messaging.concatenation import Part
from dialplane.domain.messaging.gsm import NATIONAL, PLAIN, Tables, codes

_OCTETS = 140
"""Of user data in one segment, a header included (3GPP TS 23.040 section 9.2.3.24)."""
_PART_HEADER = 5
"""Octets of the element that numbers parts."""
UCS2_ALONE, UCS2_PART = 70, 67
"""UTF-16 units in a text of one segment, and in each part of a longer one."""
Encoding = Literal["gsm7", "ucs2"]


@dataclass(frozen=True, slots=True)
class Segmentation:
    encoding: Encoding
    count: int
    """At least 1: an empty text is sent too."""
    tables: Tables = PLAIN
    """Of `gsm7`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as it goes out. `part` is None where the text is one segment."""

    text: str
    part: Part | None = None


def count_segments(text: str, *, wide: bool = False, national: bool = False) -> Segmentation:
    """`wide`: UCS-2 in any case. `national`: national tables may be used.

    A character that takes two units (an extension character, a surrogate pair) is never split between segments.
    """
    return _plan(text, wide=wide, national=national)[0]


def split_text(
    text: str, reference: int, *, wide: bool = False, national: bool = False
) -> tuple[Segmentation, list[Segment]]:
    """The segments in their order; the low eight bits of `reference` tell messages to one receiver apart.

    Raises ValueError where the text takes more than 255, which no header can count.
    """
    plan, cuts = _plan(text, wide=wide, national=national)
    if len(cuts) == 1:
        return plan, [Segment(text)]
    if len(cuts) > 255:
        raise ValueError(f"the text takes {len(cuts)} segments")
    ends = [*cuts[1:], len(text)]
    return plan, [
        Segment(text[start:end], Part(reference & 0xFF, len(cuts), number))
        for number, (start, end) in enumerate(zip(cuts, ends, strict=True), 1)
    ]


def _plan(text: str, *, wide: bool, national: bool) -> tuple[Segmentation, list[int]]:
    """With the characters at which the segments begin."""
    if not wide and (cuts := _gsm_cuts(text, PLAIN)) is not None:
        return Segmentation("gsm7", len(cuts)), cuts
    best = _cuts([2 if ord(character) > 0xFFFF else 1 for character in text], UCS2_ALONE, UCS2_PART)
    plan = Segmentation("ucs2", len(best))
    if wide or not national:
        return plan, best
    for tables in NATIONAL:
        cuts = _gsm_cuts(text, tables)
        if cuts is not None and len(cuts) < len(best):  # every handset reads UCS-2: only what saves is worth it
            plan, best = Segmentation("gsm7", len(cuts), tables), cuts
    return plan, best


def _gsm_cuts(text: str, tables: Tables) -> list[int] | None:
    """None where a character is in none of the tables."""
    known = codes(tables)
    if not known.keys() >= set(text):
        return None
    named = len(bytes(tables))
    alone = _septets(1 + named if named else 0)
    if 2 * len(text) <= alone:  # whatever its characters take: most texts are short
        return [0]
    return _cuts([len(known[character]) for character in text], alone, _septets(1 + _PART_HEADER + named))


def _septets(header: int) -> int:
    """What fits beside a header of so many octets."""
    return (_OCTETS - header) * 8 // 7


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
