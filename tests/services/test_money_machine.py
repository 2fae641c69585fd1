"""LED-10: any sequence of purchases, releases, calls, texts, top-ups, retries and deaths keeps the books right.

The machine holds its own idea of what each account has; the ledger must agree after every step.
"""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.domain.charging.ledger import Charge, HoldRequest, ReferenceType
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType
from dialplane.domain.errors import InsufficientBalance
from dialplane.domain.ids import AccountId
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.supply.inventory import SANDBOX
from dialplane.services.charging.billing import check_ledger
from dialplane.services.charging.ledger import charge, credit, hold_many, release_hold, settle_hold
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.reconcile import reconcile_orders
from tests.effort import EFFORT
from tests.fakes.stopping import StopsAt
from tests.sealing import SEAL
from tests.services.buying import NOW, PRICE, buy, buyer, carriers, credit_of, stock

CALL = DEFAULT_RATES[CostType.CALL_PSTN_OUTGOING]
SMS = DEFAULT_RATES[CostType.SMS]


class MoneyMachine(RuleBasedStateMachine):
    """One account; `credit` is what the model believes, `calls` the minutes held by open calls."""

    dsn: str

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.credit = 5_000_000
        self.calls: dict[str, int] = {}
        self.numbers: list[Number] = []
        self.database: PostgresDatabase = self.run(connect(self.dsn, SEAL, max_size=3))
        self.account_id: AccountId = self.run(buyer(self.database, self.credit))

    def run(self, work: Any) -> Any:  # the machine's own bridge into asyncio; every use names its type
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.loop.close()

    @property
    def held(self) -> int:
        return sum(self.calls.values()) * CALL.micros

    @rule(carrier=st.sampled_from(["owned", SANDBOX]), step=st.integers(0, 60), again=st.booleans())
    def buys_and_may_die(self, carrier: str, step: int, again: bool) -> None:
        self.run(self._buy(carrier, step, again))

    async def _buy(self, carrier: str, step: int, again: bool) -> None:
        number, key = f"+1{uuid4().int % 9 + 1}{uuid4().int % 10**9:09}", uuid4().hex
        await stock(self.database, number, carrier=carrier)
        payable = self.credit - self.held >= PRICE
        dies = StopsAt(buy(self.database, self.account_id, number, key=key), step)
        try:
            await dies
        except asyncio.CancelledError:
            await reconcile_orders(self.database, carriers(self.database), NOW + timedelta(minutes=2))
        except InsufficientBalance:
            assert not payable
        got = await self._repeat(number, key)
        assert (got is not None) == payable
        if again:
            assert await self._repeat(number, key) == got
        if got is not None:
            self.credit -= PRICE
            self.numbers.append(got)

    async def _repeat(self, number: str, key: str) -> Number | None:
        try:
            got = await buy(self.database, self.account_id, number, key=key)
        except InsufficientBalance:
            return None
        assert isinstance(got, Number)
        return got

    @rule()
    def releases_a_number(self) -> None:
        if self.numbers:
            self.run(release_number(self.database, self.account_id, self.numbers.pop().id, NOW))

    @rule(minutes=st.integers(1, 200))
    def places_a_call(self, minutes: int) -> None:
        key = f"call:{uuid4()}"
        payable = self.credit - self.held >= minutes * CALL.micros
        assert self.run(self._hold(key, minutes)) == payable
        if payable:
            self.calls[key] = minutes

    @rule(minutes=st.integers(1, 50))
    def call_goes_on(self, minutes: int) -> None:
        if self.calls:
            key = next(iter(self.calls))
            payable = self.credit - self.held >= minutes * CALL.micros
            assert self.run(self._hold(key, self.calls[key] + minutes)) == payable
            self.calls[key] += minutes if payable else 0

    async def _hold(self, key: str, minutes: int) -> bool:
        async with self.database.transaction() as tx:
            request = HoldRequest(self.account_id, key, CALL, minutes, NOW + timedelta(hours=2))
            return (await hold_many(tx, [request], NOW))[0]

    @rule(used=st.integers(0, 100), again=st.booleans())
    def call_ends(self, used: int, again: bool) -> None:
        if self.calls:
            key, minutes = self.calls.popitem()
            for _ in range(1 + again):
                self.run(self._settle(key, min(used, minutes)))
            self.credit -= min(used, minutes) * CALL.micros

    async def _settle(self, key: str, minutes: int) -> None:
        async with self.database.transaction() as tx:
            done = Charge(key, CALL, minutes, ReferenceType.CALL, uuid4(), NOW, NOW)
            await settle_hold(tx, key, done, NOW)

    @rule()
    def call_is_never_answered(self) -> None:
        if self.calls:
            key, _ = self.calls.popitem()
            self.run(self._release(key))

    async def _release(self, key: str) -> None:
        async with self.database.transaction() as tx:
            await release_hold(tx, key, NOW)

    @rule(segments=st.integers(1, 300), again=st.booleans())
    def texts(self, segments: int, again: bool) -> None:
        key = f"sms:{uuid4()}"
        payable = self.credit - self.held >= segments * SMS.micros
        for _ in range(1 + again):
            assert self.run(self._text(key, segments)) == payable
        self.credit -= segments * SMS.micros if payable else 0

    async def _text(self, key: str, segments: int) -> bool:
        try:
            async with self.database.transaction() as tx:
                await charge(tx, self.account_id, Charge(key, SMS, segments, ReferenceType.SMS, uuid4(), NOW, NOW), NOW)
        except InsufficientBalance:
            return False
        return True

    @rule(amount=st.integers(1, 3_000_000), again=st.booleans())
    def tops_up(self, amount: int, again: bool) -> None:
        key = uuid4().hex
        for _ in range(1 + again):
            assert self.run(self._credit(amount, key))
        self.credit += amount

    @rule(amount=st.integers(1, 3_000_000), again=st.booleans())
    def pays_out(self, amount: int, again: bool) -> None:
        key = uuid4().hex
        payable = self.credit - self.held >= amount
        for _ in range(1 + again):
            assert self.run(self._credit(-amount, key)) == payable
        self.credit -= amount if payable else 0

    async def _credit(self, amount: int, key: str) -> bool:
        try:
            async with self.database.transaction() as tx:
                await credit(tx, self.account_id, Micros(amount), "by hand", key=key, now=NOW)
        except InsufficientBalance:
            return False
        return True

    @invariant()
    def books_agree_with_the_model(self) -> None:
        assert self.run(credit_of(self.database, self.account_id)) == (self.credit, self.held)
        assert self.run(check_ledger(self.database)).balanced


@pytest.fixture
def machine(dsn: str) -> type[MoneyMachine]:
    return type("Machine", (MoneyMachine,), {"dsn": dsn})


def test_books_stay_right_whatever_happens(machine: type[MoneyMachine]) -> None:
    """LED-3, LED-10"""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12 if EFFORT == 1 else 50,
            stateful_step_count=25 * EFFORT,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
