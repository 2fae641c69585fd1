"""A quote, as the native API and the operator's show it."""

from dialplane.domain.money import show_usd
from dialplane.services.charging.prices import Quote


def show_quote(quote: Quote) -> dict[str, object]:
    rate = quote.line.rate
    is_text = rate.cost_type == "sms"
    return {
        "number": quote.number,
        "cost_type": rate.cost_type.value,
        "prefix": quote.line.prefix,
        "description": quote.line.description,
        "unit": "segment" if is_text else "seconds",
        "unit_seconds": None if is_text else rate.increment_s,
        "rate_credit_per_unit": rate.micros,
        "rate_token_per_unit": rate.tokens,
        "setup_credit": rate.setup,
        "units": quote.units,
        "cost_credit": quote.in_credit.micros,
        "cost_token": quote.in_tokens.tokens if quote.in_tokens else 0,
        "cost": show_usd(quote.in_credit.micros),
    }
