"""The family of refusals: ordinary business that a face turns into its own dialect's error.

Each class is one kind of refusal; facts are attributes. A face owns the one table from these classes to HTTP or SIP.
"""

from collections.abc import Mapping, Sequence


class Refusal(Exception):
    """Base of everything that the platform declines to do. `message` is a sentence for a person.

    `reason` is a machine word in capitals where a dialect documents one (`NUMBER_NOT_FOUND`); `field` names the
    offending input where there is one; `details` are further facts for the answer's body.
    """

    def __init__(
        self, message: str, *, reason: str = "", field: str = "", details: Sequence[Mapping[str, object]] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.field = field
        self.details = tuple(details)

    def __str__(self) -> str:
        return self.message


class Invalid(Refusal):
    """The input is malformed or out of its limits."""


class NotAuthenticated(Refusal):
    """No credential, or a wrong, expired or revoked one."""


class NotPermitted(Refusal):
    """The credential is good but may not do this."""


class NotFound(Refusal):
    """No such thing, or another account's: the two are never told apart."""


class Conflict(Refusal):
    """The thing exists already, or is not in a state in which this can be done."""


class AlreadyExists(Conflict):
    """Somebody (the caller included) has it already."""


class InsufficientBalance(Refusal):
    """The account cannot pay for it."""


class LimitExceeded(Refusal):
    """A plan's limit or a rate limit is reached."""


class Unavailable(Refusal):
    """Something that we depend on does not answer; trying again later may help."""


class Mismatch(Refusal):
    """What was sent is well-formed and does not do for its purpose: an idempotency key that was used with another body,
    a reason that gives none."""
