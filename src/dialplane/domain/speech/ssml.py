"""The part of SSML 1.1 that is passed on to the synthesizer; everything else is read through: its text is kept.

Understood are `p`, `s`, `break`, `emphasis`, `prosody` (rate, pitch, volume, range), `sub`, and `say-as`. Of the last,
what the synthesizer makes nothing of by itself (digits, telephone numbers, dates) is spelled out here by its parts,
which each language reads in its own words.

Markup is rebuilt, never passed through: what reaches the synthesizer has no element, attribute or entity that is not
named here.
"""

import re
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from dialplane.domain.errors import Invalid

_VALUE = re.compile(r"[A-Za-z0-9.%+\- ]{1,32}")
_KEPT: dict[str, tuple[str, ...]] = {
    "speak": (),
    "p": (),
    "s": (),
    "break": ("time", "strength"),
    "emphasis": ("level",),
    "prosody": ("rate", "pitch", "volume", "range"),
    "say-as": ("interpret-as", "format", "detail"),
}
_UNSPOKEN = frozenset({"audio", "desc", "meta", "metadata", "lexicon"})
_DEEPEST = 16
_MOST_ELEMENTS = 500
_LARGEST = 64 << 10
"""Octets."""
_DIGIT_BY_DIGIT = ("digits", "digit", "telephone")
_DIGIT_GROUPS = re.compile(r"[^\w+]+")
_DATE_PARTS = re.compile(r"[./\-\s]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def is_ssml(text: str) -> bool:
    return text.lstrip().startswith("<speak")


def plain_text(text: str) -> str:
    """Text without control characters, which the synthesizer may take for commands."""
    return _CONTROLS.sub(" ", text).strip()


def check_ssml(text: str) -> None:
    """Raises Invalid (`text`) where it is SSML that could not be spoken; plain text is anything else."""
    if is_ssml(text):
        safe_ssml(text)


def safe_ssml(text: str) -> str:
    """The same document with known markup only.

    Raises Invalid (`text`) where it is not well-formed, has a DTD, or is larger or deeper than any speech (IN-1).
    """
    octets = text.strip().encode()
    if len(octets) > _LARGEST:
        raise Invalid(f"SSML has at most {_LARGEST} octets", field="text")
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True  # a date must not come in two pieces
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        parser.Parse(octets, True)
    except expat.ExpatError as error:
        raise Invalid(f"the SSML is not well-formed: {error}", field="text") from error
    return "".join(builder.output)


def _refuse_doctype(*_declaration: object) -> None:
    raise Invalid("SSML may not have a document type", field="text")


class _Builder:
    def __init__(self) -> None:
        self.output: list[str] = []
        self._unspoken = 0
        """Depth inside an element whose text is not speech."""
        self._depth = 0
        self._elements = 0
        self._interpreted: list[str] = []
        """`interpret-as` of the `say-as` elements around."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Invalid("SSML is nested too deeply", field="text")
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise Invalid(f"SSML has at most {_MOST_ELEMENTS} elements", field="text")
        if self._unspoken or name in _UNSPOKEN:
            self._unspoken += 1
        elif name == "sub":
            self.output.append(escape(attributes.get("alias", "")))
            self._unspoken += 1
        elif name == "say-as" and _is_spelled_here(attributes.get("interpret-as", "")):
            self._interpreted.append(attributes["interpret-as"])
        elif name in _KEPT:
            if name == "say-as":
                self._interpreted.append("")
            kept = (f" {key}={quoteattr(attributes[key])}" for key in _KEPT[name] if _is_safe(attributes.get(key)))
            self.output.append(f"<{name}{''.join(kept)}>")

    def end(self, name: str) -> None:
        self._depth -= 1
        if self._unspoken:
            self._unspoken -= 1
        elif name == "say-as" and self._interpreted.pop():
            return
        elif name in _KEPT:
            self.output.append(f"</{name}>")

    def characters(self, text: str) -> None:
        if not self._unspoken:
            plain = _CONTROLS.sub(" ", text)
            self.output.append(escape(_spelled(plain, self._interpreted[-1]) if self._interpreted else plain))


def _is_spelled_here(interpret_as: str) -> bool:
    return interpret_as in (*_DIGIT_BY_DIGIT, "date")


def _spelled(text: str, interpret_as: str) -> str:
    """`12-31-2026` is 12, 31, 2026 to whoever reads dates, and 1 2 3 1 2 0 2 6 to whoever reads digits."""
    if interpret_as == "date":
        return ", ".join(part for part in _DATE_PARTS.split(text) if part)
    if interpret_as in _DIGIT_BY_DIGIT:
        return ", ".join(" ".join(part) for part in _DIGIT_GROUPS.split(text) if part)
    return text


def _is_safe(value: str | None) -> bool:
    return value is not None and _VALUE.fullmatch(value) is not None
