"""The ledger as VoIPBIN's `billings` and `billing_account` show it (reference sections 7.1 and 7.4)."""

from dialplane.domain.charging.ledger import Entry
from dialplane.services.charging.billing import Balance, payment_of
from dialplane.services.shapes.common import show_id, show_time


def show_billing(entry: Entry) -> dict[str, object]:
    """Amounts are signed; negative is use."""
    return {
        "id": show_id(entry.id),
        "customer_id": show_id(entry.account_id),
        "account_id": show_id(entry.account_id),
        "transaction_type": entry.transaction_type.value,
        "status": "end",
        "reference_type": entry.reference_type.value,
        "reference_id": show_id(entry.reference_id),
        "cost_type": entry.rate.cost_type.value,
        "detail": entry.detail,
        "usage_duration": entry.seconds,
        "billable_units": entry.units,
        "rate_token_per_unit": entry.rate.tokens,
        "rate_credit_per_unit": entry.rate.micros,
        "amount_token": entry.amount_tokens,
        "amount_credit": entry.amount_micros,
        "balance_token_snapshot": entry.tokens_after,
        "balance_credit_snapshot": entry.credit_after,
        "idempotency_key": entry.key,
        "tm_billing_start": show_time(entry.started_at),
        "tm_billing_end": show_time(entry.ended_at),
        "tm_create": show_time(entry.created_at),
        "tm_update": None,
        "tm_delete": None,
    }


BILLING_FIELDS = (
    "tm_create", "transaction_type", "reference_type", "reference_id", "cost_type", "detail", "usage_duration",
    "billable_units", "rate_token_per_unit", "rate_credit_per_unit", "amount_token", "amount_credit",
    "balance_token_snapshot", "balance_credit_snapshot", "tm_billing_start", "tm_billing_end", "id", "idempotency_key",
)  # fmt: skip
"""Those of `show_billing` that differ from line to line, in the order in which a file has them."""


def show_credit_movement(entry: Entry) -> dict[str, object]:
    """What was paid in, corrected or given back; negative amounts were taken away."""
    return {
        "id": show_id(entry.id),
        "customer_id": show_id(entry.account_id),
        "transaction_type": entry.transaction_type.value,
        "reference_type": entry.reference_type.value,
        "reference_id": show_id(entry.reference_id),
        "detail": entry.detail,
        "amount_credit": entry.amount_micros,
        "balance_credit_snapshot": entry.credit_after,
        "tm_create": show_time(entry.created_at),
    }


CREDIT_MOVEMENT_FIELDS = (
    "tm_create", "transaction_type", "reference_type", "reference_id", "detail", "amount_credit",
    "balance_credit_snapshot", "id",
)  # fmt: skip


def show_billing_account(balance: Balance) -> dict[str, object]:
    """`balance_credit` and `balance_token` are what can be spent now; what holds have set aside stands beside them."""
    account, purse, payment = balance.account, balance.purse, payment_of(balance.account)
    return {
        "id": show_id(account.id),
        "customer_id": show_id(account.id),
        "name": account.name,
        "detail": account.detail,
        "plan_type": account.plan.value,
        "plan_status": "active",
        "balance_credit": purse.free_credit,
        "balance_token": purse.free_tokens,
        "held_credit": purse.credit_held,
        "held_token": purse.tokens_held,
        "payment_type": payment.type,
        "payment_method": payment.method,
        "paddle_subscription_id": "",
        "paddle_customer_id": "",
        "tm_last_topup": show_time(purse.topped_up_at),
        "tm_next_topup": show_time(purse.next_top_up_at),
        "tm_create": show_time(account.created_at),
        "tm_update": show_time(account.updated_at),
        "tm_delete": show_time(account.deleted_at),
    }
