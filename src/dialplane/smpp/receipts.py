"""Delivery receipts: the text of appendix B with the parameters of section 5.3.2, and how carriers name messages.

A carrier may give a message's id in one notation with submit_sm_resp and in another in the receipt (hexadecimal and
decimal, with zeros before it or without); both are looked for.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from dialplane.smpp.fields import Tag
from dialplane.smpp.pdu import ShortMessage


class State(IntEnum):
    """message_state (5.2.28)."""

    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8


_WORDS = {
    State.ENROUTE: "ENROUTE",
    State.DELIVERED: "DELIVRD",
    State.EXPIRED: "EXPIRED",
    State.DELETED: "DELETED",
    State.UNDELIVERABLE: "UNDELIV",
    State.ACCEPTED: "ACCEPTD",
    State.UNKNOWN: "UNKNOWN",
    State.REJECTED: "REJECTD",
}
_STATES = {word: state for state, word in _WORDS.items()}
_FIELD = re.compile(r"(id|stat|err):\s*(\S+)", re.IGNORECASE)
_LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the message that the sender of the receipt calls `message_id`."""

    message_id: str
    state: State
    error: str = ""
    """As the text has it: three characters, of the network's own."""


@dataclass(frozen=True, slots=True)
class Told:
    """A receipt as we write it."""

    message_id: str
    state: State
    error: int
    submitted_at: datetime
    done_at: datetime
    text: str = ""

    def __bytes__(self) -> bytes:
        delivered = "001" if self.state is State.DELIVERED else "000"
        return (
            f"id:{self.message_id} sub:001 dlvrd:{delivered} submit date:{self.submitted_at:%y%m%d%H%M}"
            f" done date:{self.done_at:%y%m%d%H%M} stat:{_WORDS[self.state]} err:{self.error:03d} text:"
        ).encode("ascii") + self.text[:20].encode("ascii", "replace")

    @property
    def tlvs(self) -> dict[int, bytes]:
        return {
            Tag.RECEIPTED_MESSAGE_ID: self.message_id.encode("ascii") + b"\0",
            Tag.MESSAGE_STATE: bytes((self.state,)),
        }


def read_receipt(message: ShortMessage) -> Receipt | None:
    """The receipt that a deliver_sm is; its parameters count before its text. None where neither names a message."""
    text = message.octets.decode("latin-1")
    fields = {name.lower(): value for name, value in reversed(_FIELD.findall(text))}
    named = message.tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b"").split(b"\0")[0].decode("latin-1")
    message_id = (named or fields.get("id", ""))[:_LONGEST_ID]
    if not message_id:
        return None
    return Receipt(message_id, _state(message, fields.get("stat", "")), fields.get("err", "")[:8])


def _state(message: ShortMessage, word: str) -> State:
    value = message.tlvs.get(Tag.MESSAGE_STATE, b"")
    if len(value) == 1 and 1 <= value[0] <= State.REJECTED:
        return State(value[0])
    return _STATES.get(word.upper()[:7], State.UNKNOWN)


def spellings(message_id: str) -> tuple[str, ...]:
    """The id as it came, and what the same number is in the other notation, without zeros before it.

    The likeliest first; what is kept of a message's own id is the first.
    """
    plain = message_id.lower().lstrip("0") or "0"
    found = [plain]
    if plain.isascii() and plain.isdecimal():
        found.append(f"{int(plain):x}")
    if re.fullmatch(r"[0-9a-f]{1,32}", plain):
        found.append(str(int(plain, 16)))
    return tuple(dict.fromkeys(found))
