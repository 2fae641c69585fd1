"""The people of an account in the native JSON form."""

from dialplane.domain.identity.portal import Link
from dialplane.services.identity.people import Member
from dialplane.services.shapes.common import show_id, show_time


def member_shape(member: Member) -> dict[str, object]:
    return {
        "id": show_id(member.person_id),
        "name": member.name,
        "email": member.email,
        "role": member.role.value,
        "has_second_step": member.has_second_step,
        "tm_create": show_time(member.created_at),
    }


def invitation_shape(link: Link) -> dict[str, object]:
    return {
        "email": link.email,
        "role": link.role,
        "tm_create": show_time(link.created_at),
        "tm_expire": show_time(link.expires_at),
    }
