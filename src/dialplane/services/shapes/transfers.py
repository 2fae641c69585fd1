"""A transfer in the native JSON form (VoIPBIN reference 4.6)."""

from dialplane.domain.calling.transfers import Transfer
from dialplane.services.shapes.calls import address_shape
from dialplane.services.shapes.common import show_id, show_time


def transfer_shape(transfer: Transfer) -> dict[str, object]:
    return {
        "id": show_id(transfer.id),
        "customer_id": show_id(transfer.account_id),
        "type": transfer.type.value,
        "transferer_call_id": show_id(transfer.transferer_call_id),
        "transferee_addresses": [address_shape(each) for each in transfer.transferee_addresses],
        "transferee_call_id": show_id(transfer.transferee_call_id),
        "groupcall_id": show_id(transfer.groupcall_id),
        "confbridge_id": show_id(None),
        "tm_create": show_time(transfer.created_at),
        "tm_update": show_time(transfer.updated_at),
        "tm_delete": show_time(transfer.deleted_at),
    }
