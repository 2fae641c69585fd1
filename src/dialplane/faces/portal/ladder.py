"""A call's SIP messages as a ladder: where its lines and arrows stand. Beside it the page has them as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.calling.timelines import Happening

_COLUMN = 230
_MARGIN = 130
_TOP, _STEP = 46, 34
MOST = 80
"""Arrows of one drawing; the table has all."""


@dataclass(frozen=True, slots=True)
class Lifeline:
    name: str
    x: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message, from `x1` to `x2`; `head` are the points of its tip."""

    place: int
    y: int
    x1: int
    x2: int
    head: str
    text: str
    kind: str
    """Its class: request, good, bad, repeated."""

    @property
    def middle(self) -> int:
        return (self.x1 + self.x2) // 2


@dataclass(frozen=True, slots=True)
class Ladder:
    lifelines: tuple[Lifeline, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the table."""

    at: datetime
    after_s: float
    text: str
    peer: str
    is_sent: bool
    transport: str
    is_repeated: bool
    content: str


def messages_of(happened: Sequence[Happening]) -> list[Message]:
    sip = [each for each in happened if each.kind == "sip"]
    return [
        Message(
            each.at,
            (each.at - sip[0].at).total_seconds(),
            each.type,
            str(each.data["peer"]),
            each.data["direction"] == "out",
            str(each.data["transport"]),
            bool(each.data["is_repeated"]),
            str(each.data["message"]),
        )
        for each in sip
    ]


def draw(messages: Sequence[Message]) -> Ladder:
    """Dialplane on the left, each address that it spoke with on the right."""
    shown = messages[:MOST]
    peers = list(dict.fromkeys(each.peer for each in shown))
    places = {peer: _MARGIN + _COLUMN * (at + 1) for at, peer in enumerate(peers)}
    lifelines = (Lifeline("Dialplane", _MARGIN), *(Lifeline(peer, x) for peer, x in places.items()))
    arrows = tuple(_arrow(place, each, places[each.peer]) for place, each in enumerate(shown))
    return Ladder(lifelines, arrows, _MARGIN * 2 + _COLUMN * len(peers), _TOP + _STEP * (len(shown) + 1))


def _arrow(place: int, message: Message, peer: int) -> Arrow:
    y = _TOP + _STEP * (place + 1)
    x1, x2 = (_MARGIN, peer) if message.is_sent else (peer, _MARGIN)
    back = x2 - 9 if x2 > x1 else x2 + 9
    return Arrow(place + 1, y, x1, x2, f"{x2},{y} {back},{y - 5} {back},{y + 5}", _short(message.text), _kind(message))


def _short(line: str) -> str:
    """`INVITE` of a request line, `200 OK` of a status line."""
    words = line.split(" ")
    text = " ".join(words[1:]) if line.startswith("SIP/") else words[0]
    return text if len(text) <= 28 else f"{text[:27]}…"


def _kind(message: Message) -> str:
    if message.is_repeated:
        return "repeated"
    if not message.text.startswith("SIP/"):
        return "request"
    return "bad" if message.text[8:9] in "456" else "good"
