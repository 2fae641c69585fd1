"""Who asks, while a request is answered: somebody who has just written must find it again in every list."""

from contextvars import ContextVar

from dialplane.domain.ids import AccountId

ASKER: ContextVar[AccountId | None] = ContextVar("asker", default=None)
"""None: nobody's request, or a face that has no account. Set once an account is proven."""
