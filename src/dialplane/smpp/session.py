"""One SMPP session from the first octet to the last: who may ask what, windows, signs of life, the end in order.

Fed with octets and times (seconds on the caller's monotonic clock), it gives events; what is to be sent gathers in
`output`. Nothing that a peer sends raises.
"""

from dataclasses import dataclass
from enum import Enum, auto

from dialplane.smpp.commands import BINDS, ORDERS, SUBMITS, Command, Status
from dialplane.smpp.fields import PduFault
from dialplane.smpp.framing import Framer, FramingFault
from dialplane.smpp.pdu import Body, Named, Pdu, read_pdu

BIND_WITHIN_S = 10.0
ENQUIRE_S = 30.0
ANSWER_S = 30.0
"""SMS-2, SMS-4; an answer that takes longer than the last counts as none."""
MOST_MISSES = 2
_MOST_SEQUENCE = 0x7FFF_FFFF


class Side(Enum):
    SERVER = auto()
    """The message centre, which is bound to."""
    CLIENT = auto()


class Bound(Enum):
    """What the session is bound for, seen from the client."""

    NOT = auto()
    TRANSMITTER = auto()
    RECEIVER = auto()
    TRANSCEIVER = auto()


_BINDING = {
    Command.BIND_TRANSMITTER: Bound.TRANSMITTER,
    Command.BIND_RECEIVER: Bound.RECEIVER,
    Command.BIND_TRANSCEIVER: Bound.TRANSCEIVER,
}
_SENDS = (Bound.TRANSMITTER, Bound.TRANSCEIVER)
_HEARS = (Bound.RECEIVER, Bound.TRANSCEIVER)


@dataclass(frozen=True, slots=True)
class Asked:
    """The peer asks; the owner answers with `Session.answer`, in any order."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Answered:
    """The peer has answered our request `sequence`."""

    sequence: int
    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; send what is in `output` and close. `in_order`: after an unbind, with every request of the
    peer answered; ours may be open."""

    reason: str
    in_order: bool = False


Event = Asked | Answered | Ended


class Session:
    """Side of one connection."""

    def __init__(self, side: Side, now: float, *, enquire_s: float = ENQUIRE_S) -> None:
        self.side = side
        self.bound = Bound.NOT
        self.output = bytearray()
        self.open: dict[int, float] = {}
        """Our requests that have no answer yet, by sequence number, each with when it must have one."""
        self.to_answer: set[int] = set()
        """Sequence numbers of the peer's requests that the owner has not answered."""
        self.is_over = False
        self._framer = Framer()
        self._sequence = 0
        self._enquire_s = enquire_s
        self._bind_by: float | None = now + BIND_WITHIN_S
        self._heard_at = now
        self._misses = 0
        self._enquired: int | None = None
        self._enquire_at = now + enquire_s
        self._unbinding = False
        self._peer_unbinds: int | None = None

    @property
    def may_send(self) -> bool:
        """Whether this side may hand messages over."""
        allowed = _HEARS if self.side is Side.SERVER else _SENDS
        return self.bound in allowed and not (self.is_over or self._unbinding or self._peer_unbinds is not None)

    def receive(self, octets: bytes, now: float) -> list[Event]:
        """What the octets bring about."""
        if self.is_over:
            return []
        self._framer.feed(octets)
        self._heard_at, self._misses = now, 0
        self._enquire_at = now + self._enquire_s
        events: list[Event] = []
        while not self.is_over:
            try:
                taken = self._framer.take()
            except FramingFault as fault:
                self._put(Pdu(Command.GENERIC_NACK, fault.sequence, Status.INVALID_COMMAND_LENGTH))
                return [*events, self._end(str(fault))]
            if taken is None:
                break
            events += self._read(taken, now)
        return events

    def request(self, command: Command, body: Body, now: float) -> int:
        """Ask the peer; the sequence number by which the answer comes."""
        self._sequence = self._sequence % _MOST_SEQUENCE + 1
        self._put(Pdu(command, self._sequence, 0, body))
        self.open[self._sequence] = now + ANSWER_S
        return self._sequence

    def answer(self, asked: Pdu, status: int = Status.OK, body: Body = None) -> list[Event]:
        """Answer a request of the peer. A bind that is answered with OK binds the session."""
        if self.is_over or asked.sequence not in self.to_answer:
            return []
        self.to_answer.discard(asked.sequence)
        if asked.command in BINDS and status == Status.OK:
            self.bound, self._bind_by = _BINDING[asked.command], None
        self._reply(asked.command, asked.sequence, status, body)
        return self._finish_unbind()

    def unbind(self, now: float) -> list[Event]:
        """End in order: no new requests of ours; those that are open are answered first."""
        if self.is_over or self._unbinding:
            return []
        if self.bound is Bound.NOT:
            return [self._end("closed before it was bound")]
        self._unbinding = True
        self.request(Command.UNBIND, None, now)
        return []

    def expire(self, now: float) -> list[Event]:
        """What the time brings about; to be called at `next_deadline` or a little later."""
        if self.is_over:
            return []
        if self._bind_by is not None and now >= self._bind_by:
            return [self._end("not bound in time")]
        if any(now >= by for sequence, by in self.open.items() if sequence != self._enquired):
            return [self._end("a request was not answered in time")]
        if now >= self._enquire_at and self.bound is not Bound.NOT:
            if self._enquired is not None and self._misses >= MOST_MISSES:
                return [self._end("the peer gives no sign of life")]
            self._misses += 1
            self.open.pop(self._enquired or 0, None)
            self._enquired = self.request(Command.ENQUIRE_LINK, None, now)
            self._enquire_at = now + self._enquire_s
        return []

    def next_deadline(self) -> float | None:
        if self.is_over:
            return None
        waits = [by for sequence, by in self.open.items() if sequence != self._enquired]
        if self._bind_by is not None:
            waits.append(self._bind_by)
        if self.bound is not Bound.NOT:
            waits.append(self._enquire_at)
        return min(waits, default=None)

    def take_output(self) -> bytes:
        octets = bytes(self.output)
        self.output.clear()
        return octets

    def _read(self, octets: bytes, now: float) -> list[Event]:
        try:
            pdu = read_pdu(octets)
        except PduFault as fault:
            return self._refuse(octets, fault)
        if pdu.command.is_answer:
            return self._take_answer(pdu)
        return self._take_request(pdu, now)

    def _refuse(self, octets: bytes, fault: PduFault) -> list[Event]:
        """An answer that cannot be read answers nothing; a request gets its own answer, an unknown one a nack."""
        number, sequence = int.from_bytes(octets[4:8], "big"), int.from_bytes(octets[12:16], "big")
        if fault.status is Status.INVALID_COMMAND:
            self._put(Pdu(Command.GENERIC_NACK, sequence, Status.INVALID_COMMAND))
            return []
        command = Command(number)
        if command.is_answer:
            return [self._end(f"an answer that cannot be read: {fault}")]
        self._reply(command, sequence, fault.status)
        return []

    def _take_answer(self, pdu: Pdu) -> list[Event]:
        if pdu.sequence not in self.open:
            return []  # late, or to nothing that was asked
        del self.open[pdu.sequence]
        if pdu.sequence == self._enquired:
            self._enquired = None
            return []
        if pdu.command is Command.UNBIND_RESP:
            return [self._end("unbound", in_order=not self.to_answer)]
        bind = next((each for each in BINDS if each.answer is pdu.command), None)
        if bind is not None and pdu.status == Status.OK and self.side is Side.CLIENT:
            self.bound, self._bind_by = _BINDING[bind], None
        return [Answered(pdu.sequence, pdu)]

    def _take_request(self, pdu: Pdu, now: float) -> list[Event]:
        if pdu.command is Command.ENQUIRE_LINK:
            self._put(Pdu(Command.ENQUIRE_LINK_RESP, pdu.sequence))
            return []
        if (status := self._why_not(pdu.command)) is not Status.OK:
            self._reply(pdu.command, pdu.sequence, status)
            return []
        if pdu.command is Command.UNBIND:
            self._peer_unbinds = pdu.sequence
            return self._finish_unbind()
        if pdu.sequence in self.to_answer:  # two open requests of one number could not be told apart
            self._reply(pdu.command, pdu.sequence, Status.SYSTEM_ERROR)
            return []
        self.to_answer.add(pdu.sequence)
        return [Asked(pdu)]

    def _why_not(self, command: Command) -> Status:
        """OK where the peer may ask this now (section 2.3)."""
        if command in BINDS:
            if self.side is Side.CLIENT:
                return Status.WRONG_BIND_STATE
            return Status.OK if self.bound is Bound.NOT and not self.to_answer else Status.ALREADY_BOUND
        if self.bound is Bound.NOT or self._peer_unbinds is not None:
            return Status.WRONG_BIND_STATE
        if command is Command.UNBIND:
            return Status.OK
        peers = _SENDS if self.side is Side.SERVER else _HEARS
        own = SUBMITS | ORDERS if self.side is Side.SERVER else {Command.DELIVER_SM, Command.DATA_SM}
        return Status.OK if self.bound in peers and command in own else Status.WRONG_BIND_STATE

    def _finish_unbind(self) -> list[Event]:
        """The answer to the peer's unbind is the last word: whatever it asked before is answered first."""
        if self._peer_unbinds is None or self.to_answer:
            return []
        self._put(Pdu(Command.UNBIND_RESP, self._peer_unbinds))
        return [self._end("the peer unbound", in_order=True)]

    def _reply(self, command: Command, sequence: int, status: int, body: Body = None) -> None:
        if command is Command.DELIVER_SM:
            body = Named("")  # it is there, and empty, whatever the status (4.6.2)
        self._put(Pdu(command.answer, sequence, status, body))

    def _put(self, pdu: Pdu) -> None:
        self.output += bytes(pdu)

    def _end(self, reason: str, *, in_order: bool = False) -> Ended:
        self.is_over = True
        return Ended(reason, in_order=in_order)
