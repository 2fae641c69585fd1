"""An account with next to no money, and everything that costs some asked for at once (LED-4, LED-6)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.users.acting import Answer, Place, Web, until

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture(scope="module")
def at(common: Place) -> Place:
    """Shared with other modules."""
    return common


DOLLAR = 1_000_000
UNIT_MICROS = 10_000
"""A text's segment or a call's minute."""
AT_ONCE = 12
ANSWERING = "+12025550100"


async def poor(
    at: Place, name: str, credit_micros: int, numbers: int = 0, area: str = "80"
) -> tuple[Web, list[str], str]:
    """An account's client, its numbers, and its id; the credit is what is left after the numbers were paid."""
    organization = await at.operator.make("/organizations", {"name": name})
    account = {
        "name": name,
        "email": f"{name}@example.org",
        "organization_id": organization["id"],
        "credit_micros": credit_micros + numbers * DOLLAR,
        "verified": True,
    }
    made = await at.operator.make("/accounts", account)
    client = at.client(made["access_key"])
    bought = [f"+1415555{area}{index:02}" for index in range(numbers)]
    await offer(at, bought)
    for number in bought:
        await client.make("/numbers", {"number": number})
    return client, bought, made["id"]


async def offer(at: Place, numbers: list[str]) -> None:
    """Put numbers on offer, each at a dollar."""
    items = [
        {"number": number, "type": "local", "country": "US", "setup_micros": 0, "monthly_micros": DOLLAR}
        for number in numbers
    ]
    await at.operator.make("/inventory", {"items": items})


async def all_at_once(client: Web, asks: list[Awaitable[Answer]]) -> list[Answer]:
    """The answers; meanwhile the balance is looked at again and again, and is never below zero."""
    asked = asyncio.gather(*asks)
    while not asked.done():
        account = await client.get("/billing_account")
        assert account["balance_credit"] >= 0
        await asyncio.sleep(0.05)
    return await asked


def refusals(answers: list[Answer]) -> Counter[tuple[int, object]]:
    return Counter((each.status, each.reason) for each in answers if each.status >= 300)


async def assert_balanced(at: Place, client: Web, *, balance: int) -> None:
    async def settled() -> dict[str, Any] | None:
        check: dict[str, Any] = await at.operator.get("/ledger/check")
        return check if check["holds_open"] == 0 else None

    check = await until(settled)
    account = await client.get("/billing_account")
    assert check["balanced"] is True
    assert (account["balance_credit"], account["held_credit"]) == (balance, 0)


async def test_twelve_purchases_at_once_with_money_for_three_buy_three(at: Place) -> None:
    """LED-4."""
    client, _, _ = await poor(at, "buyer", 3 * DOLLAR + DOLLAR // 2)
    numbers = [f"+14155556{index:03}" for index in range(AT_ONCE)]
    await offer(at, numbers)

    answers = await all_at_once(client, [client.ask("POST", "/numbers", {"number": number}) for number in numbers])

    assert refusals(answers) == {(402, "INSUFFICIENT_BALANCE"): AT_ONCE - 3}
    assert len(await client.list("/numbers")) == 3
    await assert_balanced(at, client, balance=DOLLAR // 2)


async def test_twelve_texts_at_once_with_money_for_four_send_four(at: Place) -> None:
    """LED-4."""
    client, (number,), _ = await poor(at, "texter", 4 * UNIT_MICROS, numbers=1)
    text = {
        "source": {"type": "tel", "target": number},
        "destinations": [{"type": "tel", "target": ANSWERING}],
        "text": "hello",
    }

    answers = await all_at_once(client, [client.ask("POST", "/messages", text) for _ in range(AT_ONCE)])

    assert refusals(answers) == {(402, "INSUFFICIENT_BALANCE"): AT_ONCE - 4}
    await assert_balanced(at, client, balance=0)


async def test_twelve_calls_at_once_with_money_for_five_place_five(at: Place) -> None:
    """LED-4, LED-6: a minute is set aside before it rings."""
    client, (number,), _ = await poor(at, "caller", 5 * UNIT_MICROS, numbers=1, area="81")
    wish = {
        "source": {"type": "tel", "target": number},
        "destinations": [{"type": "tel", "target": ANSWERING}],
        "actions": [{"type": "sleep", "option": {"duration": 1500}}],
    }

    answers = await all_at_once(client, [client.ask("POST", "/calls", wish) for _ in range(AT_ONCE)])

    async def over() -> list[dict[str, Any]]:
        rows = await client.list("/calls")
        return rows if all(row["status"] == "hangup" for row in rows) else []

    rows = await until(over)
    paid = [row for row in await client.list("/billings") if row["cost_type"] == "call_pstn_outgoing"]
    assert refusals(answers) == {(402, "INSUFFICIENT_BALANCE"): AT_ONCE - 5}
    assert len([row for row in rows if "tm_progressing" in row]) == 5
    assert len(paid) == 5
    await assert_balanced(at, client, balance=0)


async def test_account_without_money_is_told_so_and_gets_credit_at_once(at: Place) -> None:
    client, _, account_id = await poor(at, "broke", 0)
    await offer(at, ["+14155557001"])

    refused = await client.ask("POST", "/numbers", {"number": "+14155557001"})
    await at.operator.make(f"/accounts/{account_id}/credits", {"amount_micros": DOLLAR, "reason": "a gift"})
    bought = await client.ask("POST", "/numbers", {"number": "+14155557001"})

    assert (refused.status, refused.reason) == (402, "INSUFFICIENT_BALANCE")
    assert bought.status == 200
    await assert_balanced(at, client, balance=0)
