"""What *route explain* tells of an organization's SIP numbers and patterns: all of them, where the real look-up stops.

Patterns of the organization's other accounts are named only where one of them takes the call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from dialplane.domain.calling.routing import Candidate, Considered
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.patterns import Matcher, Pattern, is_dialled
from dialplane.domain.numbering.sip_numbers import variants
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.numbering.pattern_cache import CACHE
from dialplane.services.transaction import Transaction

MOST_SHOWN = 100
"""Patterns that an explanation lists, in the order in which they are tried; one that takes the call always is."""
_OF_ANOTHER = "of another account of the organization"


@dataclass(frozen=True, slots=True)
class Explained:
    considered: tuple[Considered, ...] = ()
    """As for real traffic: the last one takes it, if any does."""
    passed_over: tuple[Candidate, ...] = ()
    """What would have been tried next."""


async def explain_inside(tx: Transaction, account: Account, raw: str, forms: tuple[str, ...]) -> Explained:
    """The candidates for something dialled at a domain of the account's organization that is no ordinary number."""
    texts = variants(raw, forms)
    destination = await tx.patterns.find_inside(account.organization_id, texts)
    for text in texts:
        if text in destination.exact:
            return Explained(_exact(text, await tx.numbers.find_many([destination.exact[text]]), account.id))
    no_number = Considered("sip_number", raw, "the organization has no such SIP number")
    if not is_dialled(raw):
        return Explained((no_number, Considered("pattern", "", "patterns apply to digits, *, # and + only")))
    index = await CACHE.index(tx, destination)
    hit = index.find(texts)
    patterns = _shown(index.in_order(), hit.pattern if hit else None)
    owners = {number.id: number for number in await tx.numbers.find_many({each.number_id for each in patterns})}
    explained = _explain(patterns, hit.pattern if hit else None, texts, owners, account.id)
    return Explained((no_number, *explained.considered), explained.passed_over)


def _exact(text: str, found: list[Number], account_id: AccountId) -> tuple[Considered, ...]:
    return tuple(
        Considered("sip_number", text, "an exact SIP number of the organization", number.id, number)
        if number.account_id == account_id
        else Considered("sip_number", text, f"a SIP number {_OF_ANOTHER} takes it")
        for number in found
    )


def _shown(in_order: Iterable[Pattern], winner: Pattern | None) -> list[Pattern]:
    shown = list(islice(in_order, MOST_SHOWN))
    if winner is not None and winner not in shown:
        shown[-1] = winner
    return shown


def _explain(
    patterns: list[Pattern],
    winner: Pattern | None,
    texts: tuple[str, ...],
    owners: Mapping[NumberId, Number],
    account_id: AccountId,
) -> Explained:
    considered: list[Considered] = []
    passed_over: list[Candidate] = []
    is_over = False
    for pattern in patterns:
        number = owners.get(pattern.number_id)
        is_own = number is not None and number.account_id == account_id
        if pattern == winner:
            is_over = True
            considered.append(_winner(pattern, number if is_own else None))
        elif is_own and is_over:
            passed_over.append(_passed_over(pattern, texts))
        elif is_own:
            considered.append(Considered("pattern", pattern.text, _why_not(pattern, texts), pattern.number_id))
    return Explained(tuple(considered), tuple(passed_over))


def _winner(pattern: Pattern, number: Number | None) -> Considered:
    if number is None:
        return Considered("pattern", "", f"a pattern {_OF_ANOTHER} takes it")
    return Considered(
        "pattern", pattern.text, "the longest pattern of the organization that takes it", number.id, number
    )


def _why_not(pattern: Pattern, texts: tuple[str, ...]) -> str:
    try:
        Matcher(pattern.text, anchored=pattern.anchored)
    except Invalid as fault:
        return f"skipped: {fault.message}"
    return f"is not found in {' or '.join(texts)}" if not pattern.anchored else f"is not the whole of {texts[0]}"


def _passed_over(pattern: Pattern, texts: tuple[str, ...]) -> Candidate:
    try:
        matcher = Matcher(pattern.text, anchored=pattern.anchored)
    except Invalid:
        return Candidate("pattern", pattern.text, "no match", _why_not(pattern, texts), pattern.number_id)
    if any(map(matcher.matches, texts)):
        reason = "takes it too, but a longer or older one came first"
        return Candidate("pattern", pattern.text, "passed over", reason, pattern.number_id)
    return Candidate("pattern", pattern.text, "no match", _why_not(pattern, texts), pattern.number_id)
