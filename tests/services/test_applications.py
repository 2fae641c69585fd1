"""Applications: what they run for what arrives, and what becomes of the numbers that point at one."""

from dataclasses import replace
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Invalid, NotFound, NotPermitted
from dialplane.domain.ids import AccountId, ApplicationId
from dialplane.domain.numbering.applications import Application, ApplicationKind, Script
from dialplane.domain.numbering.targets import ApplicationTarget, DocumentTarget, Targets
from dialplane.domain.tenancy.accounts import AccountStatus
from dialplane.services.numbering.applications import (
    application_names,
    create_application,
    delete_application,
    get_application,
    numbers_of_applications,
    query_applications,
    update_application,
)
from dialplane.services.numbering.numbers import get_number, set_targets
from dialplane.services.tenancy.administration import set_status
from tests.services.buying import NOW, bought, buyer, stock

NUMBER = "+12025550143"
URL = "https://app.test/main.xml"


async def make(database: PostgresDatabase, account_id: AccountId, name: str = "menu", **facts: object) -> Application:
    return await create_application(
        database,
        account_id,
        lambda application: replace(application, **facts),  # type: ignore[arg-type]  # its own fields
        name=name,
        now=NOW,
    )


async def test_application_comes_back_as_it_was_written(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    made = await make(
        database, account_id, kind=ApplicationKind.SMS, rcml_url=URL, voice=Script(URL, "GET", URL, "GET"),
        caller_id_lookup=True, status_url=URL, status_method="GET", message_status_url=URL,
    )  # fmt: skip

    changed = await update_application(
        database, account_id, made.id, lambda application: replace(application, name="other"), NOW
    )

    assert changed == replace(made, name="other")
    assert await get_application(database, account_id, made.id) == changed
    assert await query_applications(database, account_id) == ([changed], 1)
    assert await query_applications(database, account_id, name="menu") == ([], 0)
    assert await application_names(database, [made.id]) == {made.id: "other"}


async def test_address_for_the_thing_goes_before_the_address_for_everything() -> None:
    application = Application(
        ApplicationId(uuid4()), AccountId(uuid4()), "menu", NOW, rcml_url=URL, sms=Script("https://app.test/sms")
    )

    assert application.script(ApplicationKind.VOICE).url == URL
    assert application.script(ApplicationKind.SMS).url == "https://app.test/sms"
    assert replace(application, kind=ApplicationKind.SMS).script(ApplicationKind.VOICE).url == ""


async def test_closed_account_gets_no_application(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await set_status(database, account_id, AccountStatus.DELETED, now=NOW)

    with pytest.raises(NotPermitted):
        await make(database, account_id)


async def test_foreign_application_is_not_found_and_no_target(database: PostgresDatabase) -> None:
    owner, stranger = await buyer(database), await buyer(database)
    application = await make(database, owner)
    await stock(database, NUMBER)
    number = await bought(database, stranger, NUMBER)

    with pytest.raises(NotFound):
        await get_application(database, stranger, application.id)
    for targets in (
        Targets(ApplicationTarget(application.id)),
        Targets(message=ApplicationTarget(application.id)),
        Targets(refer=ApplicationTarget(application.id)),
    ):
        with pytest.raises(Invalid) as refusal:
            await set_targets(database, stranger, number.id, targets, NOW)
        assert refusal.value.reason == "APPLICATION_NOT_FOUND"


async def test_deleted_application_is_taken_off_its_numbers(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    application = await make(database, account_id)
    await stock(database, NUMBER)
    number = await bought(database, account_id, NUMBER)
    target, document = ApplicationTarget(application.id), DocumentTarget(URL)
    await set_targets(database, account_id, number.id, Targets(target, document, target), NOW)
    attached = (await numbers_of_applications(database, [application.id]))[application.id]

    await delete_application(database, account_id, application.id, NOW)

    assert [(each.number, each.for_voice, each.for_messages, each.for_transfers) for each in attached] == [
        (NUMBER, True, False, True)
    ]
    assert (await get_number(database, account_id, number.id)).targets == Targets(message=document)
    with pytest.raises(NotFound):
        await get_application(database, account_id, application.id)


@pytest.mark.parametrize(
    ("name", "url", "field"),
    [("", URL, "name"), ("x" * 65, URL, "name"), ("menu", "https://" + "x" * 2048, "rcml_url")],
)
async def test_bad_application_names_its_field(database: PostgresDatabase, name: str, url: str, field: str) -> None:
    account_id = await buyer(database)

    with pytest.raises(Invalid) as refusal:
        await make(database, account_id, name, rcml_url=url)

    assert refusal.value.field == field
