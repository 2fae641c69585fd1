"""An order of ported numbers as `/v1.0/ports` and webhooks show it."""

from dialplane.domain.numbering.portability import OBSTACLES, Portability
from dialplane.domain.numbering.porting import MEANING, Holder, Port, PortNumber
from dialplane.services.shapes.common import show_id, show_time
from dialplane.services.shapes.targets import target_shape


def show_port(port: Port) -> dict[str, object]:
    return {
        "id": show_id(port.id),
        "customer_id": show_id(port.account_id),
        "name": port.name,
        "status": port.status.value,
        "meaning": MEANING[port.status],
        "numbers": [_show_number(each) for each in port.numbers],
        "holder": _show_holder(port.holder),
        "documents": [
            {
                "document_id": show_id(each.id),
                "kind": each.kind,
                "status": each.status.value,
                "reason": each.reason,
            }
            for each in port.documents
        ],
        "exception": _show_exception(port),
        "steps": [
            {"status": step.status.value, "reason": step.reason, "tm_create": show_time(step.at)} for step in port.steps
        ],
        "requested_date": show_time(port.requested_at),
        "foc_date": show_time(port.foc_at),
        "tm_create": show_time(port.created_at),
        "tm_update": show_time(port.updated_at),
        "tm_submit": show_time(port.submitted_at),
        "tm_end": show_time(port.ended_at),
    }


def show_portability(known: Portability) -> dict[str, object]:
    return {
        "number": known.number,
        "portable": known.obstacle is None,
        "country": known.country,
        "number_type": "" if known.kind is None else known.kind.value,
        "reason": "" if known.obstacle is None else known.obstacle.value,
        "message": "" if known.obstacle is None else OBSTACLES[known.obstacle],
    }


def _show_number(each: PortNumber) -> dict[str, object]:
    return {
        "number": each.number,
        "number_id": show_id(each.number_id),
        "number_type": each.kind.value,
        "country": each.country,
        "name": each.name,
        "voice": target_shape(each.targets.voice),
        "message": target_shape(each.targets.message),
        "refer": target_shape(each.targets.refer),
        "monthly_micros": each.monthly_micros,
    }


def _show_holder(holder: Holder) -> dict[str, object]:
    """Without the PIN: webhooks carry this, and who has the PIN can take the numbers anywhere."""
    return {
        "name": holder.name,
        "authorized_person": holder.authorized_person,
        "carrier": holder.carrier,
        "account_number": holder.account_number,
        "has_pin": bool(holder.pin),
        "billing_number": holder.billing_number,
        "street": holder.street,
        "locality": holder.locality,
        "region": holder.region,
        "postal_code": holder.postal_code,
        "country": holder.country,
    }


def _show_exception(port: Port) -> dict[str, object] | None:
    wrong = port.exception
    if wrong is None:
        return None
    return {"code": wrong.fault.value, "reason": wrong.reason, "correct": list(wrong.correct)}
