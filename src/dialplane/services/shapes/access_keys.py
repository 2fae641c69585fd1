"""An access key in the native JSON form (VoIPBIN reference section 1.3)."""

from dialplane.domain.tenancy.accounts import AccessKey
from dialplane.services.shapes.common import show_id, show_time


def access_key_shape(key: AccessKey, *, token: str = "") -> dict[str, object]:
    """`token` is the whole token, which only the answer to the POST shows."""
    return {
        "id": show_id(key.id),
        "customer_id": show_id(key.account_id),
        "name": key.name,
        "detail": key.detail,
        "token": token,
        "token_prefix": key.token_prefix,
        "tm_expire": show_time(key.expires_at),
        "tm_last_use": show_time(key.last_used_at),
        "tm_create": show_time(key.created_at),
        "tm_update": show_time(key.updated_at),
        "tm_delete": show_time(key.deleted_at),
    }
