"""Pieces of RFC 3261 section 25 that several header fields share: tokens, quoted strings, parameters, lists.

Every pattern here has disjoint alternatives, so that work grows linearly with the text (SIP-7).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from dialplane.sip.errors import SipParseError

TOKEN_CHARACTERS = r"A-Za-z0-9\-.!%*_+`'~"
TOKEN = re.compile(rf"[{TOKEN_CHARACTERS}]+")
QUOTED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
HOST = r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]+"
_LIST_MARK = re.compile(r'[",<>\\]')
_SEMICOLON_MARK = re.compile(r'[";\\]')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PARAMETER_VALUE = re.compile(r'[^\x00-\x20";,<>\\]+')
_USUAL_DIGITS = 20
KEPT = 4096
"""Texts whose values are kept, of each kind, so that what repeats itself is read once."""
LONGEST_KEPT = 200
"""Characters of such a text: what strangers send must not fill the memory."""

Parameters = Mapping[str, str | None]
"""Names in lower case; a value as it was written (quotes kept), None for a parameter without one."""
NO_PARAMETERS: Parameters = MappingProxyType({})


def split_values(text: str) -> list[str]:
    """The members of a comma-separated header value. Commas in quotes and in <> do not separate.

    Raises SipParseError for an unterminated quote or bracket.
    """
    if "," not in text:
        return [text]
    if '"' not in text and "<" not in text:
        return [member.strip() for member in text.split(",")]
    members: list[str] = []
    start = 0
    in_quotes = in_brackets = False
    marks = _LIST_MARK.finditer(text)
    for mark in marks:
        character = mark.group()
        if in_quotes:
            if character == '"':
                in_quotes = False
            elif character == "\\" and text[mark.end() : mark.end() + 1] in ('"', "\\"):
                next(marks, None)
        elif character == '"' and not in_brackets:
            in_quotes = True
        elif character in "<>":
            in_brackets = character == "<"
        elif character == "," and not in_brackets:
            members.append(text[start : mark.start()].strip())
            start = mark.end()
    if in_quotes or in_brackets:
        raise SipParseError("unterminated quote or bracket")
    members.append(text[start:].strip())
    return members


def parse_parameters(text: str) -> Parameters:
    """`;name=value;flag` as a mapping. `text` is empty or starts with `;`. Raises SipParseError."""
    if not text:
        return NO_PARAMETERS
    pieces = text.split(";") if '"' not in text else _split_semicolons(text)
    if pieces[0].strip(" \t"):
        raise SipParseError("parameters malformed")
    parameters: dict[str, str | None] = {}
    for piece in pieces[1:]:
        name, equals, value = piece.partition("=")
        name = name.strip(" \t")
        if not TOKEN.fullmatch(name):
            raise SipParseError("parameter name malformed")
        name = name.lower()
        if name in parameters:
            raise SipParseError("parameter given twice")
        if not equals:
            parameters[name] = None
            continue
        value = value.strip(" \t")
        if not (_PARAMETER_VALUE.fullmatch(value) or QUOTED.fullmatch(value)):
            raise SipParseError("parameter value malformed")
        parameters[name] = value
    return parameters


def format_parameters(parameters: Parameters) -> str:
    """The counterpart of `parse_parameters`."""
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in parameters.items())


def unquote(text: str) -> str:
    """The content of a quoted string, escapes taken away; text without quotes as it is."""
    if len(text) < 2 or text[0] != '"':
        return text
    content = text[1:-1]
    return _ESCAPED.sub(r"\1", content) if "\\" in content else content


def quote(text: str) -> str:
    """`text` as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_number(text: str, highest: int) -> int:
    """A number of ASCII digits from 0 to `highest`, leading zeros allowed. Raises SipParseError."""
    if not (text.isascii() and text.isdigit()):
        raise SipParseError("number malformed")
    if len(text) > _USUAL_DIGITS:
        # Turning many digits into a number takes time that grows faster than their count, so they are counted first.
        text = text.lstrip("0") or "0"
        if len(text) > len(str(highest)):
            raise SipParseError("number out of range")
    number = int(text)
    if number > highest:
        raise SipParseError("number out of range")
    return number


def _split_semicolons(text: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    in_quotes = False
    marks = _SEMICOLON_MARK.finditer(text)
    for mark in marks:
        character = mark.group()
        if character == '"':
            in_quotes = not in_quotes
        elif character == "\\":
            if in_quotes and text[mark.end() : mark.end() + 1] in ('"', "\\", ";"):
                next(marks, None)
        elif not in_quotes:
            pieces.append(text[start : mark.start()])
            start = mark.end()
    pieces.append(text[start:])
    return pieces
