"""Health of endpoints, replays and signature views in the native JSON form."""

from dialplane.domain.eventing.replays import Replay
from dialplane.services.eventing.signature_views import SignatureView
from dialplane.services.eventing.webhook_log import Health
from dialplane.services.shapes.common import show_id, show_time


def health_shape(health: Health) -> dict[str, object]:
    endpoint, facts = health.endpoint, health.facts
    return {
        "webhook_endpoint_id": show_id(endpoint.id),
        "state": health.state.value,
        "failures_in_a_row": endpoint.failures_in_a_row,
        "failing_since": show_time(facts.failing_since),
        "last_success": show_time(facts.last_success_at),
        "last_error": facts.last_error,
        "paused_until": show_time(endpoint.open_until),
        "attempts": facts.attempts,
        "failed_attempts": facts.failed,
        "p50_ms": facts.p50_ms,
        "p99_ms": facts.p99_ms,
        "waiting": facts.waiting,
        "waiting_since": show_time(facts.oldest_waiting_at),
    }


def replay_shape(replay: Replay) -> dict[str, object]:
    wanted = replay.wanted
    return {
        "id": show_id(replay.id),
        "customer_id": show_id(replay.account_id),
        "state": replay.state.value,
        "webhook_endpoint_id": show_id(wanted.endpoint_id),
        "status": wanted.status.value if wanted.status else "",
        "event_type": wanted.event_type,
        "tm_from": show_time(wanted.created_from),
        "tm_until": show_time(wanted.created_until),
        "total": replay.total,
        "replayed": replay.replayed,
        "skipped": replay.skipped,
        "tm_create": show_time(replay.created_at),
        "tm_finish": show_time(replay.finished_at),
    }


def signature_shape(found: SignatureView) -> dict[str, object]:
    return {
        "scheme": found.view.scheme,
        "is_valid": found.view.is_valid,
        "webhook_delivery_id": show_id(found.delivery_id),
        "webhook_endpoint_id": show_id(found.endpoint_id),
        "findings": [
            {
                "part": finding.part,
                "verdict": finding.verdict.value,
                "says": finding.says,
                "advice": finding.advice,
            }
            for finding in found.view.findings
        ],
    }
