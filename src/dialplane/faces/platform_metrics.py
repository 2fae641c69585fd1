"""The whole platform's figures in the words of Prometheus, as the rows tell them at the moment of a scrape.

Every API process shows the same ones: add none of them up over processes.
"""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from dialplane import __version__
from dialplane.domain.operating.status import DatabaseFacts, NodeStatus, SystemStatus


def render(status: SystemStatus | None, now: datetime) -> bytes:
    """The text; without `status` the database does not answer, and that is all there is to say."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Platform(status, now))
    return generate_latest(registry)


class _Platform:
    def __init__(self, status: SystemStatus | None, now: datetime) -> None:
        self._status = status
        self._now = now

    def collect(self) -> Iterable[Metric]:
        yield _build_info()
        yield GaugeMetricFamily(
            "dialplane_database_up", "Whether the database answers", float(self._status is not None)
        )
        if self._status is not None:
            yield from _of_nodes(self._status.nodes, self._now)
            yield from _of_work(self._status, self._now)
            yield from _of_database(self._status.database)


def _build_info() -> Metric:
    family = GaugeMetricFamily(
        "dialplane_build_info", "Always 1; which version runs as what", labels=["version", "role"]
    )
    family.add_metric([__version__, "api"], 1)
    return family


def _of_nodes(nodes: Iterable[NodeStatus], now: datetime) -> Iterable[Metric]:
    up = GaugeMetricFamily("dialplane_node_up", "1: the voice node has given a sign of life", labels=["node"])
    draining = GaugeMetricFamily("dialplane_node_draining", "1: the voice node takes no new calls", labels=["node"])
    calls = GaugeMetricFamily("dialplane_node_calls_active", "Legs that are open by the rows", labels=["node"])
    for node in nodes:
        up.add_metric([node.name], float(node.is_alive(now)))
        draining.add_metric([node.name], float(node.draining))
        calls.add_metric([node.name], node.live_calls)
    yield from (up, draining, calls)


def _of_work(status: SystemStatus, now: datetime) -> Iterable[Metric]:
    yield GaugeMetricFamily("dialplane_workers_connected", "Workers with a line to the database", len(status.workers))
    waiting = GaugeMetricFamily("dialplane_queue_waiting", "Rows that wait for somebody", labels=["queue"])
    due = GaugeMetricFamily("dialplane_queue_due", "Rows that could be taken now", labels=["queue"])
    delay = GaugeMetricFamily("dialplane_queue_delay_seconds", "Since the first row could be taken", labels=["queue"])
    for queue in status.queues:
        waiting.add_metric([label(queue.name)], queue.waiting)
        due.add_metric([label(queue.name)], queue.due)
        delay.add_metric([label(queue.name)], queue.delay(now).total_seconds())
    yield from (waiting, due, delay)
    arrived = GaugeMetricFamily("dialplane_last_minute", "What began in the last minute", labels=["kind"])
    for flow in status.flows:
        arrived.add_metric([label(flow.name)], flow.in_a_minute)
    yield arrived


def _of_database(database: DatabaseFacts) -> Iterable[Metric]:
    yield GaugeMetricFamily("dialplane_database_size_bytes", "The whole database on disk", database.size_bytes)
    yield GaugeMetricFamily("dialplane_database_connections", "Connections to it", database.connections)
    yield GaugeMetricFamily(
        "dialplane_database_connections_max", "Connections that the server allows", database.most_connections
    )
    yield GaugeMetricFamily(
        "dialplane_database_longest_transaction_seconds", "Age of the oldest one", database.longest_transaction_s
    )


def label(name: str) -> str:
    """`Webhook deliveries` as a label's value."""
    return name.lower().replace(" ", "_").replace("-", "")
