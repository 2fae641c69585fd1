"""Cuts a stream of octets into PDUs (SMPP 3.4 section 3.2; SMS-1)."""

from dialplane.smpp.pdu import HEADER

LONGEST = 65_536
"""Octets of one PDU, header included: the longest text that a TLV carries, and its fields."""


class FramingFault(ValueError):
    """A length that no PDU has: where the next one begins is not known any more, so the stream ends here."""

    def __init__(self, length: int, sequence: int) -> None:
        super().__init__(f"a PDU of {length} octets")
        self.sequence = sequence
        """Of the PDU at fault; 0 where its header is not there."""


class Framer:
    """Feed it what comes; it holds one PDU's octets at most and what came behind them."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, octets: bytes) -> None:
        self._held += octets

    def take(self) -> bytes | None:
        """The next whole PDU; None where more must come first. Raises FramingFault, and nothing else ever after."""
        if len(self._held) < 4:
            return None
        length = int.from_bytes(self._held[:4], "big")
        if not HEADER <= length <= LONGEST:
            sequence = int.from_bytes(self._held[12:16], "big") if len(self._held) >= HEADER else 0
            raise FramingFault(length, sequence)
        if len(self._held) < length:
            return None
        pdu = bytes(self._held[:length])
        del self._held[:length]
        return pdu
