"""A tag in the native JSON form (VoIPBIN reference section 6.11)."""

from dialplane.domain.rooms.tags import Tag
from dialplane.services.shapes.common import show_id, show_time


def tag_shape(tag: Tag) -> dict[str, object]:
    return {
        "id": show_id(tag.id),
        "customer_id": show_id(tag.account_id),
        "name": tag.name,
        "detail": tag.detail,
        "tm_create": show_time(tag.created_at),
        "tm_update": show_time(tag.updated_at),
        "tm_delete": show_time(tag.deleted_at),
    }
