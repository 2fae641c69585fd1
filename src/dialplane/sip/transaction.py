"""SIP transactions as state machines without I/O (RFC 3261 section 17, INVITE as changed by RFC 6026).

The four machines differ in their tables only. A rule says: in this state, on this input, go there, do that, and what
becomes of the two timers that a transaction ever has at once:

    resend   send the same octets again: timers A, E, G, and the 2xx that the user agent resends (13.3.1.4)
    lifetime leave the state: timers B, D, F, H, I, J, K, L, M; each state has one at most

An input without a rule in its state is absorbed. Times are seconds on the caller's monotonic clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from math import inf
from typing import NamedTuple, Protocol

from dialplane.sip.message import Response
from dialplane.sip.transaction_peer import Source


@dataclass(frozen=True, slots=True)
class Timers:
    """The base values of RFC 3261 table 4, in seconds."""

    t1: float = 0.5
    """Round-trip time, from which the others follow."""
    t2: float = 4.0
    """Longest interval between two retransmissions."""
    t4: float = 5.0
    """How long a message may stay in the network."""

    @property
    def transaction(self) -> float:
        """64*T1: how long a request may remain without an answer, a final answer without its ACK."""
        return 64 * self.t1


class State(IntEnum):
    CALLING = auto()
    TRYING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    """2xx to an INVITE seen or sent (RFC 6026)."""
    COMPLETED = auto()
    CONFIRMED = auto()
    """The final answer to an INVITE is acknowledged; what still comes is absorbed."""
    TERMINATED = auto()


class Input(IntEnum):
    START = auto()
    RECEIVE_1XX = auto()
    RECEIVE_2XX = auto()
    RECEIVE_FAILURE = auto()
    """3xx to 6xx."""
    RECEIVE_REQUEST = auto()
    RECEIVE_ACK = auto()
    SEND_1XX = auto()
    SEND_2XX = auto()
    SEND_FAILURE = auto()
    SEND_CHALLENGE = auto()
    """401 or 407. Any stranger can cause one, so it is kept briefly and sent again only when asked (26.3.2.4)."""
    CANCELLED = auto()
    """Our CANCEL left: a final answer must come within 64*T1 (9.1)."""
    RESEND_TIMER = auto()
    LIFETIME_TIMER = auto()
    UNREACHABLE = auto()


class Do(Enum):
    """What the caller of a machine must do, in order."""

    SEND = auto()
    """Send `transaction.octets` to its peer."""
    ACKNOWLEDGE = auto()
    """Send the ACK of a failed INVITE (17.1.1.3)."""
    DELIVER = auto()
    """Give the received message to the transaction's user."""
    TIME_OUT = auto()
    """Tell the user that nobody answered, or that nobody acknowledged."""
    FAIL = auto()
    """Tell the user that the peer cannot be reached."""


class Resend(Enum):
    KEEP = auto()
    STOP = auto()
    START = auto()
    """At T1 and doubling, where the transport is unreliable."""
    START_ANYWAY = auto()
    """The same on any transport: a proxy on the way may use another one (13.3.1.4)."""
    SLOW = auto()
    """From now on each T2 (17.1.2.2)."""


class Lifetime(Enum):
    KEEP = auto()
    ENDLESS = auto()
    TRANSACTION = auto()
    """64*T1."""
    ABSORB = auto()
    """64*T1 for what an unreliable transport may still bring, else 0."""
    ABSORB_SHORT = auto()
    """T4 for the same reason, else 0."""


class Rule(NamedTuple):
    state: State
    do: tuple[Do, ...] = ()
    resend: Resend = Resend.KEEP
    lifetime: Lifetime = Lifetime.KEEP


Table = Mapping[State, Mapping[Input, Rule]]

_GONE = {Input.LIFETIME_TIMER: Rule(State.TERMINATED)}
_NOBODY_ANSWERED = {
    Input.LIFETIME_TIMER: Rule(State.TERMINATED, (Do.TIME_OUT,)),
    Input.UNREACHABLE: Rule(State.TERMINATED, (Do.FAIL,)),
}
_INVITE_ANSWERED = {
    Input.RECEIVE_1XX: Rule(State.PROCEEDING, (Do.DELIVER,), Resend.STOP),
    Input.RECEIVE_2XX: Rule(State.ACCEPTED, (Do.DELIVER,), Resend.STOP, Lifetime.TRANSACTION),
    Input.RECEIVE_FAILURE: Rule(State.COMPLETED, (Do.ACKNOWLEDGE, Do.DELIVER), Resend.STOP, Lifetime.ABSORB),
}
_REQUEST_ANSWERED = {
    Input.RECEIVE_2XX: Rule(State.COMPLETED, (Do.DELIVER,), Resend.STOP, Lifetime.ABSORB_SHORT),
    Input.RECEIVE_FAILURE: Rule(State.COMPLETED, (Do.DELIVER,), Resend.STOP, Lifetime.ABSORB_SHORT),
    Input.RESEND_TIMER: Rule(State.PROCEEDING, (Do.SEND,)),
}
_SENDING_ANSWER = {
    Input.SEND_1XX: Rule(State.PROCEEDING, (Do.SEND,)),
    Input.SEND_2XX: Rule(State.COMPLETED, (Do.SEND,), lifetime=Lifetime.ABSORB),
    Input.SEND_FAILURE: Rule(State.COMPLETED, (Do.SEND,), lifetime=Lifetime.ABSORB),
    Input.SEND_CHALLENGE: Rule(State.COMPLETED, (Do.SEND,), lifetime=Lifetime.ABSORB_SHORT),
    # The client stops waiting after 64*T1 (timer F), so an answer that is later helps nobody.
    Input.LIFETIME_TIMER: Rule(State.TERMINATED),
}

INVITE_CLIENT: Table = {
    State.CALLING: {
        Input.START: Rule(State.CALLING, (Do.SEND,), Resend.START, Lifetime.TRANSACTION),
        Input.RESEND_TIMER: Rule(State.CALLING, (Do.SEND,)),
        **_INVITE_ANSWERED,
        Input.RECEIVE_1XX: Rule(State.PROCEEDING, (Do.DELIVER,), Resend.STOP, Lifetime.ENDLESS),
        **_NOBODY_ANSWERED,
    },
    State.PROCEEDING: {
        **_INVITE_ANSWERED,
        Input.CANCELLED: Rule(State.PROCEEDING, lifetime=Lifetime.TRANSACTION),
        **_NOBODY_ANSWERED,
    },
    # Each further 2xx is delivered: a repeated one wants its ACK again, one of another fork its ACK and BYE.
    State.ACCEPTED: {Input.RECEIVE_2XX: Rule(State.ACCEPTED, (Do.DELIVER,)), **_GONE},
    State.COMPLETED: {Input.RECEIVE_FAILURE: Rule(State.COMPLETED, (Do.ACKNOWLEDGE,)), **_GONE},
}

CLIENT: Table = {
    State.TRYING: {
        Input.START: Rule(State.TRYING, (Do.SEND,), Resend.START, Lifetime.TRANSACTION),
        Input.RECEIVE_1XX: Rule(State.PROCEEDING, (Do.DELIVER,), Resend.SLOW),
        **_REQUEST_ANSWERED,
        Input.RESEND_TIMER: Rule(State.TRYING, (Do.SEND,)),
        **_NOBODY_ANSWERED,
    },
    State.PROCEEDING: {
        Input.RECEIVE_1XX: Rule(State.PROCEEDING, (Do.DELIVER,)),
        **_REQUEST_ANSWERED,
        **_NOBODY_ANSWERED,
    },
    State.COMPLETED: _GONE,
}

INVITE_SERVER: Table = {
    State.PROCEEDING: {
        Input.RECEIVE_REQUEST: Rule(State.PROCEEDING, (Do.SEND,)),
        Input.SEND_1XX: Rule(State.PROCEEDING, (Do.SEND,)),
        Input.SEND_2XX: Rule(State.ACCEPTED, (Do.SEND,), Resend.START_ANYWAY, Lifetime.TRANSACTION),
        Input.SEND_FAILURE: Rule(State.COMPLETED, (Do.SEND,), Resend.START, Lifetime.TRANSACTION),
        Input.SEND_CHALLENGE: Rule(State.COMPLETED, (Do.SEND,), lifetime=Lifetime.ABSORB_SHORT),
    },
    State.ACCEPTED: {
        Input.RESEND_TIMER: Rule(State.ACCEPTED, (Do.SEND,)),
        Input.RECEIVE_ACK: Rule(State.CONFIRMED, (Do.DELIVER,), Resend.STOP),
        Input.LIFETIME_TIMER: Rule(State.TERMINATED, (Do.TIME_OUT,)),
    },
    State.COMPLETED: {
        Input.RECEIVE_REQUEST: Rule(State.COMPLETED, (Do.SEND,)),
        Input.RESEND_TIMER: Rule(State.COMPLETED, (Do.SEND,)),
        Input.RECEIVE_ACK: Rule(State.CONFIRMED, (), Resend.STOP, Lifetime.ABSORB_SHORT),
        **_GONE,
    },
    State.CONFIRMED: _GONE,
}

SERVER: Table = {
    State.TRYING: {Input.START: Rule(State.TRYING, lifetime=Lifetime.TRANSACTION), **_SENDING_ANSWER},
    State.PROCEEDING: {Input.RECEIVE_REQUEST: Rule(State.PROCEEDING, (Do.SEND,)), **_SENDING_ANSWER},
    State.COMPLETED: {Input.RECEIVE_REQUEST: Rule(State.COMPLETED, (Do.SEND,)), **_GONE},
}

_NOTHING: Mapping[Input, Rule] = {}
_FIRST_STATE = {id(INVITE_CLIENT): State.CALLING, id(INVITE_SERVER): State.PROCEEDING}


class TransactionUser(Protocol):
    """Who a transaction works for: a call, or somebody who waits for an answer."""

    def on_response(self, transaction: "Transaction", response: Response) -> None: ...

    def on_no_answer(self, transaction: "Transaction", status: int) -> None:
        """Client: nobody answered (408) or the peer is unreachable (503). Server: nobody acknowledged (408)."""
        ...


class Transaction:
    """One request and its answers, on either side. `step` and `expire` say what is to be done; the caller does it."""

    __slots__ = (
        "_interval",
        "_resend_at",
        "_table",
        "_timers",
        "ack",
        "ends_at",
        "key",
        "merge_key",
        "octets",
        "peer",
        "scheduled_at",
        "state",
        "user",
    )

    def __init__(
        self, table: Table, *, key: tuple[object, ...], peer: Source, timers: Timers, octets: bytes = b""
    ) -> None:
        self._table = table
        self._timers = timers
        self._interval = 0.0
        self._resend_at = inf
        self.key = key
        self.merge_key: tuple[object, ...] = ()
        """Under which the layer finds requests that came on two ways."""
        self.peer = peer
        self.octets = octets
        """What `Do.SEND` sends: the request of a client, the last answer of a server."""
        self.ack = b""
        """What `Do.ACKNOWLEDGE` sends."""
        self.user: TransactionUser | None = None
        self.state = _FIRST_STATE.get(id(table), State.TRYING)
        self.ends_at = inf
        self.scheduled_at = inf
        """When the keeper of the deadlines looks at it next."""

    @property
    def deadline(self) -> float:
        """When `expire` wants to be called; `inf` for never."""
        return self._resend_at if self._resend_at < self.ends_at else self.ends_at

    @property
    def is_client(self) -> bool:
        return self._table is INVITE_CLIENT or self._table is CLIENT

    def step(self, what: Input, now: float) -> tuple[Do, ...]:
        """Follow the rule for `what`; nothing happens where the state has none."""
        rule = self._table.get(self.state, _NOTHING).get(what)
        if rule is None:
            return ()
        self.state = rule.state
        if rule.resend is not Resend.KEEP:
            self._set_resend(rule.resend, now)
        if rule.lifetime is not Lifetime.KEEP:
            self._set_lifetime(rule.lifetime, now)
        return rule.do

    def expire(self, now: float) -> tuple[Do, ...]:
        """Follow the rule of the timer that is due at `now`, if one is."""
        if self.ends_at <= now:
            self._resend_at = self.ends_at = inf
            return self.step(Input.LIFETIME_TIMER, now)
        if self._resend_at <= now:
            self._interval = self._next_interval()
            self._resend_at = now + self._interval
            return self.step(Input.RESEND_TIMER, now)
        return ()

    def _next_interval(self) -> float:
        # Timer A doubles without an end (17.1.1.2), all others up to T2.
        doubled = 2 * self._interval
        return doubled if self._table is INVITE_CLIENT else min(doubled, self._timers.t2)

    def _set_resend(self, resend: Resend, now: float) -> None:
        if resend is Resend.STOP:
            self._resend_at = inf
        elif resend is Resend.SLOW:
            self._interval = self._timers.t2
        elif resend is Resend.START_ANYWAY or not self.peer.is_reliable:
            self._interval = self._timers.t1
            self._resend_at = now + self._interval

    def _set_lifetime(self, lifetime: Lifetime, now: float) -> None:
        if lifetime is Lifetime.ENDLESS:
            self.ends_at = inf
        elif lifetime is Lifetime.TRANSACTION:
            self.ends_at = now + self._timers.transaction
        elif self.peer.is_reliable:
            self.ends_at = now
        else:
            self.ends_at = now + (self._timers.t4 if lifetime is Lifetime.ABSORB_SHORT else self._timers.transaction)
