"""Tags: names that agents and queues share; an agent takes the calls of a queue with any of its tags."""

from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, TagId

MOST_TAGS = 100
"""On one agent or queue."""


@dataclass(frozen=True, slots=True)
class Tag:
    id: TagId
    account_id: AccountId
    name: str
    created_at: datetime
    detail: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


def check_tag(tag: Tag) -> Tag:
    """Raises Invalid naming the field."""
    if not 1 <= len(tag.name) <= 255:
        raise Invalid("name has 1 to 255 characters", field="name")
    if len(tag.detail) > 4096:
        raise Invalid("detail has 4096 characters at most", field="detail")
    return tag
