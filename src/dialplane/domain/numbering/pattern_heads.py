r"""What a pattern must begin with, so that an index finds the few patterns that can match what was dialled.

`16508.*` begins with `16508`, `^7688[456]#$` with one of three strings at the start, `7777|8888` with either. A pattern
like `.*77` begins with anything and has no head. A head that is too short costs time only; one that is wrong would lose
calls, so everything that is not plainly understood has none.
"""

import re
from typing import NamedTuple

from dialplane.domain.numbering.patterns import CATCH_ALL, tokens, translate

MOST_HEADS = 32
"""Of one pattern: `[0-9][0-9]77` begins with ten strings of one digit, not with a hundred of two."""

_LITERAL = re.compile(r"[0-9A-Za-z#,_:;@!~%&='\"<>/ -]|\\[^0-9A-Za-z]")
_CLASS = re.compile(r"\[(?:[0-9A-Za-z*#+,.](?:-[0-9A-Za-z])?)+\]")
_OPTIONAL = ("*", "?", "{")
_PLAIN = re.compile(r"(\^?)([0-9#]+)(?![0-9#*+?{])(.*)")
"""What nearly all patterns are: digits, and then something that is no alternative. Ten times as fast as the rest."""


class Head(NamedTuple):
    """One of the strings that a pattern begins with."""

    text: str
    at_start: bool
    """Only where what was dialled begins with it, not anywhere in it."""
    needs: int | None
    """The pattern matches wherever at least so many characters follow the head; None: it must be asked."""


def heads_of(text: str, *, anchored: bool) -> list[Head] | None:
    """All heads of a pattern; None where it can begin with anything. Raises Invalid as `translate` does."""
    if (plain := _plain_heads(text, anchored=anchored)) is not None:
        return plain
    if text == CATCH_ALL:
        return None
    found: list[Head] = []
    for alternative in _alternatives(tokens(translate(text))):
        heads = _heads(alternative, anchored=anchored)
        if heads is None or len(found) + len(heads) > MOST_HEADS:
            return None
        found += heads
    return list(dict.fromkeys(found))


def _plain_heads(text: str, *, anchored: bool) -> list[Head] | None:
    """Of a pattern that begins with digits; of several such only where all are so plain that none can be broken."""
    found = []
    alternatives = text.split("|")
    for alternative in alternatives:
        plain = _PLAIN.fullmatch(alternative)
        if plain is None:
            return None
        start, digits, rest = plain.groups()
        needs = _needs(rest, anchored=anchored)
        if needs is None and len(alternatives) > 1:
            return None
        found.append(Head(digits, anchored or bool(start), needs))
    return found if len(found) <= MOST_HEADS else None


def _alternatives(parts: list[str]) -> list[list[str]]:
    """The parts between the bars that stand in no group."""
    found: list[list[str]] = [[]]
    depth = 0
    for part in parts:
        if part == "|" and depth == 0:
            found.append([])
            continue
        depth += part.startswith("(") and not part.endswith(")")
        depth -= part == ")"
        found[-1].append(part)
    return found


def _heads(parts: list[str], *, anchored: bool) -> list[Head] | None:
    at_start = anchored or parts[:1] == ["^"]
    parts = parts[1:] if parts[:1] == ["^"] else parts
    texts = [""]
    for part, following in zip(parts, [*parts, ""][1:], strict=True):
        choices = _choices(part)
        if not choices or following in _OPTIONAL or len(texts) * len(choices) > MOST_HEADS:
            break
        texts = [text + choice for text in texts for choice in choices]
        if following == "+":
            break
    if texts == [""]:
        return None
    return [Head(text, at_start, None) for text in dict.fromkeys(texts)]


def _needs(rest: str, *, anchored: bool) -> int | None:
    """What must follow a head where `rest` is the pattern's: nothing but dots, or anything at all."""
    if rest in (".*", ".*$"):
        return 0
    return None if anchored or rest.strip(".") else len(rest)


def _choices(part: str) -> list[str]:
    """The characters that a part stands for; none where it is more than a character or a small class."""
    if _LITERAL.fullmatch(part):
        return [part[-1]]
    if not _CLASS.fullmatch(part):
        return []
    found: list[str] = []
    inner = part[1:-1]
    at = 0
    while at < len(inner):
        if inner[at + 1 : at + 2] == "-" and at + 2 < len(inner):
            found += map(chr, range(ord(inner[at]), ord(inner[at + 2]) + 1))
            at += 3
        else:
            found.append(inner[at])
            at += 1
    return list(dict.fromkeys(found))
