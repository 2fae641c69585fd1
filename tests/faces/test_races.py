"""One number and many buyers, in every dialect at once over HTTP: one owner, one charge, and clean refusals."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import to_sid
from dialplane.domain.money import usd
from dialplane.domain.supply.inventory import OWNED, SANDBOX
from dialplane.domain.tenancy.accounts import Account
from tests.faces.conftest import PLENTY, Answer, Client, application, dependencies, make_tenant, serving
from tests.services.buying import PRICE, carriers, credit_of, stock
from tests.services.life import assert_life_is_whole

FORM = "application/x-www-form-urlencoded"
NUMBER = "+14155550100"


@dataclass(frozen=True)
class Buyer:
    """An account that speaks every dialect."""

    account: Account
    client: Client
    """With its access key."""

    async def voipbin(self, number: str) -> Answer:
        return await self.client.ask("POST", "/v1.0/numbers", {"number": number})

    async def vox(self, number: str) -> Answer:
        keys = {"projectid": str(self.account.id), "authtoken": self.account.project_token}
        body = urlencode(keys | {"number": number, "action": "purchase"}).encode()
        return await replace(self.client, key="").ask("POST", "/purchasenumber", body, Content_Type=FORM)

    async def restcomm(self, number: str) -> Answer:
        return await self._create("/restcomm/2012-04-24", {"PhoneNumber": number})

    async def twilio(self, number: str) -> Answer:
        return await self._create("/2010-04-01", {"PhoneNumber": number})

    async def restcomm_area(self, area: str) -> Answer:
        return await self._create("/restcomm/2012-04-24", {"AreaCode": area})

    async def twilio_area(self, area: str) -> Answer:
        return await self._create("/2010-04-01", {"AreaCode": area})

    async def _create(self, base: str, form: dict[str, str]) -> Answer:
        sid = to_sid("AC", self.account.id)
        basic = base64.b64encode(f"{sid}:{self.account.auth_token}".encode()).decode()
        path = f"{base}/Accounts/{sid}/IncomingPhoneNumbers.json"
        return await self.client.ask(
            "POST", path, urlencode(form).encode(), Content_Type=FORM, Authorization=f"Basic {basic}"
        )


Purchase = Callable[[Buyer, str], Awaitable[Answer]]
DIALECTS: dict[str, Purchase] = {
    "voipbin": Buyer.voipbin,
    "vox": Buyer.vox,
    "restcomm": Buyer.restcomm,
    "twilio": Buyer.twilio,
}


async def heard(ask: Purchase, buyer: Buyer, number: str) -> Answer:
    """Asks again where so many come at once that a request finds no connection to the database for two seconds."""
    while (answer := await ask(buyer, number)).status == 503:
        pass
    return answer


def outcome(dialect: str, answer: Answer) -> str:
    """`sold`, `taken`, or what else it was: each dialect's own words for both, and nothing else will do."""
    if answer.status == (201 if dialect.startswith("twilio") else 200):
        return "sold"
    match dialect:
        case "voipbin" if (answer.status, answer.reason) == (409, "ALREADY_EXISTS"):
            return "taken"
        case "vox" if (answer.status, answer.json["code"], answer.json["reason"]) == (409, 409, "ALREADY_EXISTS"):
            return "taken"
        case "restcomm" | "restcomm_area" if (answer.status, answer.raw) == (400, b"21452"):
            return "taken"
        case "twilio" if (answer.status, answer.json["code"]) == (400, 21422):
            return "taken"
        case "twilio_area" if (answer.status, answer.json["code"]) == (400, 21452):
            return "taken"
    return f"{dialect}: {answer.status} {answer.raw.decode()[:200]}"


@asynccontextmanager
async def buyers(database: PostgresDatabase, folder: Path, count: int) -> AsyncIterator[list[Buyer]]:
    """So many accounts, before one application with both carriers."""
    ports = replace(dependencies(database, folder), carriers=carriers(database))
    made = [await make_tenant(database, name=f"buyer {n}") for n in range(count)]
    async with database.reading() as tx:
        accounts = [await tx.accounts.get(each.id) for each in made]
    async with (
        serving(ports, application(ports)) as base,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session,
    ):
        yield [Buyer(account, Client(base, session, each.key)) for account, each in zip(accounts, made, strict=True)]


async def spent(database: PostgresDatabase, everybody: list[Buyer]) -> int:
    return sum([PLENTY - (await credit_of(database, each.account.id))[0] for each in everybody])


async def test_two_hundred_buyers_of_one_number_in_every_dialect_make_one_sale(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    """NUM-1: one success, one charge, 199 clean refusals."""
    await stock(database, NUMBER)
    async with buyers(database, tmp_path, 5) as everybody:
        attempts = [
            (name, heard(ask, each, NUMBER)) for _ in range(10) for each in everybody for name, ask in DIALECTS.items()
        ]
        answers = await asyncio.gather(*(attempt for _, attempt in attempts))

    outcomes = Counter(outcome(name, answer) for (name, _), answer in zip(attempts, answers, strict=True))
    assert outcomes == {"sold": 1, "taken": 199}
    assert await spent(database, everybody) == PRICE
    await assert_life_is_whole(database)


async def test_forty_buyers_of_a_number_that_the_carrier_must_be_asked_for_make_one_sale(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    """NUM-1: one try for each account; its own second try would join the first one."""
    await stock(database, NUMBER, carrier=SANDBOX)
    names = list(DIALECTS) * 10
    async with buyers(database, tmp_path, len(names)) as everybody:
        answers = await asyncio.gather(
            *(heard(DIALECTS[name], each, NUMBER) for name, each in zip(names, everybody, strict=True))
        )

    assert Counter(map(outcome, names, answers)) == {"sold": 1, "taken": 39}
    assert await spent(database, everybody) == PRICE
    await assert_life_is_whole(database)


@pytest.mark.parametrize("carrier", [OWNED, SANDBOX])
async def test_each_of_many_numbers_raced_for_in_every_dialect_has_one_owner(
    database: PostgresDatabase, tmp_path: Path, carrier: str
) -> None:
    """NUM-1, round after round: each dialect is another account, and each is tried as often as every other."""
    numbers = [f"+1415555{n:04}" for n in range(200, 225)]
    await stock(database, *numbers, carrier=carrier)
    winners: Counter[str] = Counter()
    async with buyers(database, tmp_path, len(DIALECTS)) as everybody:
        racers = list(zip(DIALECTS.items(), everybody, strict=True))
        for number in numbers:
            racers.append(racers.pop(0))
            answers = await asyncio.gather(*(ask(each, number) for (_, ask), each in racers))
            outcomes = {name: outcome(name, answer) for ((name, _), _), answer in zip(racers, answers, strict=True)}
            assert sorted(outcomes.values()) == ["sold", "taken", "taken", "taken"], outcomes
            winners.update(name for name, what in outcomes.items() if what == "sold")

    assert winners.total() == len(numbers)
    assert await spent(database, everybody) == len(numbers) * PRICE
    await assert_life_is_whole(database)


async def test_fifty_buyers_of_any_number_of_an_area_get_fifty_numbers(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    """NUM-2: none fails."""
    numbers = [f"+1415555{n:04}" for n in range(50)]
    await stock(database, *numbers)
    async with buyers(database, tmp_path, 5) as everybody:
        ways = (Buyer.restcomm_area, Buyer.twilio_area)
        answers = await asyncio.gather(*(ways[n % 2](everybody[n % 5], "415") for n in range(50)))

    assert sorted(answer.json["phone_number"] for answer in answers) == numbers
    assert await spent(database, everybody) == 50 * PRICE
    await assert_life_is_whole(database)


async def test_last_number_of_an_area_goes_to_one_of_those_who_ask_for_any_or_for_it(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    """NUM-1, NUM-2"""
    areas = [str(area) for area in range(201, 221)]
    await stock(database, *(f"+1{area}5550100" for area in areas))
    async with buyers(database, tmp_path, 4) as everybody:
        for area in areas:
            number = f"+1{area}5550100"
            attempts = {
                "restcomm_area": everybody[0].restcomm_area(area),
                "voipbin": everybody[1].voipbin(number),
                "twilio_area": everybody[2].twilio_area(area),
                "vox": everybody[3].vox(number),
            }
            answers = await asyncio.gather(*attempts.values())
            outcomes = {name: outcome(name, answer) for name, answer in zip(attempts, answers, strict=True)}
            assert sorted(outcomes.values()) == ["sold", "taken", "taken", "taken"], outcomes

    assert await spent(database, everybody) == len(areas) * PRICE
    await assert_life_is_whole(database)


async def test_balance_for_three_raced_through_every_dialect_buys_three(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    """LED-4: one purse behind four faces."""
    numbers = [f"+1415555{n:04}" for n in range(300, 340)]
    await stock(database, *numbers, setup_micros=usd(20), monthly_micros=usd(10))
    async with buyers(database, tmp_path, 1) as (buyer,):
        asks = list(DIALECTS.values())
        answers = await asyncio.gather(*(asks[n % 4](buyer, number) for n, number in enumerate(numbers)))

    assert Counter(answer.status in (200, 201) for answer in answers) == {True: 3, False: 37}
    assert {answer.status for answer in answers} <= {200, 201, 402}
    assert await credit_of(database, buyer.account.id) == (usd(10), 0)
    await assert_life_is_whole(database)
