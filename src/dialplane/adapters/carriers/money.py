"""What carriers say of money, in micros."""

from decimal import Decimal, InvalidOperation

from dialplane.domain.money import Micros

_MOST = 10**12


def micros_of(text: str, currency: str) -> Micros | None:
    """An amount of US dollars, rounded up to the micro; None where it is no such amount."""
    try:
        micros = (Decimal(text) * 1_000_000).to_integral_value(rounding="ROUND_CEILING")
    except InvalidOperation:
        return None
    if currency.upper() != "USD" or not micros.is_finite() or not 0 <= micros <= _MOST:
        return None
    return Micros(int(micros))
