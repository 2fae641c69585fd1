"""The proxies that may stand between this node and the world (`DIALPLANE_EDGES`).

An edge says in a header field from where a request came to it, and takes that field off what others send; so the field
is believed of the edges' own addresses and of nobody else. What we send goes through an edge, too: a loose Route
(RFC 3261 section 16.12) with the parameter `received`, as RFC 3327 proxies write it into Path, says where to.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

from dialplane.sip.errors import SipParseError
from dialplane.sip.grammar import split_values
from dialplane.sip.message import Request
from dialplane.sip.transaction_peer import Source, Wire
from dialplane.sip.uri import SipUri
from dialplane.sip.values import NameAddress

SOURCE = "X-Dialplane-Source"
"""`udp:192.0.2.7:5060`, `tls:[2001:db8::7]:40122`."""
GIVEN_UP_S = 1.5
"""An edge that has heard nothing of an INVITE for two seconds gives it to another node (`faces/cli/edge_files.py`).
What we have said nothing of for so long is left to that one: two nodes must not answer one INVITE."""
MAX_PATH = 1_024
"""Octets of a Path that is kept with a registration."""
_WIRES: dict[str, Wire] = {"udp": "udp", "tcp": "tcp", "tls": "tls", "ws": "ws", "wss": "ws"}


class WayOut(NamedTuple):
    """Where a request goes first, and the Route fields that lead it on."""

    hop: Source
    routes: tuple[str, ...]


class Edges:
    """Those of one node; none where it faces the world itself."""

    def __init__(self, places: Sequence[Source] = ()) -> None:
        """`places`: where each listens for us, the one that takes our calls first."""
        self._places = tuple(places)
        self.hosts = frozenset(place.host for place in places)

    def find_sender(self, request: Request, hop: Source) -> Source:
        """Who sent a request that an edge handed to us. Raises SipParseError for a field that no edge writes."""
        text = request.headers.get(SOURCE)
        if text is None:
            return hop  # the edge itself asks
        request.headers.remove(SOURCE)
        wire, _, place = text.strip().partition(":")
        host, _, port = place.rpartition(":")
        try:
            address = ip_address(host.strip("[]"))
        except ValueError:
            raise SipParseError("source malformed") from None
        if wire.lower() not in _WIRES or not port.isascii() or not port.isdecimal() or int(port) > 65535:
            raise SipParseError("source malformed")
        return Source(str(address), int(port), _WIRES[wire.lower()])

    def way_to(self, peer: Source, path: str) -> WayOut:
        """How a request reaches `peer`; `path` is that of its registration, "" without one."""
        if path:
            return WayOut(self._first_hop(path), tuple(split_values(path)))
        if not self._places or _is_loopback(peer.host):
            return WayOut(peer, ())
        return WayOut(self._places[0], (_route(self._places[0], peer),))

    def path_of(self, request: Request, sender: Source, hop: Source) -> str:
        """How phones that register by an edge are reached: the Path that the edge wrote (RFC 3327), or ours for it.

        Empty for who registers here directly: nobody else's Path is believed (CVE-16).
        """
        if hop == sender or hop.host not in self.hosts:
            return ""
        given = ", ".join(request.headers.split_values("Path"))
        return given if 0 < len(given) <= MAX_PATH and self._leads_to_edge(given) else _route(hop, sender)

    def _leads_to_edge(self, path: str) -> bool:
        try:
            return SipUri.parse(NameAddress.parse(split_values(path)[0]).uri).host.strip("[]") in self.hosts
        except SipParseError:
            return False

    def _first_hop(self, path: str) -> Source:
        uri = SipUri.parse(NameAddress.parse(split_values(path)[0]).uri)
        return Source(uri.host.strip("[]"), uri.port or 5060, "tcp" if uri.transport == "tcp" else "udp")


def _route(edge: Source, peer: Source) -> str:
    """A Route by `edge` to `peer`. The `;` of the inner URI is escaped, or it would end the parameter."""
    return f"<sip:{_shown(edge)};lr;received=sip:{_shown(peer)}%3Btransport%3D{peer.transport}>"


def _shown(place: Source) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{host}:{place.port}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
