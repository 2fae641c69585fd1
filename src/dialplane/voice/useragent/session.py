"""Session timers (RFC 4028): a peer that went away without a word is noticed by its missing refreshes (SIP-16).

Where a caller asks for a timer, we agree to its interval and to who refreshes, the caller by default. We ask for one
where somebody said so, and offer to refresh.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import parse_number, parse_parameters
from dialplane.sip.message import Request, Response
from dialplane.voice.useragent.station import Station

SHORTEST_S = 90
"""The least that RFC 4028 allows (section 5): more would cost more than the call."""
LONGEST_S = 86_400
GRACE_S = 32


class SessionTooBrief(SipParseError):
    """The interval asked for is under `SHORTEST_S`: 422 with Min-SE."""

    status: ClassVar[int] = 422
    reason: ClassVar[str] = "Session Interval Too Small"


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

    def request_fields(self) -> list[tuple[str, str]]:
        """Of a refresh of ours."""
        return [("Supported", "timer"), ("Session-Expires", f"{self.interval_s};refresher=uac")]

    def fields(self) -> list[tuple[str, str]]:
        """What our 2xx says of it; the caller must keep to it only where it refreshes (section 9)."""
        expires = ("Session-Expires", f"{self.interval_s};refresher={'uas' if self.is_ours else 'uac'}")
        return [expires] if self.is_ours else [expires, ("Require", "timer")]


def terms_of(request: Request) -> SessionTerms | None:
    """The terms that `request` asks for, None where it does not. Raises SipParseError, SessionTooBrief."""
    value = request.headers.first.get("Session-Expires")
    if value is None:
        return None
    seconds, wished = _read(value)
    interval_s = min(seconds, LONGEST_S)
    if interval_s < SHORTEST_S:
        raise SessionTooBrief("session interval too small")
    supported = [*request.headers.option_tags("Supported"), *request.headers.option_tags("Require")]
    # A proxy may ask for a timer that the caller knows nothing of; then only we can refresh.
    return SessionTerms(interval_s, is_ours=wished == "uas" or "timer" not in supported)


def session_fields(interval_s: int, *, shortest_s: int = SHORTEST_S) -> list[tuple[str, str]]:
    """What our INVITE asks for (section 7.1); `shortest_s` is the least that anybody on the way has asked for."""
    return [("Supported", "timer"), ("Session-Expires", str(interval_s)), ("Min-SE", str(shortest_s))]


def agreed_terms(response: Response) -> SessionTerms | None:
    """What the 2xx to a request of ours says (section 7.2); None where the peer keeps no timer."""
    try:
        interval_s, refresher = _read(response.headers.get("Session-Expires") or "")
    except SipParseError:
        return None
    return SessionTerms(min(interval_s, LONGEST_S), is_ours=refresher != "uas")


def min_se_of(message: Request | Response) -> int:
    """The shortest interval that a request or a 422 allows; 0 where it says none that we take."""
    try:
        wanted_s, _ = _read(message.headers.get("Min-SE") or "")
    except SipParseError:
        return 0
    return wanted_s if SHORTEST_S <= wanted_s <= LONGEST_S else 0


def _read(value: str) -> tuple[int, str]:
    seconds, semicolon, rest = value.partition(";")
    refresher = parse_parameters(semicolon + rest).get("refresher") or ""
    return parse_number(seconds.strip(" \t"), 2**31), refresher.lower()


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
