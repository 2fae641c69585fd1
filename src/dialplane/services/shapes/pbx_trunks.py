"""An account's trunk in the native JSON form (VoIPBIN reference section 6.5)."""

from dialplane.domain.calling.pbx_trunks import PbxTrunk, show_allowed
from dialplane.services.shapes.common import show_id, show_time


def pbx_trunk_shape(trunk: PbxTrunk) -> dict[str, object]:
    return {
        "id": show_id(trunk.id),
        "customer_id": show_id(trunk.account_id),
        "name": trunk.name,
        "detail": trunk.detail,
        "domain_name": trunk.domain_name,
        "auth_types": [each.value for each in trunk.auth_types],
        "username": trunk.username,
        "password": trunk.password,
        "allowed_ips": [show_allowed(network) for network in trunk.allowed],
        "tm_create": show_time(trunk.created_at),
        "tm_update": show_time(trunk.updated_at),
        "tm_delete": show_time(trunk.deleted_at),
    }
