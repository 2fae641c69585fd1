"""Whether a number can be ported in, by its own digits, and what the simulated carrier does with its own numbers.

The simulated carrier has +1, any area, 5550 and three digits, which are nobody's in the real world:

| Last digits | What happens |
| --- | --- |
| 901 | cannot be ported |
| 902 | an exception, ACCOUNT_NUMBER_MISMATCH; submitted again, it goes through |
| 903 | goes through by itself, on the requested day or at once |
| 904 | an exception, PASSCODE_PIN_INVALID; submitted again, it goes through |
| 905 | the date is confirmed and withdrawn, FOC_REJECTED; submitted again, it goes through |

The operator's hand (`advance`) leads all others, and these too.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType

from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX, NumberKind
from dialplane.domain.numbering.port_exceptions import PortFault
from dialplane.domain.numbering.porting import Port, PortStatus
from dialplane.domain.supply.sandbox_stock import COUNTRIES

KINDS = {
    PhoneNumberType.FIXED_LINE: NumberKind.LOCAL,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.LOCAL,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
}
"""What a number's own digits say of its type; others are not sold here."""

_SIMULATED = re.compile(r"\+1[2-9][0-9]{2}5550(9[0-9]{2})")


class Obstacle(StrEnum):
    """Why a number cannot be ported in."""

    NOT_A_NUMBER = "NOT_A_NUMBER"
    VIRTUAL = "VIRTUAL_NUMBER"
    COUNTRY = "COUNTRY_NOT_SERVED"
    TYPE = "TYPE_NOT_PORTABLE"
    RATE_CENTER = "RATE_CENTER_NOT_PORTABLE"
    HERE = "ALREADY_HERE"
    IN_PORTING = "ALREADY_IN_PORTING"


OBSTACLES = {
    Obstacle.NOT_A_NUMBER: "No country's plan has such a number",
    Obstacle.VIRTUAL: "Virtual numbers are ours alone: no other carrier has them",
    Obstacle.COUNTRY: "We have no carrier in its country",
    Obstacle.TYPE: "Only local, mobile and toll-free numbers can be ported",
    Obstacle.RATE_CENTER: "No carrier of ours serves the place where it belongs",
    Obstacle.HERE: "It is on this platform already",
    Obstacle.IN_PORTING: "An order for it is under way",
}


@dataclass(frozen=True, slots=True)
class Portability:
    """What is known of one number. `kind` is None where it is none of ours."""

    number: str
    country: str = ""
    kind: NumberKind | None = None
    obstacle: Obstacle | None = None


def look_up(number: str, *, here: Collection[str] = (), in_porting: Collection[str] = ()) -> Portability:
    """Whether `number` (E.164) can be ported; `here` and `in_porting` are those of which we know."""
    if number.startswith(VIRTUAL_PREFIX):
        return Portability(number, obstacle=Obstacle.VIRTUAL)
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Portability(number, obstacle=Obstacle.NOT_A_NUMBER)
    country = phonenumbers.region_code_for_number(parsed) or ""
    if not country or not phonenumbers.is_valid_number(parsed):
        return Portability(number, country, obstacle=Obstacle.NOT_A_NUMBER)
    kind = KINDS.get(phonenumbers.number_type(parsed))
    return Portability(number, country, kind, _obstacle(number, country, kind, here, in_porting))


def _obstacle(
    number: str, country: str, kind: NumberKind | None, here: Collection[str], in_porting: Collection[str]
) -> Obstacle | None:
    if country not in COUNTRIES:
        return Obstacle.COUNTRY
    if kind is None:
        return Obstacle.TYPE
    if _digits(number) == "901":
        return Obstacle.RATE_CENTER
    if number in here:
        return Obstacle.HERE
    return Obstacle.IN_PORTING if number in in_porting else None


def _digits(number: str) -> str:
    """The last three, of the simulated carrier's own numbers."""
    found = _SIMULATED.fullmatch(number)
    return found[1] if found else ""


# --- the simulated carrier's moves -----------------------------------------------------------------------------------

_FAULTS = {
    "902": PortFault.ACCOUNT_NUMBER_MISMATCH,
    "904": PortFault.PASSCODE_PIN_INVALID,
    "905": PortFault.FOC_REJECTED,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """The simulated carrier's next move with an order."""

    to: PortStatus
    fault: PortFault | None = None


def is_played(port: Port) -> bool:
    """Whether the simulated carrier leads the order by itself."""
    return _script(port) != ""


def next_turn(port: Port) -> Turn | None:
    """None where it waits: for its owner, or for the day."""
    before = [step.status for step in port.steps]
    fault = _FAULTS.get(_script(port))
    faulted = PortStatus.EXCEPTION in before
    match port.status:
        case PortStatus.SUBMITTED:
            return Turn(PortStatus.IN_PROCESS)
        case PortStatus.IN_PROCESS if fault is not None and not faulted and fault is not PortFault.FOC_REJECTED:
            return Turn(PortStatus.EXCEPTION, fault)
        case PortStatus.IN_PROCESS:
            return Turn(PortStatus.DATE_CONFIRMED)
        case PortStatus.DATE_CONFIRMED if fault is PortFault.FOC_REJECTED and not faulted:
            return Turn(PortStatus.EXCEPTION, fault)
        case PortStatus.CANCEL_PENDING:
            return Turn(PortStatus.CANCELLED)
        case _:
            return None


def _script(port: Port) -> str:
    """The first of its numbers that the simulated carrier plays."""
    played = (digits for each in port.numbers if (digits := _digits(each.number)) in {"902", "903", "904", "905"})
    return next(played, "")
