"""What a losing carrier may find wrong with an order, in the words of carriers, and what there is to correct."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PortFault(StrEnum):
    """The carriers' own words, but for one."""

    ACCOUNT_NUMBER_MISMATCH = "ACCOUNT_NUMBER_MISMATCH"
    AUTH_PERSON_MISMATCH = "AUTH_PERSON_MISMATCH"
    BTN_ATN_MISMATCH = "BTN_ATN_MISMATCH"
    ENTITY_NAME_MISMATCH = "ENTITY_NAME_MISMATCH"
    FOC_EXPIRED = "FOC_EXPIRED"
    FOC_REJECTED = "FOC_REJECTED"
    LOCATION_MISMATCH = "LOCATION_MISMATCH"
    LSR_PENDING = "LSR_PENDING"
    MAIN_BTN_PORTING = "MAIN_BTN_PORTING"
    OSP_IRRESPONSIVE = "OSP_IRRESPONSIVE"
    PASSCODE_PIN_INVALID = "PASSCODE_PIN_INVALID"
    PHONE_NUMBER_HAS_SPECIAL_FEATURE = "PHONE_NUMBER_HAS_SPECIAL_FEATURE"
    PHONE_NUMBER_MISMATCH = "PHONE_NUMBER_MISMATCH"
    PHONE_NUMBER_NOT_PORTABLE = "PHONE_NUMBER_NOT_PORTABLE"
    PORT_TYPE_INCORRECT = "PORT_TYPE_INCORRECT"
    PORTING_ORDER_SPLIT_REQUIRED = "PORTING_ORDER_SPLIT_REQUIRED"
    POSTAL_CODE_MISMATCH = "POSTAL_CODE_MISMATCH"
    RATE_CENTER_NOT_PORTABLE = "RATE_CENTER_NOT_PORTABLE"
    SV_CONFLICT = "SV_CONFLICT"
    SV_UNKNOWN_FAILURE = "SV_UNKNOWN_FAILURE"
    DOCUMENT_REJECTED = "DOCUMENT_REJECTED"
    """Our own word: the operator rejected a document that the order names."""
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class PortException:
    """What is wrong with an order: the carriers' word, and a sentence where somebody wrote one."""

    fault: PortFault
    reason: str = ""

    @property
    def correct(self) -> tuple[str, ...]:
        """The fields to look at, as the order's PUT names them; none where nothing of the order can help."""
        return CORRECT.get(self.fault, ())


def fault_in(reason: str) -> PortFault:
    """The carriers' word where it is all of the reason, or what stands before its colon; OTHER for a mere sentence."""
    word = reason.partition(":")[0].strip().upper()
    return PortFault(word) if word in PortFault.__members__ else PortFault.OTHER


CORRECT: Mapping[PortFault, tuple[str, ...]] = {
    PortFault.ACCOUNT_NUMBER_MISMATCH: ("holder.account_number",),
    PortFault.AUTH_PERSON_MISMATCH: ("holder.authorized_person", "document_ids"),
    PortFault.BTN_ATN_MISMATCH: ("holder.billing_number",),
    PortFault.DOCUMENT_REJECTED: ("document_ids",),
    PortFault.ENTITY_NAME_MISMATCH: ("holder.name",),
    PortFault.FOC_EXPIRED: ("requested_date",),
    PortFault.FOC_REJECTED: ("requested_date",),
    PortFault.LOCATION_MISMATCH: ("holder.street", "holder.locality", "holder.region", "holder.postal_code"),
    PortFault.MAIN_BTN_PORTING: ("numbers", "holder.billing_number"),
    PortFault.PASSCODE_PIN_INVALID: ("holder.pin",),
    PortFault.PHONE_NUMBER_HAS_SPECIAL_FEATURE: ("numbers",),
    PortFault.PHONE_NUMBER_MISMATCH: ("numbers", "holder.account_number"),
    PortFault.PHONE_NUMBER_NOT_PORTABLE: ("numbers",),
    PortFault.PORT_TYPE_INCORRECT: ("numbers",),
    PortFault.PORTING_ORDER_SPLIT_REQUIRED: ("numbers",),
    PortFault.POSTAL_CODE_MISMATCH: ("holder.postal_code",),
    PortFault.RATE_CENTER_NOT_PORTABLE: ("numbers",),
    PortFault.SV_CONFLICT: ("numbers",),
}
