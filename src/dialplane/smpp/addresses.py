"""Parties as a PDU names them (SMPP 3.4 sections 5.2.5 to 5.2.9)."""

from dataclasses import dataclass

from dialplane.smpp.commands import Status
from dialplane.smpp.fields import Reader, c_string


@dataclass(frozen=True, slots=True)
class Address:
    """`digits` is what the PDU has, without any `+`."""

    digits: str
    ton: int = 0
    npi: int = 0


def read_address(reader: Reader, longest: int, fault: Status) -> Address:
    """Raises PduFault(`fault`)."""
    ton, npi = reader.integer(fault), reader.integer(fault)
    return Address(reader.string(longest, fault), ton, npi)


def address_octets(address: Address, longest: int) -> bytes:
    """Raises ValueError where the digits do not fit."""
    return bytes((address.ton, address.npi)) + c_string(address.digits, longest)
