"""Emergency calls: from a number with an address, by a trunk that takes them, free; or refused in clear words."""

from collections.abc import Mapping, Sequence

from dialplane.domain.addresses import Address
from dialplane.domain.calling.emergency import emergency_number
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import NotPermitted, Refusal, Unavailable
from dialplane.domain.ids import AccountId, CallId
from dialplane.domain.numbering.numbers import Number, NumberStatus
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.transaction import Transaction

NO_ADDRESS = "EMERGENCY_ADDRESS_REQUIRED"
NO_TRUNK = "EMERGENCY_NOT_AVAILABLE"


def asks_for_help(destination: Address, account: Account | None) -> str:
    """The emergency number that is called, else ""."""
    if destination.type not in ("tel", "") or account is None:
        return ""
    return emergency_number(destination.target, account.home_country)


async def find_callers(
    tx: Transaction, wishes: Mapping[CallId, tuple[AccountId, Sequence[str]]]
) -> dict[CallId, Number | Refusal]:
    """The number that each emergency call shows: one of those that were asked for, else the account's first, with an
    address; or why there is none."""
    if not wishes:
        return {}
    if not await list_trunks_for_help(tx):
        refusal = NotPermitted("No trunk of this platform takes emergency calls", reason=NO_TRUNK, field="destinations")
        return dict.fromkeys(wishes, refusal)
    found: dict[CallId, Number | Refusal] = {}
    for call_id, (account_id, asked) in wishes.items():
        numbers = [each for each in await tx.numbers.find_live(list(asked)) if _may_call(each, account_id)]
        number = numbers[0] if numbers else await tx.numbers.find_with_address(account_id)
        found[call_id] = number or NotPermitted(
            "Emergency calls need a number of the account with an emergency address", reason=NO_ADDRESS, field="source"
        )
    return found


async def list_trunks_for_help(tx: Transaction) -> list[Trunk]:
    """Those that the operator lets take emergency calls, best first. Raises nothing where there are none."""
    helping = {each.trunk_id for each in (await tx.trust.read()).trunks if each.trust.takes_emergency}
    return [trunk for trunk in await tx.trunks.list_live() if trunk.id in helping and trunk.host] if helping else []


async def require_trunks_for_help(tx: Transaction) -> list[Trunk]:
    """Raises Unavailable: an emergency call never goes to a trunk that does not know it."""
    trunks = await list_trunks_for_help(tx)
    if not trunks:
        raise Unavailable("There is no trunk that takes emergency calls")
    return trunks


def _may_call(number: Number, account_id: AccountId) -> bool:
    has_address = number.handling is not None and number.handling.emergency is not None
    return has_address and number.account_id == account_id and number.status is NumberStatus.ACTIVE
