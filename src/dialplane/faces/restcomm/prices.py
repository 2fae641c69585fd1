"""What was charged, as answers tell it: Twilio's amounts are negative and have five decimals, Restcomm's have two."""

from decimal import Decimal

from dialplane.faces.restcomm.dialects import Dialect

_MICROS = Decimal(1_000_000)


def show_price(dialect: Dialect, micros: int | None) -> str | None:
    """None while nothing was charged."""
    if micros is None:
        return None
    usd = Decimal(micros) / _MICROS
    return f"{-usd if micros else usd:.5f}" if dialect.is_twilio else f"{usd:.2f}"
