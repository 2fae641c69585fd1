"""A call and a route decision in the native JSON form (VoIPBIN reference sections 4.2 and 4.4; DESIGN section 9)."""

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.routing import RouteDecision
from dialplane.domain.ids import NIL_TEXT, id_text
from dialplane.domain.times import rfc3339
from dialplane.services.shapes.common import show_id
from dialplane.services.shapes.targets import target_shape


def address_shape(address: Address) -> dict[str, object]:
    """Empty fields are left out."""
    shape: dict[str, object] = {}
    if address.type:
        shape["type"] = address.type
    if address.target:
        shape["target"] = address.target
    if address.target_name:
        shape["target_name"] = address.target_name
    if address.name:
        shape["name"] = address.name
    if address.detail:
        shape["detail"] = address.detail
    return shape


def call_shape(call: Call) -> dict[str, object]:
    details = call.details
    shape: dict[str, object] = {
        "id": id_text(call.id),
        "customer_id": id_text(call.account_id),
        "owner_type": "",
        "owner_id": NIL_TEXT,
        "flow_id": show_id(call.flow_id),
        "activeflow_id": show_id(call.run_id),
        "type": call.type,
        "master_call_id": show_id(call.master_call_id),
        "chained_call_ids": list(map(id_text, call.chained_call_ids)),
        "recording_id": id_text(details.recording_id) if details.recording_id and not call.ended_at else NIL_TEXT,
        "recording_ids": list(map(id_text, call.recording_ids)),
        "groupcall_id": id_text(details.groupcall_id) if details.groupcall_id else NIL_TEXT,
        "source": address_shape(call.source),
        "destination": address_shape(call.destination),
        "status": call.status,
        "action": call.action or {},
        "direction": call.direction,
        "mute_direction": details.mute_direction,
        "hangup_by": call.hangup_by,
        "hangup_reason": call.hangup_reason,
        "metadata": call.metadata or None,
        "sip_code": call.sip_code,
        "cause": call.cause,
        "cause_text": call.cause_text,
    }
    found = (
        ("verstat", details.verstat),
        ("caller_verdict", details.caller_verdict),
        ("spam_score", details.spam_score),
        ("hours", details.hours),
    )
    shape |= {name: value for name, value in found if value not in ("", None)}  # few calls have them
    times = (
        ("tm_ringing", call.ringing_at),
        ("tm_progressing", call.progressing_at),
        ("tm_hangup", call.ended_at),
        ("tm_create", call.created_at),
        ("tm_update", call.updated_at),
        ("tm_delete", call.deleted_at),
    )
    for name, time in times:
        if time is not None:  # calls leave unset times out, other resources show null (reference section 1.7)
            shape[name] = rfc3339(time)
    return shape


def route_shape(decision: RouteDecision) -> dict[str, object]:
    """`{kind, raw, normalized, organization, verdict, reason, target, document, candidates}`."""
    return {
        "kind": decision.kind,
        "raw": decision.raw,
        "normalized": decision.normalized,
        "organization": str(decision.organization_id) if decision.organization_id else None,
        "verdict": decision.verdict,
        "refused": decision.refused,
        "reason": decision.reason,
        "target": target_shape(decision.target),
        "document": target_shape(decision.document),
        "candidates": [
            {
                "what": candidate.what,
                "id": str(candidate.id) if candidate.id else None,
                "value": candidate.value,
                "verdict": candidate.verdict,
                "reason": candidate.reason,
            }
            for candidate in decision.candidates
        ],
    }
