"""Accounts change what they say of themselves; the operator changes their standing."""

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import AlreadyExists, Invalid, NotFound
from dialplane.domain.ids import AccountId, OrganizationId, new_id
from dialplane.domain.tenancy.accounts import AccountStatus, IdentityStatus, Organization, Plan
from dialplane.services.tenancy.accounts import CustomerChange, get_account, update_customer
from dialplane.services.tenancy.administration import set_plan, set_status, set_verified
from tests.services.people import NOON, make_account


async def test_customer_changes_only_what_it_names(database: PostgresDatabase) -> None:
    account = await make_account(database, name="Acme")

    await update_customer(database, account.id, CustomerChange(detail="tools", webhook_method=""), now=NOON)

    found = await get_account(database, account.id)
    assert (found.name, found.detail) == ("Acme", "tools")
    assert (found.auth_token, found.project_token) == (account.auth_token, account.project_token)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (CustomerChange(name="x" * 256), "name"),
        (CustomerChange(webhook_method="FETCH"), "webhook_method"),
        (CustomerChange(webhook_uri="ftp://example.com"), "webhook_uri"),
        (CustomerChange(webhook_uri="https://"), "webhook_uri"),
        (CustomerChange(email="nobody"), "email"),
    ],
)
async def test_bad_change_names_its_field(database: PostgresDatabase, change: CustomerChange, field: str) -> None:
    account = await make_account(database)

    with pytest.raises(Invalid) as refusal:
        await update_customer(database, account.id, change, now=NOON)

    assert refusal.value.field == field


async def test_operator_changes_standing(database: PostgresDatabase) -> None:
    account = await make_account(database)

    await set_status(database, account.id, AccountStatus.SUSPENDED, now=NOON)
    await set_plan(database, account.id, Plan.BASIC, now=NOON)
    await set_verified(database, account.id, False, now=NOON)

    found = await get_account(database, account.id)
    assert (found.status, found.plan, found.identity_status) == (
        AccountStatus.SUSPENDED,
        Plan.BASIC,
        IdentityStatus.NONE,
    )


async def test_unknown_account_is_not_found(database: PostgresDatabase) -> None:
    with pytest.raises(NotFound) as refusal:
        await get_account(database, AccountId(new_id(NOON)))

    assert refusal.value.reason == "CUSTOMER_NOT_FOUND"


async def test_sip_domain_belongs_to_one_organization(database: PostgresDatabase) -> None:
    first = Organization(OrganizationId(new_id(NOON)), "One", NOON, ("pbx.example.com",))
    second = Organization(OrganizationId(new_id(NOON)), "Two", NOON, ("pbx.example.com",))
    async with database.transaction() as tx:
        await tx.accounts.insert_organization(first)

    with pytest.raises(AlreadyExists, match=r"pbx\.example\.com"):
        async with database.transaction() as tx:
            await tx.accounts.insert_organization(second)

    async with database.reading() as tx:
        assert await tx.accounts.list_organizations() == [first]
        assert await tx.accounts.find_organization_by_domain("pbx.example.com") == first.id
