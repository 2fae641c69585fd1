"""The alphabet of short messages (3GPP TS 23.038): its default table, the extension behind the escape, and the national
tables that may stand in the place of either (annexes A.2 and A.3), one septet to an octet."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

ESCAPE = 0x1B
UNKNOWN = "?"
_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EVERYWHERE: dict[int, str] = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip


class Language(IntEnum):
    """Language of a national table, as a header names it (23.040 sections 9.2.3.24.15 and 9.2.3.24.16)."""

    NONE = 0
    TURKISH = 1
    SPANISH = 2
    PORTUGUESE = 3


_SHIFTS: Mapping[Language, Mapping[int, str]] = {
    Language.NONE: _EVERYWHERE,
    Language.TURKISH: _EVERYWHERE
    | {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},
    Language.SPANISH: _EVERYWHERE
    | {0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x61: "á", 0x69: "í", 0x6F: "ó", 0x75: "ú"},
    Language.PORTUGUESE: _EVERYWHERE
    | {
        0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x12: "Φ", 0x13: "Γ", 0x15: "Ω", 0x16: "Π",
        0x17: "Ψ", 0x18: "Σ", 0x19: "Θ", 0x1F: "Ê", 0x41: "À", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x5B: "Ã", 0x5C: "Õ",
        0x61: "Â", 0x69: "í", 0x6F: "ó", 0x75: "ú", 0x7B: "ã", 0x7C: "õ", 0x7F: "â",
    },
}  # fmt: skip
"""Behind the escape (A.2)."""
_TURKISH = {0x04: "€", 0x07: "ı", 0x0B: "Ğ", 0x0C: "ğ", 0x1C: "Ş", 0x1D: "ş", 0x40: "İ", 0x60: "ç"}
_PORTUGUESE = {
    0x04: "ê", 0x06: "ú", 0x07: "í", 0x08: "ó", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x12: "ª",
    0x13: "Ç", 0x14: "À", 0x15: "∞", 0x16: "^", 0x17: "\\", 0x18: "€", 0x19: "Ó", 0x1A: "|", 0x1C: "Â", 0x1D: "â",
    0x1E: "Ê", 0x24: "º", 0x40: "Í", 0x5B: "Ã", 0x5C: "Õ", 0x5D: "Ú", 0x60: "~", 0x7B: "ã", 0x7C: "õ", 0x7D: "`",
}  # fmt: skip


def _changed(places: Mapping[int, str]) -> str:
    return "".join(places.get(code, character) for code, character in enumerate(_DEFAULT))


_LOCKED: Mapping[Language, str] = {
    Language.NONE: _DEFAULT,
    Language.TURKISH: _changed(_TURKISH),
    Language.SPANISH: _DEFAULT,  # it has none (A.3.2)
    Language.PORTUGUESE: _changed(_PORTUGUESE),
}
"""In place of the default alphabet (A.3)."""

_SINGLE_SHIFT, _LOCKING_SHIFT = 0x24, 0x25
"""Information elements."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Which tables a text is written with: of single characters behind the escape, and of the whole text."""

    single: Language = Language.NONE
    locking: Language = Language.NONE

    @property
    def is_plain(self) -> bool:
        return self == PLAIN

    def __bytes__(self) -> bytes:
        """The elements of a user data header that name them."""
        named = ((_SINGLE_SHIFT, self.single), (_LOCKING_SHIFT, self.locking))
        return b"".join(bytes((kind, 1, language)) for kind, language in named if language is not Language.NONE)

    def named(self, kind: int, value: bytes) -> "Tables":
        """With what an element of a header names; others, and languages that are not known here, change nothing."""
        if kind not in (_SINGLE_SHIFT, _LOCKING_SHIFT) or len(value) != 1 or value[0] > max(Language):
            return self
        language = Language(value[0])
        return Tables(language, self.locking) if kind == _SINGLE_SHIFT else Tables(self.single, language)


PLAIN = Tables()
NATIONAL = tuple(
    Tables(single, locking)
    for language in (Language.TURKISH, Language.SPANISH, Language.PORTUGUESE)
    for single, locking in ((language, Language.NONE), (Language.NONE, language), (language, language))
    if locking is not Language.SPANISH
)
"""Every choice that differs from the plain alphabet and mixes no languages."""


@cache
def codes(tables: Tables = PLAIN) -> Mapping[str, bytes]:
    """The septets of each character: one, or an escape and one."""
    shifted = {character: bytes((ESCAPE, code)) for code, character in _SHIFTS[tables.single].items()}
    locked = {character: bytes((code,)) for code, character in enumerate(_LOCKED[tables.locking]) if code != ESCAPE}
    return shifted | locked


def encode(text: str, tables: Tables = PLAIN) -> bytes:
    """The septets of a text. Raises ValueError where a character is in none of the tables."""
    known = codes(tables)
    try:
        return b"".join(known[character] for character in text)
    except KeyError as missing:
        raise ValueError(f"{missing.args[0]!r} is not in the alphabet") from missing


def decode(septets: bytes, tables: Tables = PLAIN) -> str:
    """The text of septets. A code that the extension does not have is read from the other table, an escape at the end
    is a space, as the standard has it; octets above 127 are no septets and become `?`."""
    shifted, locked, text, escaped = _SHIFTS[tables.single], _LOCKED[tables.locking], [], False
    for code in septets:
        if code > 0x7F:
            text.append(UNKNOWN)
        elif escaped:
            text.append(shifted.get(code) or (" " if code == ESCAPE else locked[code]))
        elif code == ESCAPE:
            escaped = True
            continue
        else:
            text.append(locked[code])
        escaped = False
    return "".join(text) + (" " if escaped else "")
