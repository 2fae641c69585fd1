"""What a number's own arrangements make of a route decision: screening, hours, split, in this order."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.calling.routing import (
    SIP_STATUS,
    Candidate,
    Refused,
    RouteDecision,
    Treated,
    Verdict,
    refuse,
)
from dialplane.domain.calling.schedules import Schedule, moment_of
from dialplane.domain.calling.screening import STATUSES, CallerFacts, Deed, Screening, screen
from dialplane.domain.numbering.handling import NO_HANDLING, Handling
from dialplane.domain.numbering.targets import VoiceTarget
from dialplane.domain.tenancy.accounts import Account
from dialplane.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the arrangements are judged by."""

    caller: str
    """E.164, or whatever came."""
    at: datetime
    verstat: str = ""
    recent_calls: int = 0
    decider: UUID | None = None
    """The call's id; None for a call that only might come: no share is taken, but told of."""


def screenings_of(decision: RouteDecision, account: Account) -> tuple[Screening, ...]:
    """Of the number, then of its account."""
    own = decision.number.handling.screening if decision.number and decision.number.handling else None
    return tuple(each for each in (own, account.screening) if each is not None)


def is_treated(decision: RouteDecision, account: Account | None) -> bool:
    """Whether there is anything to judge; ordinary numbers have nothing."""
    number = decision.number
    if number is None or account is None or decision.kind != "call" or decision.verdict is not Verdict.RUN:
        return False
    return number.handling is not None or account.screening is not None


def treat(
    decision: RouteDecision, account: Account, facts: Circumstances, schedules: Mapping[UUID, Schedule]
) -> RouteDecision:
    """The decision after the arrangements; each that had a say stands among the candidates."""
    assert decision.number is not None
    handling = decision.number.handling or NO_HANDLING
    decision = _screened(decision, screenings_of(decision, account), facts)
    if decision.verdict is Verdict.REFUSE or _is_diverted(decision):
        return decision
    decision = _in_hours(decision, handling, facts, schedules)
    return decision if _is_closed(decision) else _split(decision, handling, facts)


def answer_of(decision: RouteDecision) -> tuple[int, str]:
    """What the caller of a refused call hears."""
    screened = decision.treated.screened if decision.treated else None
    if decision.refused is Refused.CALLER_NOT_WANTED and screened is not None and screened.consequence is not None:
        return screened.consequence.status, STATUSES[screened.consequence.status]
    return SIP_STATUS[decision.refused]


def _screened(decision: RouteDecision, screenings: tuple[Screening, ...], facts: Circumstances) -> RouteDecision:
    if not screenings:
        return decision
    assert decision.number is not None
    known = CallerFacts(facts.caller, decision.number.number, facts.verstat, facts.recent_calls)
    screened = screen(known, *screenings)
    decision = replace(decision, treated=Treated(screened=screened))
    consequence = screened.consequence
    if consequence is not None and consequence.deed is Deed.REFUSE:
        decision = refuse(decision, Refused.CALLER_NOT_WANTED, screened.reason)
        return _told(decision, Candidate("caller", facts.caller, "refused", screened.reason))
    if consequence is not None and consequence.deed is Deed.DIVERT:
        decision = _goes_to(decision, consequence.target, screened.reason)
        return _told(decision, Candidate("caller", facts.caller, "chosen", f"{screened.reason}; it is diverted"))
    return _told(decision, Candidate("caller", facts.caller, "noted", screened.reason))


def _in_hours(
    decision: RouteDecision, handling: Handling, facts: Circumstances, schedules: Mapping[UUID, Schedule]
) -> RouteDecision:
    hours = handling.hours
    schedule = schedules.get(hours.schedule_id) if hours is not None else None
    if hours is None or schedule is None or decision.number is None:
        return decision
    moment = moment_of(schedule, facts.at, decision.number.number)
    decision = replace(decision, treated=replace(decision.treated or Treated(), hours=moment))
    if moment.is_open or hours.closed is None:
        return _told(decision, Candidate("hours", schedule.name, "noted", moment.why, schedule.id))
    decision = _goes_to(decision, hours.closed, moment.why)
    return _told(decision, Candidate("hours", schedule.name, "chosen", moment.why, schedule.id))


def _split(decision: RouteDecision, handling: Handling, facts: Circumstances) -> RouteDecision:
    split = handling.split
    if split is None:
        return decision
    share = f"{split.percent} of 100 calls"
    if facts.decider is None or not split.takes(facts.decider):
        return _told(decision, Candidate("split", share, "noted", f"{share} go to another target"))
    decision = replace(decision, treated=replace(decision.treated or Treated(), is_split=True))
    decision = _goes_to(decision, split.target, f"one of the {share} that try another target")
    return _told(decision, Candidate("split", share, "chosen", decision.reason))


def _goes_to(decision: RouteDecision, target: VoiceTarget, why: str) -> RouteDecision:
    """What had been chosen is passed over, with the reason."""
    candidates = tuple(
        replace(each, verdict="passed over", reason=why) if each.verdict == "chosen" and each.what != "number" else each
        for each in decision.candidates
    )
    return replace(decision, target=target, reason=why, candidates=candidates)


def _told(decision: RouteDecision, candidate: Candidate) -> RouteDecision:
    return replace(decision, candidates=(*decision.candidates, candidate))


def _is_diverted(decision: RouteDecision) -> bool:
    screened = decision.treated.screened if decision.treated else None
    return bool(screened and screened.consequence and screened.consequence.deed is Deed.DIVERT)


def _is_closed(decision: RouteDecision) -> bool:
    hours = decision.treated.hours if decision.treated else None
    return hours is not None and not hours.is_open
