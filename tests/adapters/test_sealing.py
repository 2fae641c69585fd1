"""Secrets under the master key: sealed in the store, opened by whoever has the key, and by nobody else."""

import asyncio

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.sealed_columns import SEALED, open_seal, seal_readable
from dialplane.adapters.secrets.sealing import Seal, WrongKeyError
from dialplane.domain.ids import AccountId
from tests.sealing import SEAL
from tests.services.accounts import make_account
from tests.services.people import NOON

OTHER = Seal(bytes(32))


@given(st.text(max_size=200))
def test_what_was_sealed_is_opened_to_the_same(text: str) -> None:
    assert SEAL.open(SEAL.close(text)) == text


@given(st.text(min_size=4, max_size=200))
def test_seal_shows_nothing_and_is_another_each_time(text: str) -> None:
    sealed = SEAL.close(text)

    assert text not in sealed.removeprefix("sealed:")
    assert SEAL.close(text) != sealed


def test_seal_of_another_key_is_refused() -> None:
    with pytest.raises(WrongKeyError):
        OTHER.open(SEAL.close("secret"))


def test_text_of_a_version_without_seals_is_read_as_it_is() -> None:
    assert SEAL.open("0123456789abcdef") == "0123456789abcdef"


def test_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 octets"):
        Seal(b"short")


def test_secrets_of_two_purposes_and_of_two_keys_differ() -> None:
    assert len({SEAL.secret_for("a"), SEAL.secret_for("b"), OTHER.secret_for("a")}) == 3


async def test_readable_secrets_are_sealed_once_and_still_work(database: PostgresDatabase, dsn: str) -> None:
    """API-4, for a database of a version that kept them readable."""
    account_id = await make_account(database, NOON)
    token = await auth_token(database, account_id)
    async with database.transaction() as tx:
        await tx.connection.execute("update accounts set auth_token = $1, project_token = 'readable'", token)

    first, again = await seal_readable(dsn, SEAL), await seal_readable(dsn, SEAL)

    assert (first, again) == (2, 0)
    assert await auth_token(database, account_id) == token
    async with database.reading() as tx:
        kept = await tx.connection.fetchval("select auth_token || project_token from accounts")
    assert token not in kept
    assert "readable" not in kept


async def test_database_of_another_master_key_is_not_opened(database: PostgresDatabase, dsn: str) -> None:
    await open_seal(dsn, bytes(32))

    with pytest.raises(WrongKeyError):
        await open_seal(dsn, bytes(range(32)))
    with pytest.raises(WrongKeyError):
        await open_seal(dsn, None)


async def test_processes_without_a_master_key_find_the_same_one_in_the_database(
    database: PostgresDatabase, dsn: str
) -> None:
    seals = await asyncio.gather(*(open_seal(dsn, None) for _ in range(4)))

    assert len({seal.secret_for("nonces") for seal in seals}) == 1


async def test_every_column_named_secret_token_or_password_is_sealed_or_hashed(database: PostgresDatabase) -> None:
    """API-4: a new secret must not be forgotten."""
    async with database.reading() as tx:
        columns: list[asyncpg.Record] = await tx.connection.fetch(
            "select table_name, column_name from information_schema.columns where table_schema = 'public'"
            " and column_name ~ '(secret|token|password)' and data_type = 'text'"
            " and column_name !~ '(_hash|_prefix)$'"
        )

    named = {(row["table_name"], row["column_name"]) for row in columns}
    assert named <= {(table, name) for table, names in SEALED.items() for name in names}


async def auth_token(database: PostgresDatabase, account_id: AccountId) -> str:
    async with database.reading() as tx:
        return (await tx.accounts.get(account_id)).auth_token
