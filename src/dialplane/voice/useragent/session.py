"""Session timers (RFC 4028): a peer that went away without a word is noticed by its missing refreshes (SIP-16).

We never ask for a timer; where a caller does, we agree to its interval and to who refreshes, the caller by default.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import parse_number, parse_parameters
from dialplane.sip.message import Request
from dialplane.voice.useragent.station import Station

SHORTEST_S = 90
"""The least that RFC 4028 allows (section 5): more would cost more than the call."""
LONGEST_S = 86_400
GRACE_S = 32


class SessionTooBrief(SipParseError):
    """The interval asked for is under `SHORTEST_S`: 422 with Min-SE."""

    status = 422
    reason = "Session Interval Too Small"


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """What caller and callee agreed on."""

    interval_s: int
    is_ours: bool
    """We refresh; else the caller does."""

    @property
    def wait_s(self) -> float:
        """Until we refresh (half the interval), or until we give the caller up (section 10)."""
        return self.interval_s / 2 if self.is_ours else self.interval_s - min(GRACE_S, self.interval_s / 3)

    def fields(self) -> list[tuple[str, str]]:
        """What our 2xx says of it; the caller must keep to it only where it refreshes (section 9)."""
        expires = ("Session-Expires", f"{self.interval_s};refresher={'uas' if self.is_ours else 'uac'}")
        return [expires] if self.is_ours else [expires, ("Require", "timer")]


def terms_of(request: Request) -> SessionTerms | None:
    """The terms that `request` asks for, None where it does not. Raises SipParseError, SessionTooBrief."""
    value = request.headers.get("Session-Expires")
    if value is None:
        return None
    seconds, semicolon, rest = value.partition(";")
    interval_s = min(parse_number(seconds.strip(" \t"), 2**31), LONGEST_S)
    if interval_s < SHORTEST_S:
        raise SessionTooBrief("session interval too small")
    wished = (parse_parameters(semicolon + rest).get("refresher") or "uac").lower()
    supported = [*request.headers.split_values("Supported"), *request.headers.split_values("Require")]
    # A proxy may ask for a timer that the caller knows nothing of; then only we can refresh.
    return SessionTerms(interval_s, is_ours=wished == "uas" or "timer" not in supported)


class SessionTimer:
    """The running timer of one call; `due` is called when its terms say so, again and again until `stop`."""

    def __init__(self, station: Station, terms: SessionTerms, due: Callable[[], None]) -> None:
        self.terms = terms
        self._station = station
        self._due = due
        self._handle = station.later(terms.wait_s, self._ring)

    def restart(self) -> None:
        """The session was refreshed."""
        self._handle.cancel()
        self._handle = self._station.later(self.terms.wait_s, self._ring)

    def stop(self) -> None:
        self._handle.cancel()

    def _ring(self) -> None:
        self.restart()
        self._due()
