"""Passkeys against whoever does not have them (WEB-3): another origin, a replayed answer, another's challenge."""

from dataclasses import replace

import pytest

from dialplane.adapters.secrets.passkeys import PortalWebAuthn
from dialplane.domain.errors import Invalid, NotAuthenticated
from dialplane.domain.identity.people import Person
from dialplane.domain.ids import PersonId, new_id, utc_now
from dialplane.services.identity.passkeys import (
    add_passkey,
    list_passkeys,
    offer_creation,
    offer_request,
    sign_in_with_passkey,
)
from dialplane.services.identity.sign_in import Browser
from dialplane.services.transaction import Database
from tests.portal.authenticator import Authenticator

WEBAUTHN = PortalWebAuthn.at("https://portal.example")
HERE = Authenticator("https://portal.example", "portal.example")
BROWSER = Browser("203.0.113.7", "a browser")
COOKIE, OTHER_COOKIE = "cookie of one browser", "cookie of another"


@pytest.fixture
async def person(database: Database) -> Person:
    made = Person(PersonId(new_id(utc_now())), "ann@example.com", "Ann", "hash", utc_now())
    async with database.transaction() as tx:
        await tx.people.insert(made)
    return made


async def _create(database: Database, person: Person, authenticator: Authenticator) -> None:
    options = await offer_creation(database, WEBAUTHN, person, COOKIE, utc_now())
    answer = authenticator.create(options)
    await add_passkey(database, WEBAUTHN, person.id, COOKIE, answer, "Laptop", utc_now())


async def _sign_in(database: Database, answer: dict[str, object], cookie: str = COOKIE) -> PersonId:
    signed_in = await sign_in_with_passkey(database, WEBAUTHN, None, cookie, answer, BROWSER, utc_now())
    return signed_in.person.id


async def test_passkey_of_this_origin_signs_in(database: Database, person: Person) -> None:
    """WEB-3, as the only factor."""
    await _create(database, person, HERE)

    options = await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())

    assert await _sign_in(database, HERE.get(options)) == person.id


@pytest.mark.parametrize("origin", ["https://portal.example.evil.test", "http://portal.example", "https://localhost"])
async def test_passkey_is_neither_made_nor_used_from_another_origin(
    database: Database, person: Person, origin: str
) -> None:
    """WEB-3: a page that looks like the portal passes the portal's challenge on."""
    await _create(database, person, HERE)
    phished = replace(HERE, origin=origin)

    with pytest.raises(Invalid):
        await _create(database, person, replace(phished, credential_id=b"another"))
    options = await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())
    with pytest.raises(NotAuthenticated):
        await _sign_in(database, phished.get(options))

    assert len(await list_passkeys(database, person.id)) == 1


async def test_passkey_of_another_name_is_not_accepted(database: Database, person: Person) -> None:
    """WEB-3: the name that the authenticator itself has signed."""
    await _create(database, person, HERE)
    options = await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())

    with pytest.raises(NotAuthenticated):
        await _sign_in(database, replace(HERE, rp_id="evil.test").get(options))


async def test_answer_is_good_once_and_for_its_own_challenge(database: Database, person: Person) -> None:
    """WEB-3: replayed at once, and after another challenge was handed out."""
    await _create(database, person, HERE)
    options = await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())
    answer = HERE.get(options)
    await _sign_in(database, answer)

    with pytest.raises(NotAuthenticated):
        await _sign_in(database, answer)
    await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())
    with pytest.raises(NotAuthenticated):
        await _sign_in(database, answer)


async def test_challenge_is_the_browsers_that_asked_for_it(database: Database, person: Person) -> None:
    """WEB-3."""
    await _create(database, person, HERE)
    options = await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())

    with pytest.raises(NotAuthenticated):
        await _sign_in(database, HERE.get(options), OTHER_COOKIE)


async def test_another_key_under_the_same_id_signs_nobody_in(database: Database, person: Person) -> None:
    """WEB-3."""
    await _create(database, person, HERE)
    thief = Authenticator(HERE.origin, HERE.rp_id, credential_id=HERE.credential_id, count=HERE.count + 10)
    options = await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())

    with pytest.raises(NotAuthenticated):
        await _sign_in(database, thief.get(options))


async def test_counter_that_goes_back_is_a_copy(database: Database, person: Person) -> None:
    """WEB-3: an authenticator that counts was copied where it counts behind (WebAuthn section 6.1.1)."""
    await _create(database, person, HERE)
    options = await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())
    await _sign_in(database, replace(HERE, count=50).get(options))

    options = await offer_request(database, WEBAUTHN, None, COOKIE, utc_now())
    with pytest.raises(NotAuthenticated):
        await _sign_in(database, replace(HERE, count=7).get(options))
