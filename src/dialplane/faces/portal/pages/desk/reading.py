"""What the desk's forms and addresses say, as values."""

from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, from_sid
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.portal.tables import read_cursor, read_id

WordT = TypeVar("WordT", bound=StrEnum)

DESK = "/portal/operator"
PLANS = [(plan.value, plan.value.capitalize()) for plan in Plan]


def one_of(words: type[WordT], text: str) -> WordT | None:
    """None where nothing or nothing known is chosen: a filter then filters nothing."""
    return words(text) if text in words._value2member_map_ else None


def chosen(words: type[WordT], text: str, *, field: str) -> WordT:
    """Raises Invalid."""
    found = one_of(words, text)
    if found is None:
        raise Invalid("Choose one of the list", field=field)
    return found


def account_in(text: str, *, field: str) -> AccountId | None:
    """An account by its id or sid; "" is none. Raises Invalid."""
    if not text:
        return None
    try:
        return AccountId(from_sid("AC", text) if text.startswith("AC") else UUID(text))
    except ValueError:
        raise Invalid("Enter the account's id or SID", field=field) from None


def whole_number(text: str, *, field: str, most: int) -> int:
    """Raises Invalid."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most):
        raise Invalid(f"Enter a number up to {most}", field=field)
    return int(text)


def id_behind(text: str) -> UUID | None:
    """The id that a page begins behind."""
    return read_id(read_cursor(text))
