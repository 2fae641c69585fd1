"""A system that binds by SMPP, in the native JSON form."""

from collections.abc import Sequence

from dialplane.domain.messaging.smpp_accounts import SmppAccount
from dialplane.services.messaging.smpp_store import SmppSession
from dialplane.services.shapes.common import show_id, show_time


def smpp_account_shape(
    account: SmppAccount, *, password: str = "", sessions: Sequence[SmppSession] = ()
) -> dict[str, object]:
    """`password` is shown only where it was just drawn, `sessions` where one system is looked at."""
    return {
        "id": show_id(account.id),
        "customer_id": show_id(account.account_id),
        "name": account.name,
        "detail": account.detail,
        "system_id": account.system_id,
        "password": password,
        "rate": account.rate,
        "window": account.window,
        "max_sessions": account.max_sessions,
        "inbound": account.inbound,
        "long_messages": account.long_messages.value,
        "sessions": [
            {"id": show_id(each.id), "bound": each.bound, "peer": each.peer, "tm_bound": show_time(each.bound_at)}
            for each in sessions
        ],
        "tm_create": show_time(account.created_at),
        "tm_update": show_time(account.updated_at),
        "tm_delete": show_time(account.deleted_at),
    }
