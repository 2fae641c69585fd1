"""Trunks, routes and forced calls in the words of VoIPBIN's platform operators (reference section 6.6)."""

from collections.abc import Mapping
from uuid import UUID

from dialplane.domain.calling.providercalls import ProviderCall
from dialplane.domain.calling.routes import Route, show_target
from dialplane.domain.calling.trunk_terms import Gateway, usual_port
from dialplane.domain.calling.trunks import Trunk
from dialplane.services.calling.trunk_states import Health, TrunkState
from dialplane.services.shapes.common import show_id, show_time

EVERYBODY = UUID(int=1)
"""The customer that platform default routes belong to."""


def provider_shape(trunk: Trunk, states: Mapping[str, TrunkState]) -> dict[str, object]:
    """`states` is how the voice nodes see it, by node."""
    healths = {state.health for state in states.values()}
    checked = [each.checked_at for state in states.values() for each in state.gateways if each.checked_at]
    first, numbers = trunk.gateways[0], trunk.terms.numbers
    return {
        "id": show_id(trunk.id),
        "type": "sip",
        "hostname": _hostname(first),
        "tech_prefix": numbers.prefix,
        "tech_postfix": numbers.postfix,
        "tech_headers": dict(trunk.terms.headers),
        "metadata": dict(trunk.terms.metadata),
        "name": trunk.name,
        "detail": trunk.detail,
        "codecs": ",".join(trunk.terms.media.codecs),
        "health_status": next((each for each in (Health.HEALTHY, Health.UNHEALTHY) if each in healths), Health.UNKNOWN),
        "health_checked_at": show_time(max(checked, default=None)),
        "tm_create": show_time(trunk.created_at),
        "tm_update": show_time(trunk.updated_at),
        "tm_delete": show_time(trunk.deleted_at),
    }


def _hostname(gateway: Gateway) -> str:
    """As it is written: the port of an address only where it is not the usual one."""
    port = gateway.written_port
    if port is None or (not gateway.is_named and port == usual_port(gateway.transport)):
        return gateway.host
    return f"[{gateway.host}]:{port}" if ":" in gateway.host else f"{gateway.host}:{port}"


def route_shape(route: Route) -> dict[str, object]:
    return {
        "id": show_id(route.id),
        "customer_id": show_id(route.account_id or EVERYBODY),
        "name": route.name,
        "detail": route.detail,
        "provider_id": show_id(route.trunk_id),
        "priority": route.priority,
        "target": show_target(route.target),
        "tm_create": show_time(route.created_at),
        "tm_update": show_time(route.updated_at),
        "tm_delete": show_time(route.deleted_at),
    }


def providercall_shape(made: ProviderCall) -> dict[str, object]:
    """The call itself is at `/calls/{call_id}` of its customer."""
    return {
        "id": show_id(made.id),
        "customer_id": show_id(made.account_id),
        "provider_id": show_id(made.trunk_id),
        "call_id": show_id(made.id),
        "tm_create": show_time(made.created_at),
    }
