"""Long messages in parts (3GPP TS 23.040 section 9.2.3.24.1): the header that says which part a segment is, and the
parts put together again, in whatever order they come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dialplane.domain.messaging.gsm import PLAIN, Tables

MOST_PARTS = 10
"""SMS-6."""
LONGEST_WAIT = timedelta(hours=24)
MOST_WAITING = 10_000
"""Messages of which parts are missing: what comes beyond goes at the cost of the oldest."""

_CONCAT_8, _CONCAT_16 = 0x00, 0x08
"""Information elements: a reference of 8 bits, and one of 16."""


class HeaderFault(ValueError):
    """A user data header that is no such header."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of which message a segment is: number `number` of `total`, counted from 1."""

    reference: int
    total: int
    number: int
    is_wide: bool = False
    """The reference has 16 bits."""

    def __bytes__(self) -> bytes:
        """The element of a user data header."""
        if self.is_wide:
            return bytes((_CONCAT_16, 4, *self.reference.to_bytes(2, "big"), self.total, self.number))
        return bytes((_CONCAT_8, 3, self.reference, self.total, self.number))


@dataclass(frozen=True, slots=True)
class Header:
    """What a user data header says: which part it is of, None where it speaks of none, and the tables of its text."""

    part: Part | None = None
    tables: Tables = PLAIN

    def __bytes__(self) -> bytes:
        """With its length in front; nothing where it says nothing."""
        elements = (b"" if self.part is None else bytes(self.part)) + bytes(self.tables)
        return bytes((len(elements),)) + elements if elements else b""


def read_header(octets: bytes) -> tuple[Header, int]:
    """The header that user data begins with, and its length with its own length octet. Other elements are passed over;
    an element of parts that makes no sense is too (9.2.3.24.1).

    Raises HeaderFault where lengths lead beyond the data.
    """
    if not octets or len(octets) < octets[0] + 1:
        raise HeaderFault("the header is longer than the data")
    end, place, part, tables = octets[0] + 1, 1, None, PLAIN
    while place < end:
        if place + 2 > end or place + 2 + octets[place + 1] > end:
            raise HeaderFault("an element is longer than the header")
        kind, length = octets[place], octets[place + 1]
        value = octets[place + 2 : place + 2 + length]
        part = _part(kind, value) or part  # of several the last one counts
        tables = tables.named(kind, value)
        place += 2 + length
    return Header(part, tables), end


def _part(kind: int, value: bytes) -> Part | None:
    if kind == _CONCAT_8 and len(value) == 3:
        part = Part(value[0], value[1], value[2])
    elif kind == _CONCAT_16 and len(value) == 4:
        part = Part(int.from_bytes(value[:2], "big"), value[2], value[3], is_wide=True)
    else:
        return None
    return part if 1 <= part.number <= part.total else None


@dataclass(frozen=True, slots=True)
class _Key:
    """Whose message: parts of two senders, or to two receivers, are never joined."""

    source: str
    destination: str
    reference: int
    total: int
    is_wide: bool


@dataclass(slots=True)
class _Waiting:
    since: datetime
    texts: dict[int, str] = field(default_factory=dict)


class Reassembly:
    """Puts parts together. Feed it each part once or more often, in any order; it holds what is not whole yet."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, _Waiting] = {}

    def take(self, source: str, destination: str, part: Part, text: str, now: datetime) -> str | None:
        """The whole text with the part that completes it; None before that, and for a message of too many parts.

        A part that comes twice counts once. Parts that are a day old begin a new message.
        """
        if part.total > MOST_PARTS:
            return None
        key = _Key(source, destination, part.reference, part.total, part.is_wide)
        waiting = self._waiting.get(key)
        if waiting is None or now - waiting.since >= LONGEST_WAIT:
            self._waiting.pop(key, None)  # a new one stands behind those that came before it
            waiting = self._waiting[key] = _Waiting(now)
            self._make_room()
        waiting.texts.setdefault(part.number, text)
        if len(waiting.texts) < part.total:
            return None
        del self._waiting[key]
        return joined(waiting.texts)

    def expire(self, now: datetime) -> list[tuple[str, str, str]]:
        """Give up what has waited for a day: sender, receiver and what there is of the text of each."""
        late = [key for key, waiting in self._waiting.items() if now - waiting.since >= LONGEST_WAIT]
        return [(key.source, key.destination, joined(self._waiting.pop(key).texts)) for key in late]

    def __len__(self) -> int:
        return len(self._waiting)

    def _make_room(self) -> None:
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]


def joined(texts: Mapping[int, str]) -> str:
    """The parts in their order."""
    return "".join(texts[number] for number in sorted(texts))
