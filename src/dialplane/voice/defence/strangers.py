"""Addresses that send more than a stranger may are not listened to for a while (DOS-2).

The rule is that of Kamailio's `pike`: more than 30 messages in 2 seconds. It is asked before a message is read, since
reading is what a flood makes costly. What is remembered is bounded: whoever sends from ever new addresses pushes out
the oldest ones, and each of them starts with a clean sheet.
"""

import ipaddress
from collections.abc import Mapping

WINDOW_S = 2.0
BAN_S = 60.0
STRANGERS_MESSAGES = 30
KNOWN_MESSAGES = 20_000
"""In a window: 2,000 calls a second of a known peer. What is beyond it is dropped until the window ends; a known peer
is never shut out."""
MAX_REMEMBERED = 20_000
"""Addresses in each table."""
_V6_NETWORK = 64
"""Bits that a subscriber of IPv6 cannot choose."""


class Strangers:
    """Counts messages by address. Times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[float, int]] = {}
        """When each address began its window, and what it has sent in it; the oldest beginning first."""
        self._banned: dict[str, float] = {}
        """Until when."""

    def may_send(self, host: str, now: float, *, is_known: bool) -> bool:
        """Whether to read one more message of this address, which is counted by the question."""
        place = host if is_known or ":" not in host else network_of(host)
        until = None if is_known else self._banned.get(place)
        if until is not None:
            if now < until:
                return False
            del self._banned[place]
        began, count = self._windows.get(place, (now, 0))
        if now - began >= WINDOW_S:
            began, count = now, 0
        if not count:
            self._make_room(place)
        self._windows[place] = began, count + 1
        if count < (KNOWN_MESSAGES if is_known else STRANGERS_MESSAGES):
            return True
        if not is_known:
            self._ban(place, now)
        return False

    def forgive(self, host: str) -> None:
        """The address has proved who it is: what it sent before is forgotten."""
        for place in (host, network_of(host)):
            self._banned.pop(place, None)
            self._windows.pop(place, None)

    def banned(self, now: float) -> Mapping[str, float]:
        """The addresses (networks of IPv6) that are not listened to, and for how many seconds more."""
        return {place: until - now for place, until in self._banned.items() if until > now}

    def _make_room(self, place: str) -> None:
        # A new window goes to the end of the table, so that the one that began first is at its front.
        self._windows.pop(place, None)
        if len(self._windows) >= MAX_REMEMBERED:
            del self._windows[next(iter(self._windows))]

    def _ban(self, place: str, now: float) -> None:
        del self._windows[place]
        if len(self._banned) >= MAX_REMEMBERED:
            del self._banned[next(iter(self._banned))]
        self._banned[place] = now + BAN_S


def network_of(host: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 of an IPv6 one; a text that is neither, as it is."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _V6_NETWORK), strict=False))
