"""What of the number itself, its account and the money may keep calls and messages out."""

from datetime import datetime, timedelta

from dialplane.domain.charging.ledger import Purse
from dialplane.domain.messaging.consent import ConsentSettings
from dialplane.domain.numbering.diagnosis import Finding, fine, no_matter, problem, warning
from dialplane.domain.numbering.numbers import Number, NumberStatus, SuspendedFor
from dialplane.domain.tenancy.accounts import Account, IdentityStatus

_SOON = timedelta(days=7)


def check_number(number: Number) -> Finding:
    if number.status is NumberStatus.ACTIVE:
        return fine("number", "the number is active")
    if number.suspended_for is SuspendedFor.UNPAID:
        return problem(
            "number", "the number is suspended: its month is not paid", "add credit; it comes back by itself"
        )
    return problem("number", "the operator has suspended the number", "ask the operator why")


def check_account(account: Account) -> Finding:
    """Plan and standing."""
    if not account.status.may_use:
        return problem("plan", f"the account is {account.status}: nothing is let in", "ask the operator")
    if account.identity_status is not IdentityStatus.VERIFIED:
        return warning(
            "plan",
            f"the account's plan is {account.plan} and its identity is {account.identity_status}: it may not send "
            "messages nor call out",
            "have the identity verified by the operator",
        )
    return fine("plan", f"the account is {account.status}, its plan is {account.plan}")


def check_consent(number: Number, settings: ConsentSettings) -> Finding:
    """Whether STOP, START and HELP are heeded, and what keeps messages back at night."""
    if "sms" not in number.capabilities:
        return no_matter("consent", "the number has no messages")
    if not settings.is_on:
        return warning(
            "consent",
            "STOP, START and HELP are not heeded: carriers block numbers that go on writing to whoever said STOP",
            "switch it on by PUT /v1.0/consent, unless whatever runs on the number heeds them",
        )
    if settings.quiet_from:
        return fine(
            "consent",
            f"STOP, START and HELP are heeded; nothing is sent from {settings.quiet_from} to {settings.quiet_to}",
        )
    return fine("consent", "STOP, START and HELP are heeded")


def check_balance(number: Number, purse: Purse | None) -> Finding:
    credit = purse.free_credit if purse else 0
    if credit <= 0:
        return problem("balance", "there is no credit: calls and messages that cost are refused", "add credit")
    shown = f"{credit / 1_000_000:.2f} USD are free"
    if credit < number.monthly_micros:
        return warning("balance", f"{shown}, less than the number's next month costs", "add credit")
    return fine("balance", shown)


def check_renewal(number: Number, now: datetime) -> Finding:
    """`now` is the billing clock."""
    if number.renews_at is None:
        return no_matter("renewal", "the number is never renewed")
    if number.grace_until is not None:
        return problem(
            "renewal",
            f"the month is not paid: the number is suspended on {number.grace_until:%Y-%m-%d}",
            "add credit before that day",
        )
    says = f"the month ends on {number.renews_at:%Y-%m-%d}"
    if number.renews_at - now < _SOON:
        return fine("renewal", f"{says}, within a week")
    return fine("renewal", says)
