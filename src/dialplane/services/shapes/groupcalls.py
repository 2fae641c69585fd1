"""A group call in the native JSON form (VoIPBIN reference 4.6)."""

from dialplane.domain.calling.groupcalls import Groupcall
from dialplane.services.shapes.calls import address_shape
from dialplane.services.shapes.common import show_id, show_time


def groupcall_shape(groupcall: Groupcall) -> dict[str, object]:
    """Times that are not reached yet are left out (reference 1.7)."""
    shape: dict[str, object] = {
        "id": show_id(groupcall.id),
        "customer_id": show_id(groupcall.account_id),
        "owner_type": "",
        "owner_id": show_id(None),
        "status": groupcall.status.value,
        "flow_id": show_id(groupcall.flow_id),
        "source": address_shape(groupcall.source) if groupcall.source is not None else {},
        "destinations": [address_shape(each) for each in groupcall.destinations],
        "master_call_id": show_id(groupcall.master_call_id),
        "master_groupcall_id": show_id(None),
        "ring_method": groupcall.ring_method.value,
        "answer_method": groupcall.answer_method.value,
        "answer_call_id": show_id(groupcall.answer_call_id),
        "call_ids": [show_id(each) for each in groupcall.call_ids],
        "answer_groupcall_id": show_id(None),
        "groupcall_ids": [],
        "call_count": len(groupcall.call_ids),
        "groupcall_count": 0,
        "dial_index": groupcall.dial_index,
        "tm_create": show_time(groupcall.created_at),
        "tm_update": show_time(groupcall.updated_at),
        "tm_delete": show_time(groupcall.deleted_at),
    }
    return {name: value for name, value in shape.items() if value is not None}
