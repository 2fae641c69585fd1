"""The adapted legs of the media process: their edges, by the order that makes them so."""

from dialplane.media import protocol
from dialplane.media.adapted.edge import PartyEdge
from dialplane.media.connection import Connection
from dialplane.media.leg import Leg


class AdaptedLegs:
    """By leg id. An ordinary leg is none of them, and nothing here is called for it."""

    def __init__(self) -> None:
        self._edges: dict[int, PartyEdge] = {}

    def carry_out(self, leg: Leg, order: protocol.ConnectAdapted, connection: Connection, now: float) -> None:
        edge = self._edges.get(leg.leg_id)
        if edge is None:
            _, pair = connection.legs[leg.leg_id]
            edge = self._edges[leg.leg_id] = PartyEdge(pair.rtp, pair.rtcp)
            leg.go_through(edge)
        edge.expect(order.remote, order.event_clock_hz, order.keys)
        leg.connect(edge.as_leg_sees(order.remote), now)

    def close(self, leg_id: int) -> None:
        """Safe for any leg."""
        self._edges.pop(leg_id, None)
