"""Why a signed caller ID does not count, with the answer that RFC 8224 section 6.2.2 has for it."""

from enum import Enum


class Fault(Enum):
    """SIP status and the words of its registry."""

    NO_IDENTITY = (428, "Use Identity Header")
    STALE = (403, "Stale Date")
    BAD_INFO = (436, "Bad Identity Info")
    UNSUPPORTED_CREDENTIAL = (437, "Unsupported Credential")
    INVALID = (438, "Invalid Identity Header")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def phrase(self) -> str:
        return self.value[1]


class StirError(Exception):
    """What somebody else signed or certified does not hold. The text is for the one who reads the call's record."""

    def __init__(self, fault: Fault, why: str) -> None:
        super().__init__(why)
        self.fault = fault
