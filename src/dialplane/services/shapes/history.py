"""An entry of a number's history as `GET /v1.0/numbers/{id}/history` shows it."""

from dialplane.domain.numbering.history import NumberEvent
from dialplane.services.shapes.common import show_id, show_time


def show_number_event(event: NumberEvent) -> dict[str, object]:
    return {
        "id": show_id(event.id),
        "number_id": show_id(event.number_id),
        "customer_id": show_id(event.account_id),
        "number": event.number,
        "what": event.what,
        "actor": {"type": event.actor.kind.value, "id": show_id(event.actor.id)},
        "changes": [{"field": each.field, "from": each.old, "to": each.new} for each in event.changes],
        "tm_create": show_time(event.created_at),
    }
