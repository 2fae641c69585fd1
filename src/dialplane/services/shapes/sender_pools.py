"""Sender pools in the native JSON form."""

from dialplane.domain.messaging.sender_pools import SenderPool
from dialplane.services.shapes.common import show_id, show_time


def sender_pool_shape(pool: SenderPool) -> dict[str, object]:
    return {
        "id": show_id(pool.id),
        "customer_id": show_id(pool.account_id),
        "name": pool.name,
        "numbers": list(pool.numbers),
        "number_rate": pool.number_rate,
        "destination_rate": pool.destination_rate,
        "tm_create": show_time(pool.created_at),
        "tm_update": show_time(pool.updated_at),
    }
