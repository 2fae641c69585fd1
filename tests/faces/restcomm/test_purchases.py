"""Purchases that do not end with a number at once, and who pays (LED-*, NUM-* through these dialects)."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from dialplane.domain.ids import to_sid, utc_now
from dialplane.domain.money import ZERO, usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.supply.inventory import import_items
from dialplane.services.tenancy.administration import set_verified
from dialplane.services.transaction import Database
from tests.faces.conftest import PLENTY, Client, Tenant, make_tenant, stock
from tests.faces.restcomm.conftest import RESTCOMM, TWILIO, FormClient, child_of, client_of
from tests.faces.restcomm.test_numbers import buy

NUMBER = "+15105555555"
WITH_PAPERS = "+15105550199"


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    await stock(database, NUMBER, "+15105555556", "+15105555557")
    papers = NewItem(
        WITH_PAPERS, NumberKind.LOCAL, "US", monthly_micros=usd(1), documents_required=("proof_of_address",)
    )
    await import_items(database, [papers], utc_now())


async def test_number_that_needs_documents_is_202_with_the_sid_that_it_will_have(
    restcomm: FormClient, twilio: FormClient, client: Client
) -> None:
    form = {"PhoneNumber": WITH_PAPERS, "FriendlyName": "later", "VoiceUrl": "https://example.org/v"}
    first = await restcomm.ask("POST", "IncomingPhoneNumbers.json", form)
    again = await twilio.ask("POST", "IncomingPhoneNumbers.json", form)

    orders = (await client.ask("GET", "/v1.0/orders")).json["result"]
    assert (first.status, first.json["status"], first.json["phone_number"]) == (202, "pending", WITH_PAPERS)
    assert (first.json["friendly_name"], first.json["voice_url"]) == ("later", "https://example.org/v")
    assert (again.status, again.json["sid"]) == (202, first.json["sid"])
    assert [(order["id"].replace("-", ""), order["status"]) for order in orders] == [(first.json["sid"][2:], "pending")]
    assert (await restcomm.ask("GET", "IncomingPhoneNumbers.json")).json["total"] == 0


async def test_account_without_money_is_402_and_gets_nothing(anonymous: Client, database: Database) -> None:
    poor = await make_tenant(database, name="poor", credit=ZERO)
    async with database.reading() as tx:
        account = await tx.accounts.get(poor.id)

    for base in (RESTCOMM, TWILIO):
        answer = await client_of(anonymous, account, base).ask(
            "POST", "IncomingPhoneNumbers.json", {"PhoneNumber": NUMBER}
        )
        assert (answer.status, "message" in answer.json) == (402, True)


async def test_account_that_is_not_verified_is_403(twilio: FormClient, tenant: Tenant, database: Database) -> None:
    await set_verified(database, tenant.id, False, now=utc_now())

    answer = await twilio.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": NUMBER})

    assert (answer.status, answer.json["code"]) == (403, 20403)


async def test_one_number_raced_for_through_every_face_is_sold_once(
    restcomm: FormClient, twilio: FormClient, client: Client, other_tenant: Tenant
) -> None:
    """NUM-1, NUM-2."""
    other = replace(client, key=other_tenant.key)
    form = {"PhoneNumber": NUMBER}
    races = [
        race
        for _ in range(8)
        for race in (
            restcomm.ask("POST", "IncomingPhoneNumbers.json", form),
            twilio.ask("POST", "IncomingPhoneNumbers.json", form),
            client.ask("POST", "/v1.0/numbers", {"number": NUMBER}),
            other.ask("POST", "/v1.0/numbers", {"number": NUMBER}),
        )
    ]

    statuses = Counter(answer.status for answer in await asyncio.gather(*races))

    assert statuses[200] + statuses[201] == 1
    assert set(statuses) <= {200, 201, 400, 409}


async def test_parallel_purchases_in_one_area_get_different_numbers(restcomm: FormClient) -> None:
    """NUM-2."""
    races = [restcomm.ask("POST", "IncomingPhoneNumbers.json", {"AreaCode": "510"}) for _ in range(3)]

    answers = await asyncio.gather(*races)

    assert {answer.json["phone_number"] for answer in answers if answer.status == 200} == {
        NUMBER,
        "+15105555556",
        "+15105555557",
    }


async def test_parent_buys_for_its_child_at_the_childs_expense(
    restcomm: FormClient, account: Account, database: Database
) -> None:
    child = await child_of(database, account)
    for_child = replace(restcomm, sid=to_sid("AC", child.id))

    bought = await buy(for_child)

    async with database.transaction() as tx:
        purses = await tx.ledger.lock_purses([child.id, account.id])
    assert bought["account_sid"] == for_child.sid
    assert (purses[child.id].credit, purses[account.id].credit) == (PLENTY - usd(2), PLENTY)
