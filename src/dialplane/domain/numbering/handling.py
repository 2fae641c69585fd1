"""What a number does with a call before its target runs: who may call, when it is open, which share goes elsewhere."""

from datetime import datetime
from uuid import UUID

from dialplane.domain.calling.screening import Screening
from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.targets import VoiceTarget
from dialplane.domain.values import dataclass

FEW_CALLS = 20
MOST_FAILED_PERCENT = 25


@dataclass(frozen=True, slots=True)
class Split:
    """A share of the calls tries another target; where too many of these fail, it ends by itself."""

    target: VoiceTarget
    percent: int
    """1 to 99."""
    started_at: datetime
    failed_percent: int = MOST_FAILED_PERCENT
    """So many of the share's ended calls may fail."""
    least_calls: int = FEW_CALLS
    """Before that many have ended nothing is concluded."""

    def takes(self, decider: UUID) -> bool:
        """By the call's id alone, and not by the digits by which a flow's canary chooses its calls."""
        return decider.int // 100 % 100 < self.percent

    def has_failed(self, ended: int, failed: int) -> bool:
        return ended >= self.least_calls and failed * 100 > ended * self.failed_percent


@dataclass(frozen=True, slots=True)
class Hours:
    """When the number is open. Outside, `closed` takes the call; None: its own target does, and is told."""

    schedule_id: UUID
    closed: VoiceTarget = None


@dataclass(frozen=True, slots=True)
class EmergencyAddress:
    """Where help goes when the number's caller asks for it and cannot say."""

    name: str
    street: str
    city: str
    country: str
    """Two letters."""
    region: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class Handling:
    """Kept with the number, so that it is at hand when the number was found. Most numbers have none."""

    screening: Screening | None = None
    hours: Hours | None = None
    split: Split | None = None
    emergency: EmergencyAddress | None = None


NO_HANDLING = Handling()


def check_split(split: Split) -> Split:
    """Raises Invalid naming the field."""
    if split.target is None:
        raise Invalid("target is where the share of the calls goes", field="target")
    if not 1 <= split.percent <= 99:
        raise Invalid("percent is 1 to 99", field="percent")
    if not 0 <= split.failed_percent <= 100:
        raise Invalid("failed_percent is 0 to 100", field="failed_percent")
    if not 1 <= split.least_calls <= 10_000:
        raise Invalid("least_calls is 1 to 10000", field="least_calls")
    return split


def check_address(address: EmergencyAddress) -> EmergencyAddress:
    """Raises Invalid naming the field."""
    for name in ("name", "street", "city"):
        if not 1 <= len(getattr(address, name)) <= 255:
            raise Invalid(f"{name} has 1 to 255 characters", field=name)
    if len(address.country) != 2 or not address.country.isalpha() or not address.country.isascii():
        raise Invalid("country is of two letters", field="country")
    for name, longest in (("region", 255), ("postal_code", 32)):
        if len(getattr(address, name)) > longest:
            raise Invalid(f"{name} has at most {longest} characters", field=name)
    return address
