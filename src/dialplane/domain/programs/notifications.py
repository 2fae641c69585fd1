"""Notifications: faults of an account's own applications, kept where their owner looks for them (reference 4.9)."""

from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.ids import AccountId, CallId, NotificationId
from dialplane.domain.programs.commands import WriteNotification
from dialplane.domain.programs.sources import RESTCOMM_VERSION

ERROR, WARNING = 0, 1
"""The field `log`."""
LONGEST_MESSAGE = 4096
LONGEST_TEXT = 8192
"""Of the request and of the answer; what is longer is cut off."""


@dataclass(frozen=True, slots=True)
class Notification:
    id: NotificationId
    account_id: AccountId
    error_code: int
    message: str
    created_at: datetime
    call_id: CallId | None = None
    log: int = ERROR
    api_version: str = RESTCOMM_VERSION
    request_url: str = ""
    request_method: str = ""
    request_variables: str = ""
    response_headers: str = ""
    response_body: str = ""


@dataclass(frozen=True, slots=True)
class NotificationQuery:
    """Which notifications a list shows: every given part must hold."""

    call_id: CallId | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Before this moment."""
    error_code: int | None = None
    request_url: str = ""
    """A part of it."""
    message: str = ""
    """A part of it."""
    log: int | None = None
    after: NotificationId | None = None
    """The list goes on after this one."""
    offset: int = 0
    limit: int = 50


def notification_of(
    command: WriteNotification,
    *,
    id: NotificationId,
    account_id: AccountId,
    call_id: CallId | None,
    api_version: str,
    now: datetime,
) -> Notification:
    """What a program asked to be noted, in the bounds of the store."""
    return Notification(
        id=id,
        account_id=account_id,
        error_code=command.error_code,
        message=_fit(command.message, LONGEST_MESSAGE),
        created_at=now,
        call_id=call_id,
        log=ERROR if command.is_error else WARNING,
        api_version=api_version,
        request_url=_fit(command.request_url, LONGEST_MESSAGE),
        request_method=command.request_method[:16],
        request_variables=_fit(command.request_variables, LONGEST_TEXT),
        response_headers=_fit(command.response_headers, LONGEST_TEXT),
        response_body=_fit(command.response_body, LONGEST_TEXT),
    )


def _fit(text: str, longest: int) -> str:
    """As the store takes it: no NUL, no halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:longest]
