"""What an organization keeps to itself: its SIP numbers and patterns, asked for what no ordinary number takes.

They ring by the domain of the request URI, for callers from outside and for the organization's own, never for those of
another one (reference 6.2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialplane.domain.calling.routing import Considered
from dialplane.domain.ids import NumberId, OrganizationId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.pattern_index import Hit
from dialplane.domain.numbering.sip_numbers import variants
from dialplane.services.numbering.pattern_cache import CACHE
from dialplane.services.numbering.patterns import Destination
from dialplane.services.transaction import Transaction

MOST_TRIED_SHOWN = 20
"""Patterns that looked like what was dialled and did not take it, kept with a call."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Something dialled that is no ordinary number."""

    raw: str
    forms: tuple[str, ...]
    domain: str
    """Host of the request URI, lower case."""
    caller: OrganizationId | None = None
    """The sender's organization; None: it comes from outside."""


@dataclass(frozen=True, slots=True)
class _Found:
    subjects: tuple[str, ...]
    exact: tuple[str, NumberId] | None = None
    hit: Hit | None = None

    @property
    def number_id(self) -> NumberId | None:
        if self.exact:
            return self.exact[1]
        return self.hit.pattern.number_id if self.hit else None


async def find_inside(tx: Transaction, inquiries: Sequence[Inquiry]) -> list[tuple[Considered, ...]]:
    """For each inquiry what was considered, in order; the last one has the number where there is one.

    One query for all of them, a second where something was found.
    """
    subjects = [variants(inquiry.raw, inquiry.forms) for inquiry in inquiries]
    domains = {inquiry.domain for inquiry in inquiries}
    destinations = await tx.patterns.find_destinations(domains, {text for each in subjects for text in each})
    found = [
        await _find(tx, destinations.get(inquiry.domain), texts, inquiry.caller)
        for inquiry, texts in zip(inquiries, subjects, strict=True)
    ]
    wanted = {each.number_id for each in found if each and each.number_id}
    numbers = {number.id: number for number in await tx.numbers.find_many(wanted)} if wanted else {}
    return [_considered(each, numbers) if each else () for each in found]


async def find_channel(tx: Transaction, raw: str, forms: Sequence[str]) -> tuple[Considered, ...]:
    """For a message that a carrier brings, which knows no organization: SIP numbers and channels, no patterns.

    "Regex has been disabled for incoming SMPP/SMS messages" (the seed; reference section 7).
    """
    found = await tx.patterns.find_in_any(variants(raw, forms))
    numbers = await tx.numbers.find_many([found]) if found else []
    return tuple(_exact(number.number, number) for number in numbers)


async def _find(
    tx: Transaction, destination: Destination | None, texts: tuple[str, ...], caller: OrganizationId | None
) -> _Found | None:
    if destination is None or not texts or caller not in (None, destination.organization_id):
        return None
    for text in texts:
        if text in destination.exact:
            return _Found(texts, exact=(text, destination.exact[text]))
    return _Found(texts, hit=(await CACHE.index(tx, destination)).find(texts))


def _considered(found: _Found, numbers: Mapping[NumberId, Number]) -> tuple[Considered, ...]:
    if found.exact:
        text, number_id = found.exact
        number = numbers.get(number_id)
        return () if number is None else (_exact(text, number),)
    considered = [Considered("sip_number", found.subjects[0], "the organization has no such SIP number")]
    if found.hit is None:
        return (*considered, Considered("pattern", "", "no pattern of the organization takes it"))
    for pattern in found.hit.tried[:MOST_TRIED_SHOWN]:
        considered.append(Considered("pattern", pattern.text, "begins alike, but does not take it", pattern.number_id))
    pattern = found.hit.pattern
    if (number := numbers.get(pattern.number_id)) is not None:
        reason = "the longest pattern of the organization that takes it"
        considered.append(Considered("pattern", pattern.text, reason, number.id, number))
    return tuple(considered)


def _exact(text: str, number: Number) -> Considered:
    return Considered("sip_number", text, "an exact SIP number of the organization", number.id, number)
