"""An extension in the native JSON form (VoIPBIN reference section 6.5)."""

from dialplane.domain.calling.extensions import Extension
from dialplane.services.shapes.common import show_id, show_time


def extension_shape(extension: Extension) -> dict[str, object]:
    return {
        "id": show_id(extension.id),
        "customer_id": show_id(extension.account_id),
        "name": extension.name,
        "detail": extension.detail,
        "extension": extension.extension,
        "domain_name": show_id(extension.account_id),
        "username": extension.extension,
        "password": extension.password,
        "direct_hash": extension.direct_hash,
        "srtp": extension.srtp.value,
        "codecs": list(extension.codecs),
        "tm_create": show_time(extension.created_at),
        "tm_update": show_time(extension.updated_at),
        "tm_delete": show_time(extension.deleted_at),
    }
