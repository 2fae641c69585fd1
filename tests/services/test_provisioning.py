"""The first start makes the sandbox; every later one finds it again, and repairs what was lost."""

import phonenumbers
from phonenumbers import PhoneNumberType

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import ItemQuery
from dialplane.domain.supply.sandbox_stock import COUNTRIES, sandbox_stock
from dialplane.services.charging.billing import check_ledger, get_balance
from dialplane.services.identity.authentication import authenticate_key, login
from dialplane.services.supply.inventory import search
from dialplane.services.tenancy.accounts import get_account, list_accounts
from dialplane.services.tenancy.provisioning import SandboxWish, prepare_sandbox
from tests.services.people import NOON

WISH = SandboxWish(("127.0.0.1", "PBX.example.com"), "127.0.0.1", 5080)
HASHER = Argon2Hasher()
SIGNER = JwtSigner("a secret of at least thirty-two octets")

TYPES = {
    NumberKind.LOCAL: {PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE},
    NumberKind.MOBILE: {PhoneNumberType.MOBILE},
    NumberKind.TOLL_FREE: {PhoneNumberType.TOLL_FREE},
}


def test_stock_is_the_same_every_time_and_every_number_is_valid() -> None:
    stock = sandbox_stock()

    assert stock == sandbox_stock()
    assert len({item.number for item in stock}) == len(stock) > 3000
    for item in stock:
        parsed = phonenumbers.parse(item.number)
        assert phonenumbers.is_valid_number(parsed), item
        assert phonenumbers.number_type(parsed) in TYPES[item.kind], item
        item.check()


def test_stock_has_every_country_and_some_numbers_that_need_documents() -> None:
    stock = sandbox_stock()

    assert {item.country for item in stock} == set(COUNTRIES)
    for country in COUNTRIES:
        kinds = {item.kind for item in stock if item.country == country}
        assert {NumberKind.LOCAL, NumberKind.TOLL_FREE} <= kinds
        assert (NumberKind.MOBILE in kinds) == (country not in ("US", "CA"))  # the plan of +1 knows no mobile prefix
    assert any(item.documents_required for item in stock)
    with_555 = [item.number for item in stock if item.number.startswith("+1") and item.number[5:8] == "555"]
    assert with_555 == ["+15105555555"]  # Restcomm's documentation buys it


async def test_first_start_makes_an_account_that_can_do_everything(database: PostgresDatabase) -> None:
    given = await prepare_sandbox(database, HASHER, WISH, None, now=NOON)

    principal = await authenticate_key(database, given.access_key, NOON)
    signed_in = await login(database, SIGNER, HASHER, given.portal_email, given.portal_password, NOON)
    account = await get_account(database, principal.account_id)
    balance = await get_balance(database, account.id)
    offered = await search(database, ItemQuery(country="US", area_code="415", limit=5), NOON)
    async with database.reading() as tx:
        organization = await tx.accounts.find_organization_by_domain("pbx.example.com")
        trunk = await tx.trunks.find_by_source("127.0.0.9")
    assert (str(account.id), account.auth_token) == (given.customer_id, given.auth_token)
    assert signed_in.username == given.portal_email
    assert (account.home_country, account.status.may_use) == ("US", True)
    assert set(account.destination_whitelist) == {country.lower() for country in COUNTRIES}
    assert balance.purse.credit == 100_000_000
    assert len(offered) == 5
    assert organization == account.organization_id
    assert trunk is not None
    assert (trunk.host, trunk.port) == ("127.0.0.1", 5080)
    assert (await check_ledger(database)).balanced


async def test_later_start_changes_nothing_but_the_carriers_address(database: PostgresDatabase) -> None:
    first = await prepare_sandbox(database, HASHER, WISH, None, now=NOON)
    moved = SandboxWish(("127.0.0.1", "new.example.com"), "127.0.0.1", 5090)

    again = await prepare_sandbox(database, HASHER, moved, first, now=NOON)

    async with database.reading() as tx:
        trunks = await tx.trunks.list_live()
        organizations = await tx.accounts.list_organizations()
    assert again == first
    assert [(trunk.host, trunk.port) for trunk in trunks] == [("127.0.0.1", 5090)]
    assert [set(found.domains) for found in organizations] == [{"127.0.0.1", "pbx.example.com", "new.example.com"}]
    (account,) = await list_accounts(database)
    assert (await get_balance(database, account.id)).purse.credit == 100_000_000


async def test_lost_credentials_are_made_anew(database: PostgresDatabase) -> None:
    first = await prepare_sandbox(database, HASHER, WISH, None, now=NOON)

    fresh = await prepare_sandbox(database, HASHER, WISH, None, now=NOON)

    assert (fresh.customer_id, fresh.auth_token) == (first.customer_id, first.auth_token)
    assert fresh.access_key != first.access_key
    await authenticate_key(database, fresh.access_key, NOON)
    await login(database, SIGNER, HASHER, fresh.portal_email, fresh.portal_password, NOON)
