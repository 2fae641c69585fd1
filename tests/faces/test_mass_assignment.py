"""API-7: who adds the name of every column of the store to what may be written changes nothing by it."""

import re
from typing import Any
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.services.tenancy.accounts import get_account
from tests.faces.conftest import Answer, Client, Tenant, stock
from tests.faces.restcomm.conftest import RESTCOMM, TWILIO, client_of

NUMBER = 987_654_321
TEXT = "forged-value"
STRANGER = str(uuid4())
"""Values that can be found again wherever they end up."""

_SID = re.compile(r"\{[^}]*\}")
NUMERIC = frozenset({"bigint", "integer", "smallint", "numeric", "double precision"})


QUEUE: dict[str, object] = {"name": "desk", "detail": "", "routing_method": "random", "tag_ids": [], "wait_timeout": 0}
AGENT: dict[str, object] = {
    "username": "ann@example.org", "password": "correct horse battery", "name": "Ann", "detail": "",
    "ring_method": "ringall", "permission": 16, "tag_ids": [], "addresses": [],
}  # fmt: skip
CUSTOMER: dict[str, object] = {
    "name": "acme", "detail": "", "email": "a@example.org", "phone_number": "", "address": "",
    "webhook_method": "", "webhook_uri": "",
}  # fmt: skip
MADE: dict[str, dict[str, object]] = {
    "/v1.0/reservations": {"number": "+14155550100"},
    "/v1.0/numbers": {"number": "+14155550100", "name": "desk"},
    "/v1.0/number_patterns": {"pattern": "^55.*$", "name": "all"},
    "/v1.0/flows": {"name": "menu", "detail": "", "actions": [{"type": "answer"}]},
    "/v1.0/extensions": {"extension": "100", "password": "long enough", "name": "", "detail": ""},
    "/v1.0/trunks": {"domain_name": "office", "auth_types": ["ip"], "allowed_ips": ["203.0.113.7"], "name": ""},
    "/v1.0/smpp_accounts": {"name": "gateway", "detail": ""},
    "/v1.0/queues": QUEUE,
    "/v1.0/tags": {"name": "sales", "detail": ""},
    "/v1.0/accesskeys": {"name": "key", "detail": ""},
    "/v1.0/agents": AGENT,
    "/v1.0/ports": {"numbers": ["+14155559100"]},
}
"""What is made by a POST there, and changed by a PUT of the same body where there is one."""
KEPT: dict[str, dict[str, object]] = {
    "/v1.0/customer": CUSTOMER,
    "/v1.0/billing_account": {"name": "purse", "detail": ""},
}
FORMS: dict[str, dict[str, str]] = {
    "IncomingPhoneNumbers": {"PhoneNumber": "+14155550100"},
    "Applications": {"FriendlyName": "app"},
}
RESTCOMMS_OWN = {"Clients": {"Login": "alice", "Password": "Correct-Horse-1"}}


async def columns(database: PostgresDatabase) -> dict[str, object]:
    """Each column's name, with a value of its sort."""
    rows = await database.pool.fetch(
        "select distinct column_name, data_type from information_schema.columns where table_schema = 'public'"
    )
    values: dict[str, object] = {"uuid": STRANGER, "boolean": True, "jsonb": {TEXT: 1}, "ARRAY": [TEXT]}
    values |= dict.fromkeys(NUMERIC, NUMBER)
    return {row["column_name"]: values.get(row["data_type"], TEXT) for row in rows}


async def forged(database: PostgresDatabase) -> list[str]:
    """Rows that hold one of the values."""
    tables = await database.pool.fetch("select tablename from pg_tables where schemaname = 'public'")
    marks = [f"%{mark}%" for mark in (NUMBER, TEXT, STRANGER)]
    found: list[str] = []
    for table in tables:
        rows = await database.pool.fetch(
            f"select t::text from {table['tablename']} t where t::text like any($1::text[])",
            marks,
        )
        found += [f"{table['tablename']}: {row[0]}" for row in rows]
    return found


def writable(api: Any, method: str, path: str) -> set[str] | None:
    """The fields that the API says may be written there; None where there is no such request."""
    operation = next(
        (each.get(method.lower()) for name, each in api["paths"].items() if _SID.sub("{id}", name) == path), None
    )
    if operation is None:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    parts = schema.get("oneOf") or schema.get("anyOf") or [schema]
    found = (api["components"]["schemas"][part["$ref"].rpartition("/")[2]] for part in parts if "$ref" in part)
    return {name for each in found for name in each["properties"]}


async def test_columns_beside_the_fields_of_a_request_are_refused_or_ignored(
    database: PostgresDatabase, client: Client
) -> None:
    """API-7"""
    await stock(database, "+14155550100")
    every = await columns(database)
    api = (await client.ask("GET", "/openapi.json")).json

    async def write(method: str, path: str, body: dict[str, object], *, at: str = "") -> Answer | None:
        own = writable(api, method, path)
        if own is None:
            return None
        added = {name: value for name, value in every.items() if name not in own}
        answer = await client.ask(method, path.replace("{id}", at), {**added, **body})
        assert answer.status < 300, (method, path, answer.raw)
        return answer

    for path, body in MADE.items():
        made = await write("POST", path, body)
        assert made is not None
        await write("PUT", f"{path}/{{id}}", body, at=made.json["id"])
    for path, body in KEPT.items():
        assert await write("PUT", path, body) is not None

    assert await forged(database) == []


@pytest.mark.parametrize(("base", "forms"), [(RESTCOMM, FORMS | RESTCOMMS_OWN), (TWILIO, FORMS)])
async def test_columns_beside_the_parameters_of_a_form_are_ignored(
    database: PostgresDatabase, anonymous: Client, tenant: Tenant, base: str, forms: dict[str, dict[str, str]]
) -> None:
    """API-7"""
    await stock(database, "+14155550100")
    added = {name: str(value) for name, value in (await columns(database)).items()}
    client = client_of(anonymous, await get_account(database, tenant.id), base)

    for resource, form in forms.items():
        made = await client.ask("POST", f"{resource}.json", {**added, **form})
        assert made.status < 300, (resource, made.raw)
        changed = await client.ask("POST", f"{resource}/{made.json['sid']}.json", added)
        assert changed.status < 300, (resource, changed.raw)

    assert await forged(database) == []
