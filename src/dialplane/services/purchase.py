"""Buying a number (being written)."""

from datetime import datetime

from dialplane.domain.ids import AccountId
from dialplane.domain.numbers import Number
from dialplane.domain.orders import NumberOrder, Order
from dialplane.services.carriers import Carriers
from dialplane.services.transaction import Database


async def buy_number(
    database: Database, carriers: Carriers, account_id: AccountId, order: NumberOrder, now: datetime
) -> Number | Order:
    """The number; or the order, where the carrier has not said yes yet."""
    raise NotImplementedError
