"""Long messages in parts (3GPP TS 23.040 section 9.2.3.24.1): the header that says which part a segment is."""

from dataclasses import dataclass
from datetime import timedelta

from dialplane.domain.messaging.gsm import PLAIN, Tables

MOST_PARTS = 10
"""SMS-6."""
LONGEST_WAIT = timedelta(hours=24)
"""For the parts that are missing."""

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
