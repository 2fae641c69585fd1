"""Limits of outgoing calls as the operator sets them, and what a tenant hears who reaches one (FRD-3)."""

from uuid import uuid4

from tests.faces.conftest import Client, Tenant

NONE = {
    "concurrent_calls": None,
    "calls_per_second": None,
    "price_per_minute_micros": None,
    "spend_per_hour_micros": None,
    "spend_per_day_micros": None,
    "spend_per_month_micros": None,
    "minutes_per_hour": None,
    "country_minutes_per_hour": None,
    "messages_per_hour": None,
    "country_messages_per_hour": None,
}


async def test_limits_are_set_as_a_whole_and_read_back(operator: Client, tenant: Tenant) -> None:
    path = f"/accounts/{tenant.id}/outbound_limits"
    assert (await operator.ask("GET", path)).json == NONE

    changed = await operator.ask("PUT", path, {"country_minutes_per_hour": 10, "spend_per_day_micros": 50_000_000})

    assert changed.json == NONE | {"country_minutes_per_hour": 10, "spend_per_day_micros": 50_000_000}
    assert (await operator.ask("GET", path)).json == changed.json
    assert (await operator.ask("PUT", path, {})).json == NONE


async def test_limit_that_is_none_is_named(operator: Client, tenant: Tenant) -> None:
    path = f"/accounts/{tenant.id}/outbound_limits"
    bad = {"concurrent_calls": -1, "calls_per_second": "many", "minutes": 3, "spend_per_day_micros": 2**63}
    for wrong in ({name: value} for name, value in bad.items()):
        answer = await operator.ask("PUT", path, wrong)
        assert answer.status == 400, answer.raw
        assert next(iter(wrong)) in answer.raw.decode()
    assert (await operator.ask("GET", path)).json == NONE


async def test_account_that_is_none_has_no_limits(operator: Client) -> None:
    path = f"/accounts/{uuid4()}/outbound_limits"
    assert (await operator.ask("GET", path)).status == 404
    assert (await operator.ask("PUT", path, {"concurrent_calls": 1})).status == 404


async def test_pause_of_traffic_is_read_and_lifted(operator: Client, tenant: Tenant) -> None:
    """FRD-5; `tests/services/test_spikes.py` has what pauses an account."""
    path = f"/accounts/{tenant.id}/outbound_pause"

    for method in ("GET", "DELETE", "DELETE"):
        answer = await operator.ask(method, path)
        assert (answer.status, answer.json) == (200, {"paused": False, "paused_at": None, "reason": ""})
    assert (await operator.ask("DELETE", f"/accounts/{uuid4()}/outbound_pause")).status == 404
