"""The target union of a number as JSON: `{"type": "flow", "flow_id": …}`, `{"type": "hook", …}`; none is null."""

from typing import assert_never

from dialplane.domain.ids import id_text
from dialplane.domain.numbering.targets import (
    ApplicationTarget,
    DocumentTarget,
    FlowTarget,
    ForwardTarget,
    HookTarget,
    MessageTarget,
    ReferTarget,
    VoiceTarget,
)


def target_shape(target: VoiceTarget | MessageTarget | ReferTarget) -> dict[str, object] | None:
    """What `GET /v1.0/numbers/{id}/targets` shows for one of the three."""
    match target:
        case None:
            return None
        case FlowTarget(flow_id):
            return {"type": "flow", "flow_id": id_text(flow_id)}
        case ApplicationTarget(application_id):
            return {"type": "application", "application_id": str(application_id)}
        case HookTarget(url, method, token):
            return {"type": "hook", "url": url, "method": method, "token": token}
        case ForwardTarget():
            return {"type": "forward"} | _forward_kind(target)
        case DocumentTarget():
            return {
                "type": "document",
                "url": target.url,
                "method": target.method,
                "fallback_url": target.fallback_url,
                "fallback_method": target.fallback_method,
                "status_url": target.status_url,
                "status_method": target.status_method,
            }
        case _:
            assert_never(target)


def _forward_kind(target: ForwardTarget) -> dict[str, object]:
    if target.users:
        return {"users": list(target.users)}
    return {"pstn": target.pstn} if target.pstn else {"sip": target.sip}
