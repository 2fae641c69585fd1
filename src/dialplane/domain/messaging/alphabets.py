"""Which alphabet a data coding names, and texts in it (SMPP 3.4 section 5.2.19; 3GPP TS 23.038 section 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from dialplane.domain.messaging import gsm
from dialplane.domain.messaging.gsm import PLAIN, Tables

Alphabet = Literal["gsm7", "ascii", "latin1", "ucs2", "iso8859_5", "iso8859_8", "shift_jis", "euc_kr", ""]
"""Empty: octets that are no text, or an alphabet that is not known here."""

GSM, LATIN_1, UCS_2 = 0x00, 0x03, 0x08

_BY_SMPP: dict[int, Alphabet] = {
    GSM: "gsm7",
    0x01: "ascii",
    LATIN_1: "latin1",
    0x05: "shift_jis",
    0x06: "iso8859_5",
    0x07: "iso8859_8",
    UCS_2: "ucs2",
    0x0E: "euc_kr",
}
_BY_GSM: tuple[Alphabet, ...] = ("gsm7", "", "ucs2", "")
"""By bits 3 and 2 of a coding of the general group."""


def alphabet_of(coding: int, default: Alphabet = "gsm7") -> Alphabet:
    """`default` is what the peer means by 0, its own alphabet."""
    if coding == GSM:
        return default
    if coding < 0x10:
        return _BY_SMPP.get(coding, "")
    if coding < 0x40:  # with a message class; compressed texts (bit 5) are not read
        return "" if coding & 0x20 else _BY_GSM[coding >> 2 & 3]
    if coding >= 0xF0:
        return "" if coding & 0x04 else "gsm7"
    return ""


def read_text(octets: bytes, alphabet: Alphabet, tables: Tables = PLAIN) -> str:
    """`tables` are those of GSM 03.38. What cannot be read in the alphabet becomes `?` or U+FFFD; nothing is refused.

    Raises ValueError for the alphabet that is none.
    """
    if alphabet == "gsm7":
        return gsm.decode(octets, tables)
    if alphabet == "ucs2":
        # By the book UCS-2; phones send UTF-16, and an odd octet at the end is no character.
        return octets[: len(octets) // 2 * 2].decode("utf-16-be", "replace")
    if not alphabet:
        raise ValueError("the data coding names no alphabet")
    return octets.decode(alphabet, "replace")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Octets of a text in an alphabet. They may begin and end amid a character: peers cut long texts by octets."""

    octets: bytes
    alphabet: Alphabet
    tables: Tables = PLAIN


def read_stretches(stretches: Iterable[Stretch]) -> str:
    """The text that they make up: an escape and its code, or a surrogate pair, may be parted between two of one
    alphabet. Raises ValueError as `read_text` does."""
    runs = groupby(stretches, key=lambda each: (each.alphabet, each.tables))
    return "".join(
        read_text(b"".join(_whole(each) for each in run), alphabet, tables) for (alphabet, tables), run in runs
    )


def _whole(stretch: Stretch) -> bytes:
    """Without the odd octet of UCS-2, which would shift what follows."""
    return stretch.octets[: len(stretch.octets) // 2 * 2] if stretch.alphabet == "ucs2" else stretch.octets


def write_text(text: str, *, is_wide: bool, default: Alphabet = "gsm7") -> tuple[int, bytes]:
    """The data coding and the octets of a text; `default` is what the peer means by coding 0.

    A text that the peer's own alphabet lacks goes as Latin-1 or UCS-2.
    """
    if not is_wide:
        try:
            return GSM, gsm.encode(text) if default == "gsm7" else text.encode(default or "ascii")
        except ValueError:
            pass
        try:
            return LATIN_1, text.encode("latin-1")
        except UnicodeEncodeError:
            pass
    return UCS_2, text.encode("utf-16-be")
