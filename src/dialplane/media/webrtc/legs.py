"""The WebRTC legs of the media process: their edges, and the orders that are about those."""

import socket
import time
from collections.abc import Callable
from typing import assert_never

import structlog

from dialplane.media import frames, protocol
from dialplane.media.leg import Leg
from dialplane.media.ports import PortPair
from dialplane.media.webrtc.certificate import own_certificate
from dialplane.media.webrtc.edge import Edge

SecureOrder = protocol.AwaitChecks | protocol.ConnectSecurely

log = structlog.get_logger()


class SecureLegs:
    """By leg id. An ordinary leg is none of them, and nothing here is called for it."""

    def __init__(self) -> None:
        self._edges: dict[int, Edge] = {}

    def make_edge(self, leg_id: int, pair: PortPair, report: Callable[[frames.Message], None]) -> Edge:
        """An edge between the network at `pair` and a leg that is to be made."""

        def fail(reason: str) -> None:
            log.warning("webrtc_failed", leg=leg_id, reason=reason)
            report(protocol.SecurityFailed(leg_id, reason))

        edge = self._edges[leg_id] = Edge(pair.rtp, fail)
        return edge

    def attach(self, edge: Edge, leg: Leg) -> None:
        """Let the leg know of RTCP, which comes on the port of the audio."""
        edge.on_rtcp = lambda: leg.receive_rtcp(time.monotonic())

    def opened(self, request: int, leg_id: int, host: str, port: int) -> protocol.SecureOpened:
        return protocol.SecureOpened(request, leg_id, host, port, own_certificate().fingerprint)

    def carry_out(self, leg: Leg, order: SecureOrder, now: float) -> None:
        """Nothing where the leg is an ordinary one."""
        edge = self._edges.get(leg.leg_id)
        if edge is None:
            return
        match order:
            case protocol.AwaitChecks(_, ours):
                edge.await_checks(ours)
            case protocol.ConnectSecurely(_, remote, party):
                edge.expect(party, remote)
                leg.connect(edge.as_leg_sees(remote), now)
            case _:
                assert_never(order)

    def repeat(self) -> None:
        """To be called about every tenth of a second."""
        for edge in self._edges.values():
            edge.repeat()

    def close(self, leg_id: int) -> None:
        """Before the leg's ports are given back. Safe for any leg."""
        edge = self._edges.pop(leg_id, None)
        if edge is not None:
            edge.close()


def drain(unused: socket.socket) -> None:
    """Throw away what strangers send to a port that nobody was told of."""
    try:
        unused.recv(1)
    except OSError:
        return
