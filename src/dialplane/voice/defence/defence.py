"""The node's defence as a whole: who is known, what is counted, what is told."""

from collections import Counter
from collections.abc import Callable
from itertools import islice

from dialplane.domain.calling.defence import MAX_SHOWN, DefenceReport
from dialplane.voice.defence.admission_rate import AdmissionRate
from dialplane.voice.defence.guesses import Guesses
from dialplane.voice.defence.strangers import Strangers

KNOWN_S = 3_600.0
"""How long somebody is known who proved who he is, or whom we called: the longest registration."""
MAX_KNOWN = 50_000


class Defence:
    """Asked before anything is read (`may_send`), before a password is tried, and before a call begins."""

    def __init__(
        self, rate: AdmissionRate, now: Callable[[], float], *, is_trunk: Callable[[str], bool], counters: Counter[str]
    ) -> None:
        """`now` gives the loop's seconds; `counters` are the user agent's, by reason."""
        self._rate = rate
        self._now = now
        self._is_trunk = is_trunk
        self._counters = counters
        self._strangers = Strangers()
        self._guesses = Guesses()
        self._known: dict[str, float] = {}
        """When each address was last known to be no stranger's; the oldest first."""

    def may_send(self, host: str) -> bool:
        """Whether to read what this address sent (DOS-2)."""
        now = self._now()
        is_known = now - self._known.get(host, now - KNOWN_S) < KNOWN_S or self._is_trunk(host)
        return self._strangers.may_send(host, now, is_known=is_known)

    def may_begin_call(self) -> bool:
        """Whether the node takes one more call now (DOS-4)."""
        if self._rate.take(self._now()):
            return True
        self._counters["overload"] += 1
        return False

    def knows(self, host: str) -> None:
        """We ask something of this address: it is no stranger, and its answers must be heard."""
        if host in self._known:
            del self._known[host]
        elif len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[host] = self._now()

    def may_try(self, user: str, host: str) -> bool:
        """Whether a password for `user` (`name@domain`) is looked at (REG-2)."""
        if self._guesses.may_try(user, host, self._now()):
            return True
        self._counters["guessing"] += 1
        return False

    def wrong_password(self, user: str, host: str) -> bool:
        """Gives whether this one locked the user."""
        self._counters["wrong_password"] += 1
        return self._guesses.wrong(user, host, self._now())

    def right_password(self, user: str, host: str) -> None:
        self._guesses.right(user, host, self._now())
        self._strangers.forgive(host)
        self.knows(host)

    def report(self) -> DefenceReport:
        now = self._now()
        users, addresses = self._guesses.locked(now)
        banned = islice(self._strangers.banned(now).items(), MAX_SHOWN)
        return DefenceReport(
            banned={place: round(seconds) for place, seconds in banned},
            locked_users=tuple(users[:MAX_SHOWN]),
            locked_addresses=tuple(addresses[:MAX_SHOWN]),
            counters=dict(self._counters),
        )
