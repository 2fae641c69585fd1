"""An order as `/v1.0/orders` shows it."""

from dialplane.domain.numbering.orders import Order
from dialplane.services.shapes.common import show_id, show_time


def show_order(order: Order) -> dict[str, object]:
    return {
        "id": show_id(order.id),
        "customer_id": show_id(order.account_id),
        "number": order.number,
        "number_id": show_id(order.number_id),
        "status": order.status.value,
        "reason": order.reason,
        "documents": [
            {
                "kind": one.kind,
                "state": one.state.value,
                "reason": one.reason,
                "document_id": show_id(one.document_id),
            }
            for one in order.documents
        ],
        "setup_micros": order.setup_micros,
        "monthly_micros": order.monthly_micros,
        "tm_create": show_time(order.created_at),
        "tm_update": show_time(order.updated_at),
        "tm_end": show_time(order.ended_at),
    }
