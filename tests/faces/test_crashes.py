"""The process that answers dies at every step of a request, in every dialect: who asks again finds all whole."""

import base64
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import NumberId, to_sid, utc_now
from dialplane.domain.supply.inventory import OWNED, SANDBOX
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.settings import set_clock
from tests.effort import EFFORT
from tests.faces.conftest import PLENTY, Tenant, application, dependencies
from tests.services.buying import NOW, PRICE, bought, carriers, credit_of, stock
from tests.services.dying import Play, die_at_every_step, is_cut_off, is_killed
from tests.services.life import sub_account

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Face:
    """One tenant before the application, which uses the given database for this request."""

    folder: Path
    database: PostgresDatabase
    """The one that lives."""
    account: Account
    key: str

    async def ask(self, database: PostgresDatabase, method: str, path: str, body: bytes, **headers: str) -> int:
        ports = replace(dependencies(database, self.folder), carriers=carriers(database))
        app: Any = application(ports)
        path, _, query = path.partition("?")
        sent = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(b"host", b"test"), (b"content-length", str(len(body)).encode()), *sent],
            "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "state": {}, "extensions": {},
        }  # fmt: skip
        statuses: list[int] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await app(scope, receive, send)
        return statuses[0]

    async def native(self, database: PostgresDatabase, method: str, path: str, body: object = None, **more: str) -> int:
        raw = b"" if body is None else msgspec.json.encode(body)
        headers = {"Authorization": f"Bearer {self.key}", "Content_Type": "application/json"} | more
        return await self.ask(database, method, f"/v1.0{path}", raw, **headers)

    async def basic(
        self, database: PostgresDatabase, base: str, method: str, path: str, form: dict[str, str] | None = None
    ) -> int:
        sid = to_sid("AC", self.account.id)
        secret = base64.b64encode(f"{sid}:{self.account.auth_token}".encode()).decode()
        body = urlencode(form or {}).encode()
        path = f"{base}/Accounts/{sid}/IncomingPhoneNumbers{path}.json"
        return await self.ask(database, method, path, body, Authorization=f"Basic {secret}", Content_Type=FORM)


RESTCOMM, TWILIO = "/restcomm/2012-04-24", "/2010-04-01"

Purchase = Callable[[Face, PostgresDatabase, str], Coroutine[None, None, int]]
PURCHASES: dict[str, Purchase] = {
    "voipbin": lambda face, db, number: face.native(db, "POST", "/numbers", {"number": number}),
    "native with a key": lambda face, db, number: face.native(
        db, "POST", "/numbers", {"number": number}, Idempotency_Key=number
    ),
    "restcomm": lambda face, db, number: face.basic(db, RESTCOMM, "POST", "", {"PhoneNumber": number}),
    "twilio": lambda face, db, number: face.basic(db, TWILIO, "POST", "/Local", {"PhoneNumber": number}),
    "vox": lambda face, db, number: face.ask(
        db,
        "POST",
        "/purchasenumber",
        urlencode(
            {
                "projectid": str(face.account.id),
                "authtoken": face.account.project_token,
                "number": number,
                "action": "purchase",
            }
        ).encode(),
        Content_Type=FORM,
    ),
}

Change = Callable[[Face, PostgresDatabase, NumberId], Coroutine[None, None, int]]
RELEASES: dict[str, Change] = {
    "voipbin": lambda face, db, held: face.native(db, "DELETE", f"/numbers/{held}"),
    "restcomm": lambda face, db, held: face.basic(db, RESTCOMM, "DELETE", f"/{to_sid('PN', held)}"),
    "twilio": lambda face, db, held: face.basic(db, TWILIO, "DELETE", f"/{to_sid('PN', held)}"),
}

DEATHS = [is_killed, is_cut_off] if EFFORT > 1 else [is_killed]
STOCKS = [OWNED, SANDBOX] if EFFORT > 1 else [OWNED]


@pytest.fixture
async def face(database: PostgresDatabase, tenant: Tenant, tmp_path: Path) -> Face:
    async with database.reading() as tx:
        account = await tx.accounts.get(tenant.id)
    return Face(tmp_path, database, account, tenant.key)


async def at_noon(database: PostgresDatabase) -> None:
    """What is bought now is bought at the tests' time, from which the worker of the tests goes on."""
    await set_clock(database, NOW, now=utc_now())


@pytest.mark.parametrize("attempt", DEATHS)
@pytest.mark.parametrize("carrier", STOCKS)
@pytest.mark.parametrize("dialect", PURCHASES)
async def test_purchase_dies_at_every_step(
    database: PostgresDatabase, face: Face, dialect: str, carrier: str, attempt: Any
) -> None:
    """NUM-3, LED-7, API-1: never charged without a number, never a number without an owner, and the client that asks
    again has one number for one price."""

    async def begin(number: str) -> Play:
        await at_noon(database)
        await stock(database, number, carrier=carrier)
        return lambda db: PURCHASES[dialect](face, db, number)

    deaths = await die_at_every_step(database, begin, attempt)

    assert deaths > 3
    assert len(await list_numbers(database, face.account.id)) == deaths + 1
    assert await credit_of(database, face.account.id) == (PLENTY - (deaths + 1) * PRICE, 0)


@pytest.mark.parametrize("attempt", DEATHS)
@pytest.mark.parametrize("dialect", RELEASES)
async def test_release_dies_at_every_step(database: PostgresDatabase, face: Face, dialect: str, attempt: Any) -> None:
    """NUM-4, LED-7"""

    async def begin(number: str) -> Play:
        await at_noon(database)
        await stock(database, number)
        held = await bought(database, face.account.id, number)
        return lambda db: RELEASES[dialect](face, db, held.id)

    assert await die_at_every_step(database, begin, attempt) > 3
    assert await list_numbers(database, face.account.id) == []


@pytest.mark.parametrize("attempt", DEATHS)
@pytest.mark.parametrize("dialect", ["native", "restcomm", "twilio"])
async def test_transfer_dies_at_every_step(database: PostgresDatabase, face: Face, dialect: str, attempt: Any) -> None:
    """NUM-1, LED-7"""
    below = await sub_account(database, face.account.id)
    transfers: dict[str, Change] = {
        "native": lambda face, db, held: face.native(
            db, "POST", f"/numbers/{held}/transfer", {"customer_id": str(below)}
        ),
        "restcomm": lambda face, db, held: face.basic(
            db, RESTCOMM, "POST", f"/{to_sid('PN', held)}", {"AccountSid": to_sid("AC", below)}
        ),
        "twilio": lambda face, db, held: face.basic(
            db, TWILIO, "POST", f"/{to_sid('PN', held)}", {"AccountSid": to_sid("AC", below)}
        ),
    }

    async def begin(number: str) -> Play:
        await at_noon(database)
        await stock(database, number)
        held = await bought(database, face.account.id, number)
        return lambda db: transfers[dialect](face, db, held.id)

    deaths = await die_at_every_step(database, begin, attempt)

    assert deaths > 3
    assert await list_numbers(database, face.account.id) == []
    assert len(await list_numbers(database, below)) == deaths + 1
