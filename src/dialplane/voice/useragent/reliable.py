"""Reliable provisional answers (RFC 3262): ours to an INVITE, resent until the PRACK comes, and the numbering of the
peer's to ours."""

from collections import deque
from collections.abc import Callable
from functools import partial
from secrets import randbelow

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import parse_number
from dialplane.sip.message import Request, Response
from dialplane.sip.transaction import Transaction
from dialplane.sip.values import CSeq
from dialplane.voice.useragent.station import Station

TAG = "100rel"


def supports_reliable(request: Request) -> bool:
    return TAG in request.headers.option_tags("Supported") or requires_reliable(request)


def requires_reliable(request: Request) -> bool:
    return "Require" in request.headers and TAG in request.headers.option_tags("Require")


def number_of(response: Response) -> int | None:
    """The RSeq of a reliable provisional answer, None for an ordinary one. Raises SipParseError."""
    if not 100 < response.status < 200 or "RSeq" not in response.headers:
        return None
    if TAG not in response.headers.option_tags("Require"):
        return None
    return parse_number((response.headers.get("RSeq") or "").strip(" \t"), 2**32 - 1)


class ReliableAnswers:
    """Those of one INVITE, one on its way at a time (section 3)."""

    def __init__(self, station: Station, transaction: Transaction, cseq: int, give_up: Callable[[], None]) -> None:
        """`cseq` is the INVITE's; `give_up` is called where no PRACK comes within 64*T1."""
        self._cseq = cseq
        self._station = station
        self._transaction = transaction
        self._give_up = give_up
        self._rseq = randbelow(2**31 - 1) + 1
        self._waiting: deque[Response] = deque()
        self._octets = b""
        """Of what waits for its PRACK."""
        self._interval_s = 0.0
        self._since = 0.0
        self.on_quiet: Callable[[], None] | None = None
        """Called once when nothing waits any more."""

    @property
    def is_quiet(self) -> bool:
        return not self._octets

    def send(self, response: Response) -> None:
        """Now, or when what is on its way was acknowledged."""
        if self._octets:
            self._waiting.append(response)
            return
        self._rseq += 1
        response.headers.add("Require", TAG)
        response.headers.add("RSeq", str(self._rseq))
        self._octets = bytes(response)
        self._station.respond(self._transaction, response)
        self._interval_s = self._station.layer.timers.t1
        self._since = self._station.now()
        self._station.later(self._interval_s, partial(self._resend, self._octets))

    def acknowledge(self, request: Request) -> bool:
        """Whether the PRACK is about what waits for it (section 3: else 481)."""
        if not self._octets or _read_rack(request) != (self._rseq, CSeq(self._cseq, "INVITE")):
            return False
        self._octets = b""
        if self._waiting:
            self.send(self._waiting.popleft())
        elif self.on_quiet is not None:
            quiet, self.on_quiet = self.on_quiet, None
            quiet()
        return True

    def stop(self) -> None:
        """A final answer was sent, or the call is over: nothing is resent."""
        self._octets = b""
        self._waiting.clear()
        self.on_quiet = None

    def _resend(self, octets: bytes) -> None:
        if octets is not self._octets:
            return
        if self._station.now() - self._since >= self._station.layer.timers.transaction:
            self.stop()
            self._give_up()
            return
        self._station.transport.send(octets, self._transaction.peer)
        self._interval_s *= 2
        self._station.later(self._interval_s, partial(self._resend, octets))


def _read_rack(request: Request) -> tuple[int, CSeq] | None:
    """The RSeq and the CSeq that a PRACK is about (section 7.2); None where nobody can tell."""
    number, _, cseq = (request.headers.get("RAck") or "").partition(" ")
    try:
        return parse_number(number, 2**32 - 1), CSeq.parse(cseq.strip(" \t"))
    except SipParseError:
        return None
