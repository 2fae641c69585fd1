"""Money: whole micros (1 USD = 1,000,000). No floats anywhere near it."""

from decimal import Decimal
from typing import NewType

Micros = NewType("Micros", int)

MICROS_PER_UNIT = 1_000_000

ZERO = Micros(0)


def usd(amount: str | int) -> Micros:
    """`usd("1.25")` is 1,250,000 micros.

    Raises ValueError where the amount is finer than a micro.
    """
    micros = Decimal(amount) * MICROS_PER_UNIT
    if micros != micros.to_integral_value():
        raise ValueError(f"{amount} is finer than a micro")
    return Micros(int(micros))


def show_usd(amount: int) -> str:
    """The amount with at least two and at most six decimals: 1_250_000 is `1.25`."""
    text = f"{Decimal(amount) / MICROS_PER_UNIT:.6f}"
    whole, fraction = text.split(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
