"""The figures of voice, media and worker in the words of Prometheus. Labels are of closed lists."""

from collections.abc import Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from dialplane.bootstrap.monitor import histogram
from dialplane.domain.errors import Unavailable
from dialplane.media.client import MediaClient
from dialplane.media.protocol import Stats
from dialplane.voice.figures import NodeFigures
from dialplane.worker.figures import WorkerFigures

_REFUSED = "refused "
STORE_SILENT_S = 5.0
"""A node whose sign of life the store has not taken for so long is without it."""


def voice_metrics(figures: NodeFigures) -> Iterable[Metric]:
    calls = figures.calls
    yield GaugeMetricFamily("dialplane_calls_active", "Legs that this node carries now", figures.live())
    ended = CounterMetricFamily("dialplane_calls", "Legs that are over", labels=["direction", "reason"])
    for (direction, reason), count in calls.ended.items():
        ended.add_metric([direction, reason], count)
    yield ended
    yield histogram("dialplane_call_seconds", "How long answered legs lasted", calls.talk)
    refused = CounterMetricFamily("dialplane_sip_refused", "Requests answered with a refusal", labels=["status"])
    events = CounterMetricFamily(
        "dialplane_sip_events",
        "What was dropped, repeated, could not be read or was defended against",
        labels=["event"],
    )
    for name, count in figures.counters.items():
        if name.startswith(_REFUSED):
            refused.add_metric([name.removeprefix(_REFUSED)], count)
        else:
            events.add_metric([name.replace(" ", "_").replace(":", "")], count)
    yield refused
    yield events
    yield GaugeMetricFamily("dialplane_journal_waiting", "Changes of calls not yet in the store", figures.unwritten())
    yield GaugeMetricFamily("dialplane_draining", "1: takes no new calls", float(figures.is_draining()))
    yield GaugeMetricFamily(
        "dialplane_store_silent_seconds", "Since the store last took this node's sign of life", figures.store_silent_s()
    )


async def media_metrics(media: MediaClient) -> Iterable[Metric]:
    """Of the media process beside a voice node, which asks it."""
    try:
        stats = await media.stats()
    except Unavailable:
        return [_media_up(0)]
    return [_media_up(1), *_of_media(stats)]


def _media_up(is_up: int) -> Metric:
    return GaugeMetricFamily("dialplane_media_up", "Whether the media process answers", is_up)


def _of_media(stats: Stats) -> Iterable[Metric]:
    yield GaugeMetricFamily("dialplane_media_legs_active", "RTP legs that are open", stats.legs)
    yield GaugeMetricFamily("dialplane_media_rooms_active", "Rooms that are mixed", stats.rooms)
    yield GaugeMetricFamily("dialplane_media_ports_free", "Pairs of UDP ports that are free", stats.ports_free)
    packets = CounterMetricFamily("dialplane_media_packets", "RTP packets", labels=["direction"])
    packets.add_metric(["sent"], stats.packets_sent)
    packets.add_metric(["received"], stats.packets_received)
    yield packets
    yield CounterMetricFamily("dialplane_media_turns", "Turns of 20 ms", stats.ticks)
    yield CounterMetricFamily(
        "dialplane_media_turns_late", "Turns that ended over 10 ms after their time", stats.ticks_late
    )
    yield GaugeMetricFamily(
        "dialplane_media_worst_lateness_seconds", "Of a turn, since the start", stats.worst_lateness_ms / 1_000
    )
    yield CounterMetricFamily("dialplane_media_failures", "Faults of ours that ended a leg", stats.failures)


def voice_dependencies(figures: NodeFigures, media: MediaClient) -> Mapping[str, str]:
    silent_s = figures.store_silent_s()
    return {
        "database": "ok" if silent_s < STORE_SILENT_S else f"has not answered for {silent_s:.0f} s",
        "media": "ok" if media.is_connected else "the media process does not answer",
        "calls": "draining" if figures.is_draining() else "ok",
    }


def worker_metrics(figures: WorkerFigures, failed_duties: Mapping[str, int]) -> Iterable[Metric]:
    attempts = CounterMetricFamily("dialplane_webhook_attempts", "Webhooks sent, by what came of it", labels=["result"])
    for result in ("succeeded", "failed"):
        attempts.add_metric([result], figures.deliveries[result])
    yield attempts
    yield histogram("dialplane_webhook_attempt_seconds", "How long an attempt took", figures.delivery)
    failed = CounterMetricFamily("dialplane_duty_failures", "Steps of duties that failed", labels=["duty"])
    for duty, count in failed_duties.items():
        failed.add_metric([duty], count)
    yield failed
