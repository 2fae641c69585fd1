"""The legs of the media process: opened with their ports, owned by a client, looked after in turn, closed."""

import structlog

from dialplane.media import protocol
from dialplane.media.adapted.legs import AdaptedLegs
from dialplane.media.connection import Connection
from dialplane.media.descriptors import Descriptors
from dialplane.media.leg import Leg
from dialplane.media.ports import NoPortError, PortPair, PortPool
from dialplane.media.steady import SteadyStreams
from dialplane.media.ticker import Ticker
from dialplane.media.webrtc.legs import SecureLegs, drain

UPKEEP_TURNS = 50
"""Each leg is looked after once in so many upkeeps, that is once a second."""

log = structlog.get_logger()


class Legs:
    """All that are open."""

    def __init__(
        self, pool: PortPool, descriptors: Descriptors, ticker: Ticker[Leg], steady: SteadyStreams[Leg]
    ) -> None:
        self.secure = SecureLegs()
        self.adapted = AdaptedLegs()
        self._pool = pool
        self._descriptors = descriptors
        self._ticker = ticker
        self._steady = steady
        self._last_leg = 0
        self._looked_after: list[dict[Leg, None]] = [{} for _ in range(UPKEEP_TURNS)]
        """All legs, by the upkeep in which each has its turn."""
        self._counts_before = [0, 0]
        """Packets sent and received by legs that are closed."""

    def __len__(self) -> int:
        return sum(map(len, self._looked_after))

    @property
    def ports_free(self) -> int:
        return self._pool.free

    def packets(self) -> tuple[int, int]:
        """Sent and received, since the process began."""
        counters = [leg.counters() for turn in self._looked_after for leg in turn]
        return (
            self._counts_before[0] + sum(each.packets_sent for each in counters),
            self._counts_before[1] + sum(each.packets_received for each in counters),
        )

    def of_turn(self, turn: int) -> list[Leg]:
        """Those that are looked after in this upkeep."""
        return list(self._looked_after[turn])

    def open(self, connection: Connection, request: int) -> None:
        pair = self._take_ports(connection, request)
        if pair is None:
            return
        leg = Leg(self._last_leg, pair, report=connection.report, ticker=self._ticker, steady=self._steady)
        self._own(connection, leg, pair)
        self._descriptors.watch(pair.rtcp.fileno(), leg.receive_rtcp, (connection, leg.leg_id))
        connection.report(protocol.Opened(request, leg.leg_id, self._pool.host, pair.port))

    def open_secure(self, connection: Connection, request: int) -> None:
        pair = self._take_ports(connection, request)
        if pair is None:
            return
        edge = self.secure.make_edge(self._last_leg, pair, connection.report)
        leg = Leg(self._last_leg, edge, report=connection.report, ticker=self._ticker, steady=self._steady)
        self.secure.attach(edge, leg)
        self._own(connection, leg, pair)
        self._descriptors.watch(pair.rtcp.fileno(), lambda _: drain(pair.rtcp), (connection, leg.leg_id))
        connection.report(self.secure.opened(request, leg.leg_id, self._pool.host, pair.port))

    def _take_ports(self, connection: Connection, request: int) -> PortPair | None:
        """Ports for the next leg, whose number is `_last_leg` then; None where the order was refused."""
        try:
            pair = self._pool.take()
        except NoPortError as refused:
            connection.report(protocol.OpenRefused(request, str(refused)))
            return None
        self._last_leg += 1
        return pair

    def _own(self, connection: Connection, leg: Leg, pair: PortPair) -> None:
        connection.legs[leg.leg_id] = (leg, pair)
        self._looked_after[leg.leg_id % UPKEEP_TURNS][leg] = None
        self._descriptors.watch(pair.rtp.fileno(), leg.receive, (connection, leg.leg_id))

    def close(self, connection: Connection, leg_id: int, request: int, now: float) -> None:
        """Nothing where it is gone already."""
        owned = connection.legs.pop(leg_id, None)
        if owned is None:
            return
        leg, pair = owned
        del self._looked_after[leg_id % UPKEEP_TURNS][leg]
        self._descriptors.unwatch(pair.rtp.fileno())
        self._descriptors.unwatch(pair.rtcp.fileno())
        try:
            counters = leg.close(now)
        except Exception:
            log.exception("media_close_failed", leg=leg_id)
            counters = leg.counters()
        self.secure.close(leg_id)
        self.adapted.close(leg_id)
        self._pool.give_back(pair)
        self._counts_before[0] += counters.packets_sent
        self._counts_before[1] += counters.packets_received
        connection.report(protocol.Closed(leg_id, request, counters))
