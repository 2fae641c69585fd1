"""The alphabet of short messages (3GPP TS 23.038): its default table, the extension behind the escape, and the national
tables that may stand in the extension's place (annex A.2), one septet to an octet."""

from collections.abc import Mapping
from enum import IntEnum

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
    """Language of a national single shift table, as the header names it (23.040 section 9.2.3.24.15)."""

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

BASIC: Mapping[str, int] = {character: code for code, character in enumerate(_DEFAULT) if code != ESCAPE}
_SHIFTED: Mapping[Language, Mapping[str, int]] = {
    language: {character: code for code, character in table.items() if character not in BASIC}
    for language, table in _SHIFTS.items()
}


def extension(language: Language = Language.NONE) -> Mapping[str, int]:
    """Characters that take an escape before their code."""
    return _SHIFTED[language]


def encode(text: str, language: Language = Language.NONE) -> bytes:
    """The septets of a text. Raises ValueError where a character is in none of the tables."""
    shifted, octets = _SHIFTED[language], bytearray()
    for character in text:
        if (code := BASIC.get(character)) is not None:
            octets.append(code)
        elif (code := shifted.get(character)) is not None:
            octets += bytes((ESCAPE, code))
        else:
            raise ValueError(f"{character!r} is not in the alphabet")
    return bytes(octets)


def decode(septets: bytes, language: Language = Language.NONE) -> str:
    """The text of septets. A code that the extension does not have is read from the default table, an escape at the end
    is a space, as the standard has it; octets above 127 are no septets and become `?`."""
    table, text, escaped = _SHIFTS[language], [], False
    for code in septets:
        if code > 0x7F:
            text.append(UNKNOWN)
        elif escaped:
            text.append(table.get(code) or (" " if code == ESCAPE else _DEFAULT[code]))
        elif code == ESCAPE:
            escaped = True
            continue
        else:
            text.append(_DEFAULT[code])
        escaped = False
    return "".join(text) + (" " if escaped else "")


def language_of(text: str) -> Language | None:
    """The language whose tables hold every character, the plain alphabet first; None where only UCS-2 does."""
    for language in Language:
        shifted = _SHIFTED[language]
        if all(character in BASIC or character in shifted for character in text):
            return language
    return None
