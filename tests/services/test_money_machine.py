"""LED-10: any sequence of purchases, releases, calls, texts, top-ups, retries and deaths keeps the books right.

The machine holds its own idea of what each account has; the ledger must agree after every step. In `make soak` each of
50 seeds goes 10,000 steps. Hypothesis draws no more than 8 KiB for one run: there it draws seeds of fifty steps each.
"""

import asyncio
from datetime import timedelta
from random import Random
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
from tests.effort import full
from tests.fakes.stopping import StopsAt
from tests.sealing import SEAL
from tests.services.buying import NOW, PRICE, buy, buyer, carriers, credit_of, stock

CALL = DEFAULT_RATES[CostType.CALL_PSTN_OUTGOING]
SMS = DEFAULT_RATES[CostType.SMS]

SEEDS, STEPS = full(12, 50), full(25, 10_000)
PARTS = full(1, 10)
"""Several workers share the seeds."""
AT_ONCE = 50
"""Steps that one drawn number decides, where there are many."""


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
        self.check_account()
        assert self.run(check_ledger(self.database)).balanced  # of all accounts, so not after each of many steps

    def check_account(self) -> None:
        assert self.run(credit_of(self.database, self.account_id)) == (self.credit, self.held)


class LongMoneyMachine(RuleBasedStateMachine):
    """The same steps, fifty of them for each number that is drawn."""

    dsn: str

    def __init__(self) -> None:
        super().__init__()
        self.machine = type("Machine", (MoneyMachine,), {"dsn": self.dsn})()

    def teardown(self) -> None:
        self.machine.teardown()

    @rule(seed=st.integers(0, 2**32 - 1))
    def goes_on(self, seed: int) -> None:
        dice = Random(seed)
        for _ in range(AT_ONCE):
            _take_a_step(self.machine, dice)
            self.machine.check_account()

    @invariant()
    def books_agree_with_the_model(self) -> None:
        self.machine.books_agree_with_the_model()


def _take_a_step(machine: MoneyMachine, dice: Random) -> None:
    again = dice.random() < 0.5
    match dice.randrange(9):
        case 0:
            machine.buys_and_may_die(dice.choice(["owned", SANDBOX]), dice.randint(0, 60), again)
        case 1:
            machine.releases_a_number()
        case 2:
            machine.places_a_call(dice.randint(1, 200))
        case 3:
            machine.call_goes_on(dice.randint(1, 50))
        case 4:
            machine.call_ends(dice.randint(0, 100), again)
        case 5:
            machine.call_is_never_answered()
        case 6:
            machine.texts(dice.randint(1, 300), again)
        case 7:
            machine.tops_up(dice.randint(1, 3_000_000), again)
        case _:
            machine.pays_out(dice.randint(1, 3_000_000), again)


@pytest.mark.parametrize("part", range(PARTS))
def test_books_stay_right_whatever_happens(dsn: str, part: int) -> None:
    """LED-3, LED-10"""
    is_long = STEPS > AT_ONCE
    kind: type[RuleBasedStateMachine] = LongMoneyMachine if is_long else MoneyMachine
    machine = type("Machine", (kind,), {"dsn": dsn})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SEEDS // PARTS,
            stateful_step_count=STEPS // AT_ONCE if is_long else STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
