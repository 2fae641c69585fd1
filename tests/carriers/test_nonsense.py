"""A carrier that answers nonsense: it is not known what it did, and nothing of ours breaks."""

from contextlib import suppress
from uuid import uuid4

import pytest

from dialplane.adapters.carriers.accounts import CarrierAccounts
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.supply.carrier_accounts import CarrierKind
from dialplane.domain.supply.inventory import ItemQuery
from dialplane.services.messaging.message_sending import Submission
from dialplane.services.supply.carrier_accounts import AccountChange, add_account
from dialplane.services.supply.carriers import CarrierFailed, CarrierTimeout, Ordered
from tests.fakes.carriers import LOOPBACK, PUBLIC
from tests.fakes.receiver import Receiver
from tests.services.buying import NOW

NUMBER = "+13125550100"
BODIES = [
    b"",
    b"[]",
    b"5",
    b'"text"',
    b"{}",
    b"null",
    b"<html>",
    b"\xff\xfe",
    b'{"data": 5, "incoming_phone_numbers": 5, "available_phone_numbers": 5}',
    b'{"data": [5, null, []], "incoming_phone_numbers": [5], "available_phone_numbers": [null]}',
    b'{"data": [{}], "incoming_phone_numbers": [{}], "available_phone_numbers": [{}]}',
    b'{"data": {"status": [], "id": {}}, "sid": [], "meta": {"total_pages": "many"}}',
    b'{"data": [{"phone_number": "x", "phone_number_type": "local", "cost_information": {"monthly_cost": "NaN"}}]}',
]


@pytest.mark.parametrize("kind", list(CarrierKind))
async def test_nonsense_is_an_unknown_answer_and_breaks_nothing(database: PostgresDatabase, kind: CarrierKind) -> None:
    text = Submission(uuid4(), tel(NUMBER), tel("+12025550199"), "hi", (), 1)
    async with Receiver.listening() as server, GuardedClient(allow=LOOPBACK) as client:
        account = AccountChange(
            name="odd",
            account_sid="AC" + "0" * 32,
            api_key="k",
            api_url=server.url(""),
            public_url=PUBLIC,
            monthly_micros=0,
        )
        await add_account(database, kind, account, NOW)
        found = await CarrierAccounts(database, client).find("odd")
        assert found is not None
        for status in (200, 422):
            for body in BODIES:
                server.status, server.body = status, body
                with suppress(CarrierTimeout, CarrierFailed):
                    assert list(await found.numbers.search(ItemQuery(country="US"), 10)) == []
                with suppress(CarrierTimeout, CarrierFailed):
                    assert await found.numbers.find_order(str(uuid4())) != Ordered()
                with suppress(CarrierTimeout, CarrierFailed):
                    await found.numbers.order(NUMBER, str(uuid4()))
                with suppress(CarrierTimeout, CarrierFailed):
                    assert not await found.numbers.owns(NUMBER)
                with suppress(CarrierTimeout, CarrierFailed):
                    await found.numbers.list_numbers()
                with suppress(CarrierTimeout, CarrierFailed):
                    assert getattr(await found.messages.send(text), "carrier_id", "") == ""
