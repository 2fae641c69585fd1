"""Webhook endpoints and deliveries in the native JSON form."""

from dialplane.domain.eventing.webhooks import Delivery, DeliveryStatus, Endpoint
from dialplane.services.shapes.common import show_id, show_time


def endpoint_shape(endpoint: Endpoint) -> dict[str, object]:
    return {
        "id": show_id(endpoint.id),
        "customer_id": show_id(endpoint.account_id),
        "kind": endpoint.kind.value,
        "name": endpoint.name,
        "url": endpoint.url,
        "method": endpoint.method,
        "event_types": list(endpoint.event_types),
        "secret": endpoint.secret,
        "previous_secret_until": show_time(endpoint.previous_secret_until),
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "failures_in_a_row": endpoint.failures_in_a_row,
        "paused_until": show_time(endpoint.open_until),
        "tm_create": show_time(endpoint.created_at),
        "tm_update": show_time(endpoint.updated_at),
        "tm_delete": show_time(endpoint.deleted_at),
    }


def delivery_shape(delivery: Delivery) -> dict[str, object]:
    is_open = delivery.status in (DeliveryStatus.PENDING, DeliveryStatus.SENDING)
    return {
        "id": show_id(delivery.id),
        "customer_id": show_id(delivery.account_id),
        "webhook_endpoint_id": show_id(delivery.endpoint_id),
        "event_id": show_id(delivery.event_id),
        "event_type": delivery.event_type,
        "url": delivery.url,
        "status": delivery.status.value,
        "replay_of": show_id(delivery.replay_of),
        "attempt_count": delivery.attempt_count,
        "attempts": [
            {
                "attempt": attempt.number,
                "status": attempt.http_status,
                "error": attempt.error,
                "duration_ms": attempt.duration_ms,
                "response": attempt.response_head,
                "tm_attempt": show_time(attempt.started_at),
            }
            for attempt in delivery.attempts
        ],
        "tm_next_attempt": show_time(delivery.due_at) if is_open else None,
        "tm_create": show_time(delivery.created_at),
        "tm_finish": show_time(delivery.finished_at),
    }
