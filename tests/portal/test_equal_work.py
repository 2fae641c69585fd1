"""What WEB-1 and WEB-8 ask of passwords, as properties of the work that is done rather than as a race of clocks."""

from collections.abc import Awaitable, Callable

import pytest
from argon2 import PasswordHasher, extract_parameters

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.secrets.passwords import PARAMETERS, Argon2Hasher
from dialplane.domain.errors import NotAuthenticated
from dialplane.domain.ids import utc_now
from dialplane.services.identity.people import SignUpDraft, activate, ask_for_reset, sign_up
from dialplane.services.identity.portal_mail import Letters
from dialplane.services.identity.sign_in import Browser, sign_in
from tests.faces.conftest import CheapHasher
from tests.portal.conftest import PASSWORD

KNOWN, UNKNOWN = "ann@example.com", "bob@example.com"
BROWSER = Browser("203.0.113.7", "a browser")


class NotingHasher(CheapHasher):
    """Computes as the cheap hasher does, and notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[str] = []

    async def hash(self, password: str) -> str:
        self.work.append("hash")
        return await super().hash(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.work.append("verify")
        return await super().verify(password_hash, password)


@pytest.fixture
async def ann(database: PostgresDatabase) -> str:
    """Ann's password hash, of weaker parameters than those of today."""
    hasher = CheapHasher()
    letters = _Letters()
    await sign_up(database, hasher, letters, SignUpDraft(KNOWN, "Ann", "", PASSWORD), utc_now())
    await activate(database, letters.token, utc_now())
    return await _kept_hash(database)


class _Letters(Letters):
    """Remembers the token of its last letter."""

    token: str

    def __init__(self) -> None:
        super().__init__("https://portal.example/portal")

    def activation(self, token: str) -> tuple[str, str]:
        object.__setattr__(self, "token", token)
        return super().activation(token)


async def _kept_hash(database: PostgresDatabase) -> str:
    found: str = await database.pool.fetchval("select password_hash from people where email = $1", KNOWN)
    return found


# --- WEB-1 -----------------------------------------------------------------------------------------------------------


def test_parameters_are_those_that_are_asked_for() -> None:
    """WEB-1: argon2id, 19 MiB, two passes, one lane at least."""
    made = extract_parameters(PasswordHasher.from_parameters(PARAMETERS).hash("x"))

    assert (made.type.name, made.parallelism) == ("ID", 1)
    assert made.memory_cost >= 19 << 10
    assert made.time_cost >= 2


async def test_hash_of_weaker_parameters_is_made_anew_when_its_owner_signs_in(
    database: PostgresDatabase, ann: str
) -> None:
    """WEB-1: and not when somebody guesses."""
    hasher = Argon2Hasher()
    assert hasher.is_outdated(ann)

    with pytest.raises(NotAuthenticated):
        await sign_in(database, hasher, KNOWN, "a guess", BROWSER, utc_now())
    after_guess = await _kept_hash(database)
    await sign_in(database, hasher, KNOWN, PASSWORD, BROWSER, utc_now())
    fresh = await _kept_hash(database)
    await sign_in(database, hasher, KNOWN, PASSWORD, BROWSER, utc_now())

    assert after_guess == ann
    assert not hasher.is_outdated(fresh)
    assert await _kept_hash(database) == fresh


# --- WEB-8 -----------------------------------------------------------------------------------------------------------


def test_decoy_costs_what_a_real_hash_costs() -> None:
    """WEB-8: what is verified for an unknown address has the parameters of what is verified for a known one."""
    hasher = Argon2Hasher()

    assert not hasher.is_outdated(hasher._decoy)


async def _wrong_password(database: PostgresDatabase, hasher: NotingHasher, email: str) -> None:
    with pytest.raises(NotAuthenticated, match="The e-mail address or the password is wrong"):
        await sign_in(database, hasher, email, "a wrong password", BROWSER, utc_now())


async def _sign_up(database: PostgresDatabase, hasher: NotingHasher, email: str) -> None:
    await sign_up(database, hasher, _Letters(), SignUpDraft(email, "Ann", "", PASSWORD), utc_now())


async def _forget(database: PostgresDatabase, hasher: NotingHasher, email: str) -> None:
    await ask_for_reset(database, _Letters(), email, utc_now())


@pytest.mark.parametrize("act", [_wrong_password, _sign_up, _forget])
async def test_same_work_is_done_for_a_known_and_an_unknown_address(
    database: PostgresDatabase, ann: str, act: Callable[[PostgresDatabase, NotingHasher, str], Awaitable[None]]
) -> None:
    """WEB-8: as many slow hashes, and as many rows, for what is told by mail only."""
    done = []
    for email in (KNOWN, UNKNOWN):
        hasher, before = NotingHasher(), await _rows(database)
        await act(database, hasher, email)
        links, mails = await _rows(database)
        done.append((hasher.work, links - before[0], mails - before[1]))

    assert done[0] == done[1]


async def _rows(database: PostgresDatabase) -> tuple[int, int]:
    """How many links and mails there are."""
    found = await database.pool.fetchrow(
        "select (select count(*) from portal_links) as links, (select count(*) from portal_mails) as mails"
    )
    assert found is not None
    return found["links"], found["mails"]
