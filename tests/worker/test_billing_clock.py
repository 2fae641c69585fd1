"""The sandbox's moved clock: what is due by it happens now, and is told now. With a whole worker."""

import time
from datetime import timedelta

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.services.eventing.webhooks import set_customer_webhook
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.settings import set_clock
from dialplane.worker.housekeeping import RENEWALS_S
from tests.effort import business
from tests.fakes.numbers import add_credit
from tests.fakes.receiver import Receiver
from tests.services.buying import PRICE, buyer, carriers, stock
from tests.worker.working import working

NUMBER = "+14155550100"
STEPS = (
    (-7, ["number_renewal_due"]),
    (-3, ["number_renewal_due"]),
    (-1, ["number_renewal_due"]),
    (0, ["number_renewal_failed"]),
    (7, ["number_suspended", "number_updated"]),
)
"""Days from the due day, and what is told on that day."""
PAID = ["number_renewed", "number_reactivated", "number_updated"]


async def test_each_step_of_a_renewal_reaches_the_webhook_when_the_clock_gets_there(
    database: PostgresDatabase, dsn: str
) -> None:
    """DESIGN 9, "Renewal": each step is an event that names the number; paying brings it back. However far ahead of
    the wall the clock is, the webhook waits for neither, nor for the worker's next look."""
    account_id = await buyer(database, PRICE)
    await stock(database, NUMBER)
    number = await buy_number(database, carriers(database), account_id, NumberOrder(NUMBER), utc_now())
    assert isinstance(number, Number)
    assert number.renews_at is not None
    expected: list[str] = []

    async with Receiver.listening() as receiver, working(database, dsn):
        async with database.transaction() as tx:
            await set_customer_webhook(tx, account_id, receiver.url(), "POST", utc_now())
        began = time.monotonic()
        for days, told in STEPS:
            await set_clock(database, number.renews_at + timedelta(days=days), now=utc_now())
            expected += told
            await receiver.wait_for(len(expected))
        await add_credit(database, account_id, 5_000_000, utc_now())
        expected += PAID
        await receiver.wait_for(len(expected))
        took_s = time.monotonic() - began

    assert receiver.types == expected
    data = [request.json()["data"] for request in receiver]
    assert {each["number"] for each in data if isinstance(each, dict)} == {NUMBER}
    assert took_s < 2 * RENEWALS_S * business()  # six looks at the worker's own pace take thrice that
