"""Where a call or a message goes, and why: the same pure decision for real traffic and for *route explain*.

What is looked up (numbers, the account's standing) comes in as values; every candidate that was considered stays in
the decision with its verdict and reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Literal
from uuid import UUID

import phonenumbers

from dialplane.domain.calling.schedules import Moment
from dialplane.domain.calling.screening import Screened
from dialplane.domain.ids import AccountId, OrganizationId
from dialplane.domain.numbering.number_defaults import target_of
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.numbering.targets import DocumentTarget, MessageTarget, VoiceTarget
from dialplane.domain.tenancy.accounts import Account
from dialplane.domain.values import dataclass

MAX_DIALLED = 128
"""Longest user part that is looked at; longer ones are nobody's number."""


class Origin(StrEnum):
    """Who brings it: the PSTN (a trunk, the simulated carrier), a registered extension or an account's PBX,
    the platform itself."""

    PSTN = "pstn"
    EXTENSION = "extension"
    INTERNAL = "internal"


class Verdict(StrEnum):
    RUN = "run"
    REFUSE = "refuse"


class Refused(StrEnum):
    """Why something is not let in, as a machine word."""

    NONE = ""
    UNKNOWN_NUMBER = "UNKNOWN_NUMBER"
    NUMBER_SUSPENDED = "NUMBER_SUSPENDED"
    ACCOUNT_NOT_ACTIVE = "ACCOUNT_NOT_ACTIVE"
    VIRTUAL_FROM_PSTN = "VIRTUAL_FROM_PSTN"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    DESTINATION_NOT_ALLOWED = "DESTINATION_NOT_ALLOWED"
    CALLER_ID_NOT_OWNED = "CALLER_ID_NOT_OWNED"
    OUTBOUND_LIMIT_REACHED = "OUTBOUND_LIMIT_REACHED"
    CALLER_NOT_WANTED = "CALLER_NOT_WANTED"
    EMERGENCY_NOT_SET_UP = "EMERGENCY_NOT_SET_UP"
    IDENTITY_MISSING = "IDENTITY_MISSING"
    IDENTITY_STALE = "IDENTITY_STALE"
    IDENTITY_UNREACHABLE = "IDENTITY_UNREACHABLE"
    CERTIFICATE_NOT_TRUSTED = "CERTIFICATE_NOT_TRUSTED"
    IDENTITY_INVALID = "IDENTITY_INVALID"


SIP_STATUS: dict[Refused, tuple[int, str]] = {
    Refused.UNKNOWN_NUMBER: (404, "Not Found"),
    Refused.NUMBER_SUSPENDED: (480, "Temporarily Unavailable"),
    Refused.ACCOUNT_NOT_ACTIVE: (403, "Forbidden"),
    Refused.VIRTUAL_FROM_PSTN: (404, "Not Found"),
    Refused.INSUFFICIENT_BALANCE: (402, "Payment Required"),
    Refused.DESTINATION_NOT_ALLOWED: (403, "Forbidden"),
    Refused.CALLER_ID_NOT_OWNED: (403, "Forbidden"),
    Refused.OUTBOUND_LIMIT_REACHED: (403, "Forbidden"),
    Refused.CALLER_NOT_WANTED: (603, "Decline"),
    Refused.EMERGENCY_NOT_SET_UP: (403, "Emergency Calls Not Set Up"),
    Refused.IDENTITY_MISSING: (428, "Use Identity Header"),
    Refused.IDENTITY_STALE: (403, "Stale Date"),
    Refused.IDENTITY_UNREACHABLE: (436, "Bad Identity Info"),
    Refused.CERTIFICATE_NOT_TRUSTED: (437, "Unsupported Credential"),
    Refused.IDENTITY_INVALID: (438, "Invalid Identity Header"),
}
"""What the caller's side hears. For the PSTN a virtual number does not exist: it gets the answer of an unknown one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that was considered: a form of the number, a number, a pattern, an extension."""

    what: Literal[
        "number",
        "sip_number",
        "pattern",
        "extension",
        "pstn",
        "direct",
        "trunk",
        "identity",
        "caller",
        "hours",
        "split",
    ]
    value: str
    verdict: Literal["chosen", "no match", "refused", "passed over", "noted"]
    reason: str
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate among the SIP numbers and patterns of the organization that the request's domain stands for."""

    what: Literal["sip_number", "pattern"]
    value: str
    reason: str
    id: UUID | None = None
    number: Number | None = None
    """What takes it; None: this one does not."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What the number's own arrangements came to (`treatment.py`)."""

    screened: Screened | None = None
    hours: Moment | None = None
    is_split: bool = False
    """The call is one of the share that tries another target."""


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """The outcome, with everything that led to it."""

    kind: Literal["call", "message"]
    raw: str
    normalized: str
    """The form that was found, or the first that was tried."""
    verdict: Verdict
    reason: str
    """A sentence for a person."""
    refused: Refused = Refused.NONE
    organization_id: OrganizationId | None = None
    number: Number | None = None
    target: VoiceTarget | MessageTarget = None
    document: DocumentTarget | None = None
    """Where the target is an application: what that runs, as far as it was asked for."""
    candidates: tuple[Candidate, ...] = ()
    treated: Treated | None = None


def forms(raw: str, country: str) -> tuple[str, ...]:
    """Every normal form that `raw` may stand for, likeliest first; the raw string itself is always the last.

    `+…` is E.164 already. Anything else is read as dialled in `country`, then as an international number whose `+`
    the carrier left out.
    """
    raw = raw[:MAX_DIALLED]
    bare = raw.translate(_DECORATION)
    if bare.startswith("+"):
        return (bare,) if bare == raw else (bare, raw)
    found: list[str] = []
    if bare.isascii() and bare.isdigit():
        for text, region in ((bare, country), (f"+{bare}", None)):
            try:
                number = phonenumbers.parse(text, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_possible_number(number):
                found.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return tuple(dict.fromkeys([*found, raw]))


def user_forms(user: str, country: str) -> tuple[str, ...]:
    """`forms` of the user part of a SIP URI: what a carrier writes behind the digits (`;npdi;rn=…`, RFC 3261 section
    19.1.6, RFC 4694) is no part of the number."""
    digits, semicolon, _ = user[:MAX_DIALLED].partition(";")
    if not semicolon or not digits.translate(_DECORATION).removeprefix("+").isdecimal():
        return forms(user, country)
    return tuple(dict.fromkeys([*forms(digits, country), user[:MAX_DIALLED]]))


_DECORATION = str.maketrans("", "", " .-()")


def decide(
    kind: Literal["call", "message"],
    raw: str,
    tried: Sequence[str],
    *,
    origin: Origin,
    numbers: Mapping[str, Number],
    accounts: Mapping[AccountId, Account],
    can_pay: bool = True,
    inside: Sequence[Considered] = (),
) -> RouteDecision:
    """Pick the number for `raw` among the live `numbers` (by their text), in the order of `tried`, and judge it.

    Where none of them fits, the first of `inside` that has a number takes it. `can_pay` is whether the account's
    balance covers the first slice; it is asked of the ledger by the caller, because only the writing transaction knows.
    """
    candidates: list[Candidate] = []
    for form in tried:
        number = numbers.get(form)
        if number is None:
            candidates.append(Candidate("number", form, "no match", "nobody holds this number here"))
            continue
        account = accounts[number.account_id]
        refused, reason = judge(kind, number, account, origin=origin, can_pay=can_pay)
        candidates.append(Candidate("number", form, _verdict(refused), reason, number.id))
        return _decision(kind, raw, form, number, account, refused, reason, candidates)
    for each in inside:
        if each.number is None:
            candidates.append(Candidate(each.what, each.value, "no match", each.reason, each.id))
            continue
        account = accounts[each.number.account_id]
        refused, reason = judge(kind, each.number, account, origin=origin, can_pay=can_pay)
        reason = f"{each.reason}; {reason}"
        candidates.append(Candidate(each.what, each.value, _verdict(refused), reason, each.id))
        return _decision(kind, raw, raw, each.number, account, refused, reason, candidates)
    return RouteDecision(
        kind=kind,
        raw=raw,
        normalized=tried[0] if tried else raw,
        verdict=Verdict.REFUSE,
        reason=f"{raw} is not a number of this platform",
        refused=Refused.UNKNOWN_NUMBER,
        candidates=tuple(candidates),
    )


def refuse(decision: RouteDecision, refused: Refused, reason: str) -> RouteDecision:
    """The decision turned down after all; what had been chosen is shown as refused, with the reason."""
    candidates = tuple(
        replace(each, verdict="refused", reason=reason) if each.verdict == "chosen" else each
        for each in decision.candidates
    )
    return replace(decision, verdict=Verdict.REFUSE, refused=refused, reason=reason, candidates=candidates)


def _verdict(refused: Refused) -> Literal["chosen", "refused"]:
    return "refused" if refused else "chosen"


def _decision(
    kind: Literal["call", "message"],
    raw: str,
    normalized: str,
    number: Number,
    account: Account,
    refused: Refused,
    reason: str,
    candidates: Sequence[Candidate],
) -> RouteDecision:
    return RouteDecision(
        kind=kind,
        raw=raw,
        normalized=normalized,
        verdict=Verdict.REFUSE if refused else Verdict.RUN,
        reason=reason,
        refused=refused,
        organization_id=account.organization_id,
        number=number,
        target=target_of(kind, number, account),
        candidates=tuple(candidates),
    )


def judge(
    kind: Literal["call", "message"], number: Number, account: Account, *, origin: Origin, can_pay: bool
) -> tuple[Refused, str]:
    """Whether a number takes what arrives: `(Refused.NONE, why chosen)` or the refusal and its reason."""
    if not account.status.may_use:
        return Refused.ACCOUNT_NOT_ACTIVE, f"the account that holds {number.number} is {account.status}"
    if number.status is not NumberStatus.ACTIVE:
        return Refused.NUMBER_SUSPENDED, f"{number.number} is {number.status}"
    if number.kind is NumberKind.VIRTUAL and origin is Origin.PSTN:
        return Refused.VIRTUAL_FROM_PSTN, f"{number.number} is virtual: it cannot be reached from the PSTN"
    if not can_pay:
        return Refused.INSUFFICIENT_BALANCE, f"the account's balance does not cover a {kind} to {number.number}"
    held = f"{number.number} is held by this account and active"
    if (number.targets.voice if kind == "call" else number.targets.message) is not None:
        return Refused.NONE, held
    word = "voice" if kind == "call" else "message"
    if target_of(kind, number, account) is not None:
        return Refused.NONE, f"{held}; it has no {word} target of its own, so the project's default holds"
    return Refused.NONE, f"{held}, but has no {word} target: nothing runs"
