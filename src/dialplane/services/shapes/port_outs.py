"""Another carrier's request for a number as `/v1.0/port_outs` and webhooks show it."""

from dialplane.domain.numbering.port_outs import MEANING, PortOut
from dialplane.services.shapes.common import show_id, show_time


def show_port_out(asked: PortOut) -> dict[str, object]:
    return {
        "id": show_id(asked.id),
        "customer_id": show_id(asked.account_id),
        "number_id": show_id(asked.number_id),
        "number": asked.number,
        "carrier": asked.carrier,
        "status": asked.status.value,
        "meaning": MEANING[asked.status],
        "reason": asked.reason,
        "decide_by": show_time(asked.decide_by),
        "leave_date": show_time(asked.leaves_at),
        "tm_create": show_time(asked.created_at),
        "tm_update": show_time(asked.updated_at),
        "tm_end": show_time(asked.ended_at),
    }
