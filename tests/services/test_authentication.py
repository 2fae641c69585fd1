"""Keys, sign-in tokens and passwords say who is asking; everything else is refused in the same words."""

import time
from datetime import datetime, timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.domain.errors import Invalid, NotAuthenticated, NotFound, NotPermitted
from dialplane.domain.ids import AccountId, new_id
from dialplane.domain.tenancy.accounts import AccountStatus, Permission, Principal
from dialplane.services.identity.access_keys import create_key, delete_key, get_key, list_keys, update_key
from dialplane.services.identity.authentication import authenticate_agent, authenticate_key, login, read_claims
from tests.services.people import NOON, make_account, make_agent

SIGNER = JwtSigner("a secret of at least thirty-two octets")
HASHER = Argon2Hasher()


async def test_new_key_acts_for_its_account(database: PostgresDatabase) -> None:
    account = await make_account(database)
    issued = await create_key(database, account.id, name="laptop", now=NOON)

    principal = await authenticate_key(database, issued.token, NOON)

    assert principal == Principal(account.id, Permission.CUSTOMER_ADMIN, via="access_key", key_id=issued.key.id)


async def test_token_of_a_key_is_nowhere_in_the_database(database: PostgresDatabase) -> None:
    """API-4: 190 random bits, a prefix for scanners, kept as SHA-256 only, never in a repr."""
    account = await make_account(database)
    issued = await create_key(database, account.id, now=NOON)

    async with database.reading() as tx:
        kept = await tx.connection.fetchval("select string_agg(k::text, ' ') from access_keys k")

    assert issued.token.startswith("vb_")
    assert len(issued.token) == 35
    assert issued.key.token_prefix == issued.token[:11]
    assert issued.token[11:] not in kept
    assert issued.token not in repr(issued)


async def test_key_is_refused_when_it_has_expired(database: PostgresDatabase) -> None:
    account = await make_account(database)
    issued = await create_key(database, account.id, expires_in_s=60, now=NOON)

    await authenticate_key(database, issued.token, NOON + timedelta(seconds=59))
    with pytest.raises(NotAuthenticated) as refusal:
        await authenticate_key(database, issued.token, NOON + timedelta(seconds=60))

    assert refusal.value.reason == "INVALID_CREDENTIALS"


async def test_key_is_refused_at_once_when_it_is_deleted(database: PostgresDatabase) -> None:
    account = await make_account(database)
    issued = await create_key(database, account.id, now=NOON)
    await authenticate_key(database, issued.token, NOON)

    await delete_key(database, account.id, issued.key.id, now=NOON)

    with pytest.raises(NotAuthenticated, match="not valid"):
        await authenticate_key(database, issued.token, NOON)


@pytest.mark.parametrize(
    ("key", "reason"),
    [("", "AUTHENTICATION_REQUIRED"), ("vb_unknown", "INVALID_CREDENTIALS"), ("é", "INVALID_CREDENTIALS")],
)
async def test_missing_and_unknown_keys_are_told_apart(database: PostgresDatabase, key: str, reason: str) -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        await authenticate_key(database, key, NOON)

    assert refusal.value.reason == reason


async def test_use_of_a_key_is_noted_to_the_minute(database: PostgresDatabase) -> None:
    account = await make_account(database)
    issued = await create_key(database, account.id, now=NOON)

    for seconds in (0, 30, 61):
        await authenticate_key(database, issued.token, NOON + timedelta(seconds=seconds))

    assert (await get_key(database, account.id, issued.key.id)).last_used_at == NOON + timedelta(seconds=61)


async def test_frozen_account_is_named_as_such(database: PostgresDatabase) -> None:
    account = await make_account(database, status=AccountStatus.FROZEN)
    issued = await create_key(database, account.id, now=NOON)

    with pytest.raises(NotPermitted) as refusal:
        await authenticate_key(database, issued.token, NOON)

    assert refusal.value.reason == "ACCOUNT_FROZEN"


async def test_another_accounts_key_is_not_found(database: PostgresDatabase) -> None:
    account, stranger = await make_account(database), await make_account(database)
    issued = await create_key(database, account.id, now=NOON)

    with pytest.raises(NotFound):
        await update_key(database, stranger.id, issued.key.id, name="mine", now=NOON)

    assert [key.id for key in await list_keys(database, account.id)] == [issued.key.id]
    assert await list_keys(database, stranger.id) == []


async def test_key_with_a_life_beyond_ten_years_is_refused(database: PostgresDatabase) -> None:
    account = await make_account(database)

    with pytest.raises(Invalid) as refusal:
        await create_key(database, account.id, expires_in_s=10**12, now=NOON)

    assert refusal.value.field == "expire"


async def authenticate_token(database: PostgresDatabase, token: str, now: datetime) -> Principal:
    return await authenticate_agent(database, read_claims(SIGNER, token, now))


async def test_sign_in_gives_a_token_for_seven_days(database: PostgresDatabase) -> None:
    account = await make_account(database)
    agent = await make_agent(database, account, "ann@example.com", await HASHER.hash("correct horse"))

    result = await login(database, SIGNER, HASHER, "Ann@Example.com", "correct horse", NOON)

    assert result.username == "ann@example.com"
    principal = await authenticate_token(database, result.token, NOON + timedelta(days=6, hours=23))
    assert principal == Principal(account.id, Permission.CUSTOMER_ADMIN, agent_id=agent.id, via="agent")
    with pytest.raises(NotAuthenticated):
        await authenticate_token(database, result.token, NOON + timedelta(days=7))


async def test_sign_in_takes_as_long_for_an_unknown_user(database: PostgresDatabase) -> None:
    """REG-1's rule for the sign-in: same answer, same work."""
    account = await make_account(database)
    await make_agent(database, account, "ann@example.com", await HASHER.hash("correct horse"))

    async def refuse(username: str) -> float:
        started = time.process_time()
        with pytest.raises(NotAuthenticated, match="The credentials are not valid"):
            await login(database, SIGNER, HASHER, username, "wrong", NOON)
        return time.process_time() - started

    await refuse("warm-up@example.com")
    known, unknown = await refuse("ann@example.com"), await refuse("bob@example.com")

    assert 0.3 < known / unknown < 3


@pytest.mark.parametrize("secret", ["another secret of thirty-two octets!"])
async def test_token_of_another_installation_is_refused(database: PostgresDatabase, secret: str) -> None:
    account = await make_account(database)
    await make_agent(database, account, "ann@example.com", await HASHER.hash("correct horse"))
    foreign = await login(database, JwtSigner(secret), HASHER, "ann@example.com", "correct horse", NOON)

    for token in (foreign.token, "not.a.token", "é"):
        with pytest.raises(NotAuthenticated) as refusal:
            await authenticate_token(database, token, NOON)
        assert refusal.value.reason == "INVALID_CREDENTIALS"


async def test_unknown_account_has_no_keys(database: PostgresDatabase) -> None:
    assert await list_keys(database, AccountId(new_id(NOON))) == []
