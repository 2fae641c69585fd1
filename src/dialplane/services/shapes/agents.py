"""An agent in the native JSON form (VoIPBIN reference section 6.4)."""

from dialplane.domain.tenancy.accounts import Agent
from dialplane.services.shapes.calls import address_shape
from dialplane.services.shapes.common import show_id, show_time


def agent_shape(agent: Agent) -> dict[str, object]:
    return {
        "id": show_id(agent.id),
        "customer_id": show_id(agent.account_id),
        "username": agent.username,
        "name": agent.name,
        "detail": agent.detail,
        "ring_method": agent.ring_method,
        "status": agent.status,
        "permission": agent.permission,
        "tag_ids": [show_id(each) for each in agent.tag_ids],
        "addresses": [address_shape(each) for each in agent.addresses],
        "direct_hash": agent.direct_hash,
        "tm_create": show_time(agent.created_at),
        "tm_update": show_time(agent.updated_at),
        "tm_delete": show_time(agent.deleted_at),
    }
