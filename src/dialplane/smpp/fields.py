"""Fields of a PDU's body: C-octet strings, integers and optional parameters (sections 3.1, 3.2.4 and 5.3)."""

from collections.abc import Mapping
from enum import IntEnum

from dialplane.smpp.commands import Status


class Tag(IntEnum):
    """Optional parameters that are used here; others are kept by their number."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


Tlvs = Mapping[int, bytes]


class PduFault(ValueError):
    """A PDU that cannot be read. `status` is what the peer is answered."""

    def __init__(self, status: Status, says: str) -> None:
        super().__init__(says)
        self.status = status


class Reader:
    """Takes fields off the front of a body."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._place = 0

    def string(self, longest: int, fault: Status) -> str:
        """A C-octet string of `longest` octets at most, its NUL included. Raises PduFault(`fault`)."""
        end = self._body.find(b"\0", self._place, self._place + longest)
        if end < 0:
            raise PduFault(fault, f"a string ends nowhere within {longest} octets")
        text = self._body[self._place : end]
        self._place = end + 1
        return text.decode("latin-1")  # the standard has ASCII; whatever else comes is kept apart, octet by octet

    def integer(self, fault: Status = Status.INVALID_COMMAND_LENGTH) -> int:
        """One octet. Raises PduFault(`fault`)."""
        if self._place >= len(self._body):
            raise PduFault(fault, "the body ends before its fields")
        self._place += 1
        return self._body[self._place - 1]

    def octets(self, count: int, fault: Status) -> bytes:
        """Raises PduFault(`fault`) where there are not so many."""
        if self._place + count > len(self._body):
            raise PduFault(fault, f"there are no {count} octets")
        self._place += count
        return self._body[self._place - count : self._place]

    def tlvs(self) -> dict[int, bytes]:
        """All that is left; of two with one tag the first counts. Raises PduFault."""
        found: dict[int, bytes] = {}
        while self._place < len(self._body):
            head = self.octets(4, Status.INVALID_OPTIONAL_PART)
            tag, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
            found.setdefault(tag, self.octets(length, Status.INVALID_PARAMETER_LENGTH))
        return found

    @property
    def is_at_end(self) -> bool:
        return self._place >= len(self._body)


def c_string(text: str, longest: int) -> bytes:
    """Raises ValueError where it does not fit or holds what the protocol cannot carry."""
    octets = text.encode("latin-1")
    if len(octets) >= longest or b"\0" in octets:
        raise ValueError(f"{text!r} is no string of fewer than {longest} octets")
    return octets + b"\0"


def tlv_octets(tlvs: Tlvs) -> bytes:
    return b"".join(tag.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value for tag, value in tlvs.items())
