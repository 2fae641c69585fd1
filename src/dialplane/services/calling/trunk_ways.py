"""Which trunks a call to the PSTN may take, and in which order (VoIPBIN reference 6.6, RFC 3263)."""

from dataclasses import dataclass

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.charging.rating import CostType
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import TrunkId
from dialplane.domain.money import Micros
from dialplane.services.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trunk that takes calls, and the best of its routes for a number."""

    trunk: Trunk
    has_routes: bool
    """Whether it takes only what routes lead to it."""
    is_own: bool = False
    """Its route is the account's, not everybody's."""
    depth: int = -1
    """Digits of the route's target; -1 where none leads to it."""
    priority: int = 0


async def trunks_for(tx: Transaction, call: Call) -> list[Trunk]:
    """Best first. Where a route of the account, or of everybody, leads somewhere, only such trunks; else those without
    routes: first the one by which the caller's own number is reached, because only its carrier knows the number.

    Raises Unavailable where there is none.
    """
    target = call.destination.target
    found = await tx.routes.list_candidates(call.account_id, target.removeprefix("+"))
    found = [each for each in found if each.trunk.gateways]
    routed = [each for each in found if each.depth >= 0]
    if routed:
        costs = await _costs(tx, routed, target)
        return [each.trunk for each in sorted(routed, key=lambda each: (*_rank(each), costs.get(each.trunk.id, 0)))]
    free = [each.trunk for each in found if not each.has_routes]
    if not free:
        raise Unavailable("There is no trunk that takes calls to the PSTN")
    own = await tx.inventory.find_trunk_of(call.source.target)
    return sorted(free, key=lambda trunk: (trunk.id != own, trunk.priority))


def _rank(candidate: Candidate) -> tuple[bool, int, int]:
    return not candidate.is_own, -candidate.depth, candidate.priority


async def _costs(tx: Transaction, routed: list[Candidate], number: str) -> dict[TrunkId, Micros]:
    """What a minute costs the operator, where it decides: among routes of equal rank, each with a deck."""
    decks = {each.trunk.id: each.trunk.terms.cost_deck for each in routed if each.trunk.terms.cost_deck}
    ranks = [_rank(each) for each in routed]
    if len(decks) < 2 or len(set(ranks)) == len(ranks):
        return {}
    costs = {}
    for trunk_id, deck in decks.items():
        rate = (await tx.rates.tariff_of(deck, [number])).rate(CostType.CALL_PSTN_OUTGOING, number)
        costs[trunk_id] = Micros(rate.micros * 60 // (rate.increment_s))
    return costs
