"""Accounts at other networks in the native JSON form (VoIPBIN reference section 5.3). No secret is shown."""

from dialplane.domain.messaging.conversation_accounts import ConversationAccount
from dialplane.services.shapes.common import show_id, show_time


def conversation_account_shape(account: ConversationAccount) -> dict[str, object]:
    return {
        "id": show_id(account.id),
        "customer_id": show_id(account.account_id),
        "type": account.type,
        "name": account.name,
        "detail": account.detail,
        "provider_data": {"phone_number_id": account.phone_number_id},
        "message_flow_id": show_id(account.message_flow_id),
        "tm_create": show_time(account.created_at),
        "tm_update": show_time(account.updated_at),
        "tm_delete": show_time(account.deleted_at),
    }
