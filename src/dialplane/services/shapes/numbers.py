"""A number as VoIPBIN's GET and webhooks show it (reference section 2.2), with our own additions beside."""

from uuid import UUID

from dialplane.domain.ids import NIL
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.targets import FlowTarget, MessageTarget, VoiceTarget
from dialplane.services.shapes.common import show_id, show_time


def show_number(number: Number) -> dict[str, object]:
    return {
        "id": show_id(number.id),
        "customer_id": show_id(number.account_id),
        "number": number.number,
        "type": "virtual" if number.kind is NumberKind.VIRTUAL else "normal",
        "number_type": number.kind.value,
        "call_flow_id": show_id(_flow_of(number.targets.voice)),
        "message_flow_id": show_id(_flow_of(number.targets.message)),
        "name": number.name,
        "detail": number.detail,
        "status": number.status.value,
        "suspended_for": number.suspended_for.value,
        "country": number.country,
        "features": sorted(number.capabilities),
        "tags": list(number.tags),
        "protected": number.protected,
        "t38_enabled": False,
        "emergency_enabled": number.handling is not None and number.handling.emergency is not None,
        "metadata": {"rtp_debug": False, **number.metadata},
        "monthly_micros": number.monthly_micros,
        "tm_purchase": show_time(number.purchased_at),
        "tm_renew": show_time(number.renews_at),
        "tm_create": show_time(number.created_at),
        "tm_update": show_time(number.updated_at),
        "tm_delete": show_time(number.released_at),
    }


def _flow_of(target: VoiceTarget | MessageTarget) -> UUID:
    return target.flow_id if isinstance(target, FlowTarget) else NIL
