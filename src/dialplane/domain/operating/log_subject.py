"""Whom the lines of a task's log are about. Set once at the top of a call's task, read only where a line is written."""

from contextvars import ContextVar

from dialplane.domain.ids import AccountId, CallId

CALL: ContextVar[tuple[CallId, AccountId] | None] = ContextVar("call", default=None)
