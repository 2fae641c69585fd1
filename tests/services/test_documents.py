"""Documents, and the orders that wait for them: handed in, reviewed, rejected, handed in again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.documents import LARGEST, DocumentDraft, DocumentStatus, Verdict, media_type_of
from dialplane.domain.numbering.orders import Order, OrderStatus
from dialplane.domain.supply.inventory import OWNED, SANDBOX
from dialplane.services.numbering.documents import (
    attach_document,
    delete_document,
    get_document,
    list_documents,
    read_content,
    review_document,
    upload_document,
)
from dialplane.services.numbering.numbers import list_numbers
from dialplane.services.numbering.orders import cancel_order, get_order
from dialplane.services.settings import CarrierSwitch, set_carrier_switch
from tests.services.buying import NOW, PRICE, buy, buyer, credit_of, stock
from tests.services.life import PDF, assert_life_is_whole, handed_in, reconcile

NUMBER = "+14155550100"
CREDIT = 10_000_000


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path)


async def pending(
    database: PostgresDatabase, *kinds: str, carrier: str = SANDBOX, credit: int = CREDIT
) -> tuple[AccountId, Order]:
    """An account with an order that waits for documents."""
    account_id = await buyer(database, credit)
    await stock(database, NUMBER, carrier=carrier, documents_required=kinds or ("identity",))
    order = await buy(database, account_id, NUMBER)
    assert isinstance(order, Order)
    return account_id, order


async def told(database: PostgresDatabase) -> list[str]:
    rows = await database.pool.fetch("select type from events order by occurred_at, id")
    return sorted(row["type"] for row in rows)


@pytest.mark.parametrize("carrier", [OWNED, SANDBOX])
async def test_order_whose_documents_are_approved_becomes_a_number(
    database: PostgresDatabase, objects: FolderObjects, carrier: str
) -> None:
    account_id, order = await pending(database, "identity", "address", carrier=carrier)
    assert (order.status, await credit_of(database, account_id)) == (OrderStatus.PENDING, (CREDIT, PRICE))

    for kind in ("identity", "address"):
        document = await handed_in(database, objects, account_id, kind, order_id=order.id)
        await review_document(database, document.id, Verdict.APPROVE, "", NOW)
    submitted = await get_order(database, account_id, order.id)
    await reconcile(database)
    confirmed = await get_order(database, account_id, order.id)

    assert (submitted.status, confirmed.status) == (OrderStatus.SUBMITTED, OrderStatus.CONFIRMED)
    assert [number.id for number in await list_numbers(database, account_id)] == [confirmed.number_id]
    assert await credit_of(database, account_id) == (CREDIT - PRICE, 0)
    await assert_life_is_whole(database)


async def test_each_step_is_told(database: PostgresDatabase, objects: FolderObjects) -> None:
    account_id, order = await pending(database)
    first = await handed_in(database, objects, account_id, order_id=order.id)
    await review_document(database, first.id, Verdict.REJECT, "it is blurred", NOW)
    second = await handed_in(database, objects, account_id, order_id=order.id)
    await review_document(database, second.id, Verdict.APPROVE, "", NOW)
    await reconcile(database)

    assert await told(database) == sorted(
        [
            "order_pending", "document_created", "order_updated", "document_rejected", "order_updated",
            "document_created", "order_updated", "document_approved", "order_submitted", "order_confirmed",
            "number_created",
        ]
    )  # fmt: skip
    numbers = await database.pool.fetch("select data ->> 'number' from events where type like 'order%'")
    assert {row[0] for row in numbers} == {NUMBER}


async def test_rejection_says_why_and_another_document_takes_its_place(
    database: PostgresDatabase, objects: FolderObjects
) -> None:
    account_id, order = await pending(database)
    bad = await handed_in(database, objects, account_id, order_id=order.id)

    await review_document(database, bad.id, Verdict.REJECT, "it is blurred", NOW)
    rejected = await get_order(database, account_id, order.id)
    with pytest.raises(Invalid) as refusal:
        await attach_document(database, account_id, order.id, bad.id, NOW)
    good = await handed_in(database, objects, account_id)
    again = await attach_document(database, account_id, order.id, good.id, NOW)

    assert [(each.state, each.reason, each.document_id) for each in rejected.documents] == [
        ("rejected", "it is blurred", bad.id)
    ]
    assert rejected.status is OrderStatus.PENDING
    assert "it is blurred" in refusal.value.message
    assert [(each.state, each.document_id) for each in again.documents] == [("pending", good.id)]


async def test_document_that_was_approved_before_does_for_the_next_order_at_once(
    database: PostgresDatabase, objects: FolderObjects
) -> None:
    account_id, order = await pending(database)
    document = await handed_in(database, objects, account_id)
    await review_document(database, document.id, Verdict.APPROVE, "", NOW)

    assert (await attach_document(database, account_id, order.id, document.id, NOW)).status is OrderStatus.SUBMITTED


async def test_carriers_refusal_after_the_documents_gives_money_and_item_back(
    database: PostgresDatabase, objects: FolderObjects
) -> None:
    """NUM-3: never charged without a number."""
    account_id, order = await pending(database)
    document = await handed_in(database, objects, account_id, order_id=order.id)
    await set_carrier_switch(database, CarrierSwitch.REJECT)
    await review_document(database, document.id, Verdict.APPROVE, "", NOW)

    await reconcile(database)

    assert (await get_order(database, account_id, order.id)).status is OrderStatus.FAILED
    assert await credit_of(database, account_id) == (CREDIT, 0)
    assert "order_failed" in await told(database)
    await assert_life_is_whole(database)


async def test_cancelled_order_gives_the_money_back_and_lets_the_document_go(
    database: PostgresDatabase, objects: FolderObjects
) -> None:
    account_id, order = await pending(database)
    document = await handed_in(database, objects, account_id, order_id=order.id)
    with pytest.raises(Conflict):
        await delete_document(database, objects, account_id, document.id, NOW)

    await cancel_order(database, account_id, order.id, NOW)
    await delete_document(database, objects, account_id, document.id, NOW)

    assert await credit_of(database, account_id) == (CREDIT, 0)
    with pytest.raises(NotFound):
        await get_document(database, account_id, document.id)
    await assert_life_is_whole(database)


async def test_approval_and_cancellation_at_once_end_in_one_of_the_two(
    database: PostgresDatabase, objects: FolderObjects
) -> None:
    account_id, order = await pending(database)
    document = await handed_in(database, objects, account_id, order_id=order.id)

    await asyncio.gather(
        review_document(database, document.id, Verdict.APPROVE, "", NOW),
        cancel_order(database, account_id, order.id, NOW),
        return_exceptions=True,
    )
    await reconcile(database)

    assert (await get_order(database, account_id, order.id)).status in (OrderStatus.CONFIRMED, OrderStatus.CANCELLED)
    await assert_life_is_whole(database)


async def test_two_reviews_at_once_make_one_verdict(database: PostgresDatabase, objects: FolderObjects) -> None:
    account_id, order = await pending(database)
    document = await handed_in(database, objects, account_id, order_id=order.id)

    verdicts = [review_document(database, document.id, verdict, "why", NOW) for verdict in Verdict]
    outcomes = await asyncio.gather(*verdicts, return_exceptions=True)

    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1


async def test_expired_document_is_neither_approved_nor_handed_in(
    database: PostgresDatabase, objects: FolderObjects
) -> None:
    account_id, order = await pending(database)
    draft = DocumentDraft("identity", PDF, expires_on=NOW.date())
    document = await upload_document(database, objects, account_id, draft, NOW)
    tomorrow = NOW + timedelta(days=1)

    with pytest.raises(Conflict) as late:
        await review_document(database, document.id, Verdict.APPROVE, "", tomorrow)
    with pytest.raises(Invalid) as gone:
        await attach_document(database, account_id, order.id, document.id, tomorrow)
    assert (late.value.reason, gone.value.field) == ("DOCUMENT_EXPIRED", "document_id")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "x" * 65}, "kind"),
        ({"kind": ""}, "kind"),
        ({"content": b""}, "content"),
        ({"content": b"#!/bin/sh"}, "content"),
        ({"content": PDF + bytes(LARGEST)}, "content"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"expires_on": date(2020, 1, 1)}, "expires_on"),
    ],
)
async def test_what_is_no_document_is_refused_by_its_field(
    database: PostgresDatabase, objects: FolderObjects, change: dict[str, object], field: str
) -> None:
    account_id = await buyer(database)
    draft = replace(DocumentDraft("identity", PDF), **change)  # type: ignore[arg-type]  # the draft's own fields

    with pytest.raises(Invalid) as refusal:
        await upload_document(database, objects, account_id, draft, NOW)

    assert refusal.value.field == field
    assert await list_documents(database, account_id) == []


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0...", "image/jpeg"),
    ],
)
def test_type_is_known_by_the_content(content: bytes, media_type: str) -> None:
    assert media_type_of(content) == media_type


async def test_document_of_a_kind_that_nobody_asked_for_is_refused_and_not_kept(
    database: PostgresDatabase, objects: FolderObjects, tmp_path: Path
) -> None:
    account_id, order = await pending(database)

    with pytest.raises(Invalid) as refusal:
        await handed_in(database, objects, account_id, "address", order_id=order.id)

    assert refusal.value.field == "kind"
    assert await list_documents(database, account_id) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_foreign_documents_and_orders_are_not_found(database: PostgresDatabase, objects: FolderObjects) -> None:
    """API-6"""
    account_id, order = await pending(database)
    stranger = await buyer(database)
    document = await handed_in(database, objects, account_id)
    own = await handed_in(database, objects, stranger)

    asked: list[Callable[[], Awaitable[object]]] = [
        lambda: get_document(database, stranger, document.id),
        lambda: read_content(database, objects, stranger, document.id),
        lambda: delete_document(database, objects, stranger, document.id, NOW),
        lambda: attach_document(database, stranger, order.id, own.id, NOW),
        lambda: attach_document(database, account_id, order.id, own.id, NOW),
    ]
    for ask in asked:
        with pytest.raises(NotFound):
            await ask()


async def test_content_comes_back_as_it_was_and_goes_with_the_document(
    database: PostgresDatabase, objects: FolderObjects, tmp_path: Path
) -> None:
    account_id = await buyer(database)
    document = await handed_in(database, objects, account_id)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert await read_content(database, objects, account_id, document.id) == (document, PDF)
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    assert await list_documents(database, None, status=DocumentStatus.PENDING) == [document]

    await delete_document(database, objects, account_id, document.id, NOW)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert await list_documents(database, None) == []


async def test_key_that_leads_out_of_the_folder_is_refused(objects: FolderObjects) -> None:
    with pytest.raises(ValueError, match="no key"):
        await objects.put("../outside", b"")


async def test_order_of_a_clock_that_was_set_back_since_is_looked_at(
    database: PostgresDatabase, objects: FolderObjects
) -> None:
    """NUM-3: the sandbox's clock moves both ways, and no order is left behind."""
    account_id, order = await pending(database)
    document = await handed_in(database, objects, account_id, order_id=order.id)
    await review_document(database, document.id, Verdict.APPROVE, "", NOW + timedelta(days=300))

    await reconcile(database)

    assert (await get_order(database, account_id, order.id)).status is OrderStatus.CONFIRMED
