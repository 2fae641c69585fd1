"""Webhook endpoints: the account's own, further ones, those of activeflows; their secrets, and who may see them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.eventing.webhooks import DeliveryStatus, Endpoint, EndpointKind
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, RunId
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.webhooks import (
    EndpointChange,
    create_endpoint,
    delete_endpoint,
    get_endpoint,
    list_deliveries,
    list_endpoints,
    replay_delivery,
    rotate_secret,
    set_customer_webhook,
    update_endpoint,
)
from tests.fakes.accounts import add_account

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://example.com/hook"


async def _set(
    database: PostgresDatabase, account_id: AccountId, uri: str, method: str = "POST", now: datetime = NOW
) -> Endpoint | None:
    async with database.transaction() as tx:
        return await set_customer_webhook(tx, account_id, uri, method, now)


async def _tell(database: PostgresDatabase, account_id: AccountId, *, run_id: UUID | None = None) -> None:
    async with database.transaction() as tx:
        await publish(tx, Event(account_id, "call_created", uuid4(), {}, NOW, run_id=run_id))


async def _targets(database: PostgresDatabase, account_id: AccountId) -> list[str]:
    found = await list_deliveries(database, account_id, before=None, limit=100)
    return sorted(delivery.url for delivery in found)


async def test_customer_webhook_keeps_its_secret_when_the_address_changes(database: PostgresDatabase) -> None:
    account_id = await add_account(database)

    first = await _set(database, account_id, URL)
    second = await _set(database, account_id, "http://other.example:8080/", "put")
    same = await _set(database, account_id, "http://other.example:8080/", "PUT")

    assert first is not None
    assert second is not None
    assert (second.id, second.secret, second.url, second.method) == (
        first.id,
        first.secret,
        "http://other.example:8080/",
        "PUT",
    )
    assert same == second
    assert await list_endpoints(database, account_id, before=None, limit=10) == [second]


async def test_empty_customer_webhook_takes_it_away_with_what_waited_for_it(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    await _set(database, account_id, URL)
    await _tell(database, account_id)

    assert await _set(database, account_id, "") is None
    await _tell(database, account_id)

    (delivery,) = await list_deliveries(database, account_id, before=None, limit=10)
    assert delivery.status is DeliveryStatus.FAILED
    assert await list_endpoints(database, account_id, before=None, limit=10) == []
    with pytest.raises(Conflict):
        await replay_delivery(database, account_id, delivery.id, NOW)


@pytest.mark.parametrize(
    "url",
    ["ftp://e.com", "example.com", "http://", "http://u:p@e.com/", "http://exa mple.com/", "http://[", "x" * 3000,
     "http://e.com:0/", "http://e.com:65536/"],
)  # fmt: skip
async def test_address_of_a_wrong_form_is_refused(database: PostgresDatabase, url: str) -> None:
    account_id = await add_account(database)

    with pytest.raises(Invalid):
        await _set(database, account_id, url)
    with pytest.raises(Invalid):
        await create_endpoint(database, account_id, url=url, now=NOW)


async def test_blanks_around_an_address_are_no_part_of_it(database: PostgresDatabase) -> None:
    """They come with what is pasted (user-asks H)."""
    account_id = await add_account(database)

    await _set(database, account_id, f" {URL}\n")
    made = await create_endpoint(database, account_id, url=f"\t{URL} ", now=NOW)

    assert made.url == URL
    assert {each.url for each in await list_endpoints(database, account_id, before=None, limit=9)} == {URL}


async def test_unknown_method_is_refused(database: PostgresDatabase) -> None:
    with pytest.raises(Invalid):
        await _set(database, await add_account(database), URL, "PATCH")


async def test_writing_the_address_again_enables_a_disabled_endpoint(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    endpoint = await _set(database, account_id, URL)
    assert endpoint is not None
    await update_endpoint(database, account_id, endpoint.id, EndpointChange(enabled=False), NOW)

    again = await _set(database, account_id, URL)

    assert again is not None
    assert (again.enabled, again.disabled_reason) == (True, "")


async def test_extra_endpoint_is_changed_rotated_and_deleted(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    made = await create_endpoint(database, account_id, url=URL, name="log", now=NOW)

    changed = await update_endpoint(
        database, account_id, made.id, EndpointChange(url="https://two.example/", name="two", enabled=False), NOW
    )
    rotated = await rotate_secret(database, account_id, made.id, NOW)

    assert (changed.url, changed.name, changed.enabled) == ("https://two.example/", "two", False)
    assert rotated.secrets(NOW) == (rotated.secret, made.secret)
    assert rotated.secrets(NOW + timedelta(days=2)) == (rotated.secret,)
    assert await get_endpoint(database, account_id, made.id) == rotated

    await delete_endpoint(database, account_id, made.id, NOW)

    with pytest.raises(NotFound):
        await get_endpoint(database, account_id, made.id)


async def test_customer_webhook_is_neither_redirected_nor_deleted_here(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    endpoint = await _set(database, account_id, URL)
    assert endpoint is not None

    with pytest.raises(Conflict):
        await update_endpoint(database, account_id, endpoint.id, EndpointChange(url=URL), NOW)
    with pytest.raises(Conflict):
        await delete_endpoint(database, account_id, endpoint.id, NOW)


async def test_endpoints_and_deliveries_of_others_are_not_found(database: PostgresDatabase) -> None:
    """API-6."""
    account_id, other = await add_account(database), await add_account(database)
    endpoint = await create_endpoint(database, account_id, url=URL, now=NOW)
    await _tell(database, account_id)
    (delivery,) = await list_deliveries(database, account_id, before=None, limit=10)

    for endpoint_id in (endpoint.id, EndpointId(uuid4())):
        with pytest.raises(NotFound):
            await get_endpoint(database, other, endpoint_id)
        with pytest.raises(NotFound):
            await rotate_secret(database, other, endpoint_id, NOW)
        with pytest.raises(NotFound):
            await delete_endpoint(database, other, endpoint_id, NOW)
    for delivery_id in (delivery.id, DeliveryId(uuid4())):
        with pytest.raises(NotFound):
            await replay_delivery(database, other, delivery_id, NOW)
    assert await list_deliveries(database, other, before=None, limit=10) == []


async def test_address_of_a_run_gets_the_events_of_that_run_only(database: PostgresDatabase) -> None:
    """Reference section 3.3."""
    account_id = await add_account(database)
    await _set(database, account_id, URL)
    run = Run(RunId(uuid4()), account_id, RunStatus.RUNNING, ReferenceType.API, NOW, webhook_uri="https://run.example/")
    async with database.transaction() as tx:
        await tx.runs.add_many([run])

    await _tell(database, account_id)
    await _tell(database, account_id, run_id=run.id)
    await _tell(database, account_id, run_id=run.id)

    assert await _targets(database, account_id) == [URL] * 3 + ["https://run.example/"] * 2
    endpoints = await list_endpoints(database, account_id, before=None, limit=10)
    (of_run,) = [endpoint for endpoint in endpoints if endpoint.kind is EndpointKind.RUN]
    assert (of_run.url, of_run.method) == ("https://run.example/", "POST")
    assert of_run.secret.startswith("whsec_")
    assert len(of_run.secret) == 50
