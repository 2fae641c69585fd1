"""Amounts of money as the document prints them."""

from decimal import Decimal

import msgspec

from dialplane.domain.money import MICROS_PER_UNIT


def dollars(micros: int) -> str:
    """With four decimals, six where it is finer: `0.5500`."""
    whole, _, cents = f"{Decimal(micros) / MICROS_PER_UNIT:.6f}".partition(".")
    return f"{whole}.{cents[:4]}{cents[4:].rstrip('0')}"


def cost(micros: int) -> msgspec.Raw:
    """Dollars as a JSON number."""
    return msgspec.Raw(dollars(micros).encode())
