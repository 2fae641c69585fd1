"""VoxCPaaS's purchase, as its document prints it and where it leaves a gap (seeds/voxcpaas-numbers.txt, 3.2)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.carriers.sandbox import SandboxCarrier
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.numbering.orders import OrderStatus
from dialplane.domain.supply.inventory import SANDBOX, NewItem
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.charging.billing import check_ledger, get_balance
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.orders import list_orders
from dialplane.services.settings import CarrierSwitch, set_carrier_switch
from dialplane.services.supply.inventory import import_items
from tests.faces.conftest import Client, application, dependencies, make_tenant, serving, stock
from tests.faces.vox.conftest import DID, TOLL_FREE, WITH_DOCUMENTS, Project, Vox, needs_curl, project_of

FROM_SANDBOX = "+12025550150"

pytestmark = pytest.mark.usefixtures("offered")


async def _held(database: PostgresDatabase, account_id: AccountId) -> list[Number]:
    return await list_numbers(database, account_id)


@needs_curl
async def test_purchase_by_the_documents_line(vox: Vox, project: Project, database: PostgresDatabase) -> None:
    """With `pid_` before the project's id, and the number's `+` unescaped as in the document's other examples."""
    answer = await vox.curl(
        "-X", "POST", "https://api.vox-cpaas.com/purchasenumber",
        "-H", "Content-Type: application/x-www-form-urlencoded",
        "-d", f"projectid=pid_{project.id}&authtoken={project.token}&number={DID}&action=purchase",
    )  # fmt: skip

    (number,) = await _held(database, project.account_id)
    assert answer.status == 200
    assert answer.json == {
        "status": "Success",
        "code": 200,
        "message": "the no. is purchased successfully",
        "data": {
            "number": DID,
            "status": "Purchased",
            "number_type": "did",
            "monthly_cost": 1.234567,
            "number_id": str(number.id),
        },
    }
    assert number.number == DID
    assert (await get_balance(database, project.account_id)).purse.credit == usd(100) - 2_234_567


async def test_number_is_taken_in_every_spelling(vox: Vox, project: Project, database: PostgresDatabase) -> None:
    """Escaped, with a form's bare plus, without it, and as dialled in the project's country."""
    spellings = ["%2B12025550301", "+12025550302", "12025550303", "2025550304", "202 555-0305"]
    numbers = [f"+1202555030{n}" for n in range(1, 6)]
    await stock(database, *numbers)

    answers = [
        await vox.post("/purchasenumber", f"{project.keys}&number={spelling}&action=purchase") for spelling in spellings
    ]

    assert [answer.json["data"]["number"] for answer in answers] == numbers


async def test_purchase_takes_its_parameters_in_every_form(
    vox: Vox, project: Project, database: PostgresDatabase
) -> None:
    """The document's header says JSON (and `charser`), its example is a form."""
    numbers = [f"+1202555030{n}" for n in range(1, 6)]
    await stock(database, *numbers)
    fields = {"projectid": project.id, "authtoken": project.token, "action": "purchase"}
    as_text = f'{{"project_id": "{project.id}", "AuthToken": "{project.token}", "action": "Purchase", "number": '
    form = f"{project.keys}&action=Purchase\n&number="

    answers = [
        await vox.post_json("/purchasenumber", fields | {"number": 12025550301}),
        await vox.post("/purchasenumber", f'{as_text}"+12025550302"}}'),
        await vox.post("/purchasenumber", f"{form}+12025550303\n", "application/json; charser=UTF-8"),
        await vox.post(f"/purchasenumber?{project.keys}&action=purchase&number=+12025550304", ""),
        await vox.post("/purchasenumber", f"{form}+12025550305".replace(project.id, project.account_id.hex)),
    ]

    assert [answer.json["data"]["number"] for answer in answers] == numbers


async def test_number_bought_here_is_the_other_faces_number_too(vox: Vox, project: Project, client: Client) -> None:
    bought = await vox.post("/purchasenumber", f"{project.keys}&number={DID}&action=purchase")

    number = await client.ask("GET", f"/v1.0/numbers/{bought.json['data']['number_id']}")
    assert (number.json["number"], number.json["customer_id"]) == (DID, project.id)


async def test_number_that_requires_documents_is_ordered(
    vox: Vox, project: Project, database: PostgresDatabase
) -> None:
    answer = await vox.post("/purchasenumber", f"{project.keys}&number={WITH_DOCUMENTS}&action=order")

    (order,) = await list_orders(database, project.account_id)
    assert order.status is OrderStatus.PENDING
    assert (answer.status, answer.json["code"], answer.json["message"]) == (200, 200, "documentation required")
    assert answer.json["data"] == {
        "number": WITH_DOCUMENTS,
        "status": "Ordered",
        "docs_required": 1,
        "documents": ["proof_of_address"],
        "monthly_cost": 0,
        "setup_cost": 0,
        "order_id": str(order.id),
    }
    assert await _held(database, project.account_id) == []


async def test_wrong_project_keys_buy_nothing(
    vox: Vox, project: Project, other_project: Project, database: PostgresDatabase
) -> None:
    for keys in (
        "",
        f"projectid={project.id}",
        f"projectid={project.id}&authtoken=",
        f"projectid={project.id}&authtoken=wrong",
        f"projectid={other_project.id}&authtoken={project.token}",
        "projectid=pid_XXXXXXX&authtoken=XXXXXXXX",
        f"projectid=00000000-0000-0000-0000-000000000000&authtoken={project.token}",
    ):
        answer = await vox.post("/purchasenumber", f"{keys}&number={DID}&action=purchase")

        assert (answer.status, answer.json["code"], answer.json["status"]) == (401, 401, "No Data")
    assert await _held(database, project.account_id) == []


async def test_bad_purchase_names_the_parameter_and_changes_nothing(
    vox: Vox, project: Project, database: PostgresDatabase
) -> None:
    expected = {
        "action=purchase": (400, "number"),
        "number=xyz&action=purchase": (400, "number"),
        f"number={DID}": (400, "action"),
        f"number={DID}&action=sell": (400, "action"),
        "number=+12025550777&action=purchase": (404, "number"),
        "number=" + "1" * 5000 + "&action=purchase": (400, "number"),
    }

    answers = {rest: await vox.post("/purchasenumber", f"{project.keys}&{rest}") for rest in expected}

    assert {rest: (answer.json["code"], answer.json["field"]) for rest, answer in answers.items()} == expected
    assert [answer.status for answer in answers.values()] == [code for code, _ in expected.values()]
    assert await _held(database, project.account_id) == []


async def test_what_is_no_set_of_parameters_is_refused(vox: Vox) -> None:
    for body in ("[1]", "{", '{"number": {}}', '{"number": true}', '{"number": 1.5}', "a=1&" * 60, "\xff", "a=%00"):
        answer = await vox.client.ask("POST", "/purchasenumber", body.encode("latin-1"), Content_Type="text/plain")

        assert (answer.status, answer.json["code"]) == (400, 400)


async def test_purchase_without_credit_is_refused(database: PostgresDatabase, vox: Vox) -> None:
    poor = await project_of(database, await make_tenant(database, name="poor", credit=usd(1)))

    answer = await vox.post("/purchasenumber", f"{poor.keys}&number={DID}&action=purchase")

    assert (answer.status, answer.json["code"], answer.json["reason"]) == (402, 402, "INSUFFICIENT_BALANCE")
    assert await _held(database, poor.account_id) == []
    assert (await get_balance(database, poor.account_id)).purse.credit == usd(1)


async def test_project_without_standing_buys_nothing(vox: Vox, project: Project, database: PostgresDatabase) -> None:
    expected = {
        "identity_status = 'none'": (403, "IDENTITY_VERIFICATION_REQUIRED"),
        "status = 'frozen'": (403, "ACCOUNT_FROZEN"),
        "status = 'deleted'": (401, "INVALID_CREDENTIALS"),
    }

    found = {}
    for standing in expected:
        async with database.transaction() as tx:
            await tx.connection.execute(f"update accounts set {standing} where id = $1", project.account_id)
        answer = await vox.post("/purchasenumber", f"{project.keys}&number={DID}&action=purchase")
        found[standing] = (answer.json["code"], answer.json["reason"])

    assert found == expected
    assert await _held(database, project.account_id) == []


@pytest.fixture
async def from_sandbox(database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Vox]:
    """The application with the simulated carrier, which offers FROM_SANDBOX."""
    await import_items(database, [NewItem(FROM_SANDBOX, NumberKind.LOCAL, "US")], utc_now(), carrier=SANDBOX)
    ports = replace(dependencies(database, tmp_path), carriers=CarrierRegistry({SANDBOX: SandboxCarrier(database)}))
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        yield Vox(Client(base, session))


async def test_number_is_ordered_where_the_carrier_answers_late(
    from_sandbox: Vox, project: Project, database: PostgresDatabase
) -> None:
    await set_carrier_switch(database, CarrierSwitch.LATE)

    answer = await from_sandbox.post("/purchasenumber", f"{project.keys}&number={FROM_SANDBOX}&action=purchase")

    (order,) = await list_orders(database, project.account_id)
    assert order.status is OrderStatus.SUBMITTED
    assert (answer.json["code"], answer.json["message"]) == (200, "the no. is ordered")
    assert answer.json["data"]["status"] == "Ordered"
    assert answer.json["data"]["order_id"] == str(order.id)


async def test_carriers_refusal_is_a_failure_that_costs_nothing(
    from_sandbox: Vox, project: Project, database: PostgresDatabase
) -> None:
    await set_carrier_switch(database, CarrierSwitch.REJECT)

    answer = await from_sandbox.post("/purchasenumber", f"{project.keys}&number={FROM_SANDBOX}&action=purchase")

    purse = (await get_balance(database, project.account_id)).purse
    assert (answer.status, answer.json["code"], answer.json["reason"]) == (409, 409, "CARRIER_REFUSED")
    assert (purse.credit, purse.credit_held) == (usd(100), 0)


async def test_flood_is_refused_with_the_time_to_wait(
    project: Project, database: PostgresDatabase, tmp_path: Path
) -> None:
    """A bucket for each project, and one for each address, which the listing fills too."""
    limits = RateLimits(api_by_address=Rate(0.001, 3), api_by_account=Rate(0.001, 1))
    async with (
        serving(dependencies(database, tmp_path, rate_limits=limits)) as base,
        aiohttp.ClientSession() as session,
    ):
        vox = Vox(Client(base, session))
        bodies = [f"{project.keys}&number={number}&action=purchase" for number in (DID, TOLL_FREE)]
        bought, again = [await vox.post("/purchasenumber", body) for body in bodies]
        listed, flood = [await vox.get("/listnewnumbers?country=US") for _ in range(2)]

    assert [answer.status for answer in (bought, again, listed, flood)] == [200, 429, 200, 429]
    assert again.json["code"] == flood.json["code"] == 429
    assert int(again.headers["Retry-After"]) > 0


async def test_number_of_another_project_cannot_be_bought(vox: Vox, project: Project, other_project: Project) -> None:
    assert (await vox.post("/purchasenumber", f"{other_project.keys}&number={DID}&action=purchase")).status == 200

    answer = await vox.post("/purchasenumber", f"{project.keys}&number={DID}&action=purchase")

    assert (answer.status, answer.json["code"], answer.json["reason"]) == (409, 409, "ALREADY_EXISTS")


async def test_purchase_raced_with_one_key_buys_once(vox: Vox, project: Project, database: PostgresDatabase) -> None:
    """API-1, NUM-2: both may see the first answer, or the second learns that the first is at work."""
    body = f"{project.keys}&number={DID}&action=purchase"

    answers = await asyncio.gather(*(vox.post("/purchasenumber", body, Idempotency_Key="one") for _ in range(2)))
    again = await vox.post("/purchasenumber", body, Idempotency_Key="one")

    won = [answer for answer in answers if answer.status == 200]
    assert won
    assert all(answer.json["reason"] == "REQUEST_IN_PROGRESS" for answer in answers if answer.status != 200)
    assert again.raw == won[0].raw
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(await _held(database, project.account_id)) == 1
    assert (await get_balance(database, project.account_id)).purse.credit == usd(100) - 2_234_567
    assert (await check_ledger(database)).balanced


async def test_key_with_another_purchase_is_refused(vox: Vox, project: Project) -> None:
    await vox.post("/purchasenumber", f"{project.keys}&number={DID}&action=purchase", Idempotency_Key="one")

    answer = await vox.post(
        "/purchasenumber", f"{project.keys}&number={TOLL_FREE}&action=purchase", Idempotency_Key="one"
    )

    assert (answer.status, answer.json["code"]) == (422, 422)


async def test_numbers_sold_through_two_dialects_at_once_go_to_one_each(
    vox: Vox, client: Client, project: Project, other_project: Project, database: PostgresDatabase
) -> None:
    """NUM-1, NUM-2: one account buys by the native API, another here."""
    numbers = [f"+1202555{n:04}" for n in range(300, 308)]
    await stock(database, *numbers)

    natively = [client.ask("POST", "/v1.0/numbers", {"number": number}) for number in numbers]
    here = [vox.post("/purchasenumber", f"{other_project.keys}&number={number}&action=purchase") for number in numbers]
    answers = await asyncio.gather(*natively, *here)

    assert sorted(answer.status for answer in answers) == [200] * 8 + [409] * 8
    held = await _held(database, project.account_id) + await _held(database, other_project.account_id)
    assert sorted(number.number for number in held) == numbers
    assert (await check_ledger(database)).balanced
