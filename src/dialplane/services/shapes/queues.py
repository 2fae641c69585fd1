"""A queue and a stay in one in the native JSON form (VoIPBIN reference section 6.3)."""

from collections.abc import Sequence
from datetime import datetime

from dialplane.domain.rooms.queues import Queue, Queuecall, QueuecallStatus
from dialplane.services.shapes.common import show_id, show_time


def queue_shape(queue: Queue, live: Sequence[Queuecall] = ()) -> dict[str, object]:
    return {
        "id": show_id(queue.id),
        "customer_id": show_id(queue.account_id),
        "name": queue.name,
        "detail": queue.detail,
        "routing_method": queue.routing_method,
        "tag_ids": [show_id(each) for each in queue.tag_ids],
        "wait_flow_id": show_id(queue.wait_flow_id),
        "wait_timeout": queue.wait_timeout_ms,
        "service_timeout": queue.service_timeout_ms,
        "wrap_up": queue.wrap_up_ms,
        "max_size": queue.max_size,
        "wait_queuecall_ids": [show_id(each.id) for each in live if each.is_waiting],
        "service_queuecall_ids": [show_id(each.id) for each in live if each.status is QueuecallStatus.SERVICE],
        "total_incoming_count": queue.total_incoming_count,
        "total_serviced_count": queue.total_serviced_count,
        "total_abandoned_count": queue.total_abandoned_count,
        "direct_hash": queue.direct_hash,
        "tm_create": show_time(queue.created_at),
        "tm_update": show_time(queue.updated_at),
        "tm_delete": show_time(queue.deleted_at),
    }


def queuecall_shape(call: Queuecall, now: datetime) -> dict[str, object]:
    return {
        "id": show_id(call.id),
        "customer_id": show_id(call.account_id),
        "queue_id": show_id(call.queue_id),
        "reference_type": "call",
        "reference_id": show_id(call.call_id),
        "status": call.status,
        "service_agent_id": show_id(call.service_agent_id),
        "duration_waiting": round(call.waited_s(now) * 1000),
        "duration_service": round(call.served_s(now) * 1000),
        "tm_create": show_time(call.created_at),
        "tm_service": show_time(call.service_at),
        "tm_update": show_time(call.updated_at),
        "tm_delete": show_time(call.deleted_at),
    }
