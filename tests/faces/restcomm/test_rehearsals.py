"""Twilio's test credentials: the official library tries what the magic numbers decide (carriers reference e.5)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client as TwilioClient

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.charging.billing import get_balance
from tests.faces.conftest import Client
from tests.faces.restcomm.conftest import RESTCOMM, TWILIO, client_of

GOOD = "+15005550006"
Attempt = Callable[[TwilioClient], object]


@pytest.fixture
async def rehearsing(anonymous: Client, client: Client) -> TwilioClient:
    pair = (await client.ask("GET", "/v1.0/customer/test_credentials")).json
    twilio = TwilioClient(pair["account_sid"], pair["auth_token"])
    twilio.api.base_url = anonymous.base
    return twilio


def buying(**what: str) -> Attempt:
    return lambda twilio: twilio.incoming_phone_numbers.create(**what)


def sending(to: str, from_: str = GOOD) -> Attempt:
    return lambda twilio: twilio.messages.create(to=to, from_=from_, body="Hi")


def calling(to: str, from_: str = GOOD) -> Attempt:
    return lambda twilio: twilio.calls.create(to=to, from_=from_, url="https://example.org/voice")


REFUSED: list[tuple[Attempt, int]] = [
    (buying(phone_number="+15005550000"), 21422),
    (buying(phone_number="+15005550001"), 21421),
    (buying(phone_number="+14155550100"), 21422),
    (buying(area_code="533"), 21452),
    (sending("+14155550100", "+15005550001"), 21212),
    (sending("+14155550100", "+15005550007"), 21606),
    (sending("+14155550100", "+15005550008"), 21611),
    (sending("+14155550100", "+14155550199"), 21606),
    (sending("+15005550001"), 21211),
    (sending("+15005550002"), 21612),
    (sending("+15005550003"), 21408),
    (sending("+15005550004"), 21610),
    (sending("+15005550009"), 21614),
    (calling("+14155550100", "+15005550001"), 21212),
    (calling("+14155550100", "+14155550199"), 21210),
    (calling("+15005550001"), 21217),
    (calling("+15005550002"), 21214),
    (calling("+15005550003"), 21215),
    (calling("+15005550004"), 21216),
    (lambda twilio: twilio.incoming_phone_numbers("PN" + "0" * 32).fetch(), 20008),
    (lambda twilio: twilio.calls("CA" + "0" * 32).fetch(), 20008),
    (lambda twilio: twilio.available_phone_numbers("US").fetch(), 20008),
    (lambda twilio: twilio.api.accounts(twilio.username).update(friendly_name="x"), 20008),
]


async def test_magic_numbers_are_refused_with_the_code_of_each(rehearsing: TwilioClient) -> None:
    def attempt() -> list[tuple[int, int]]:
        refused = []
        for wish, _ in REFUSED:
            with pytest.raises(TwilioRestException) as refusal:
                wish(rehearsing)
            refused.append((refusal.value.code, refusal.value.status))
        return refused

    answered = await asyncio.to_thread(attempt)

    assert answered == [(code, 403 if code == 20008 else 400) for _, code in REFUSED]


async def test_good_numbers_are_answered_and_nothing_is_kept_or_charged(
    rehearsing: TwilioClient, database: PostgresDatabase, account: Account
) -> None:
    before = (await get_balance(database, account.id)).purse

    def attempt() -> list[object]:
        bought = rehearsing.incoming_phone_numbers.create(phone_number=GOOD, voice_url="https://example.org/voice")
        in_area = rehearsing.incoming_phone_numbers.create(area_code="500", friendly_name="Desk")
        sent = rehearsing.messages.create(to="+14155550100", from_=GOOD, body="Hi")
        called = rehearsing.calls.create(to="+14155550100", from_=GOOD, url="https://example.org/voice")
        assert {each.account_sid for each in (bought, in_area, sent, called)} == {rehearsing.username}
        assert [each.sid[:2] for each in (bought, in_area, sent, called)] == ["PN", "PN", "SM", "CA"]
        return [
            (bought.phone_number, bought.voice_url),
            (in_area.phone_number, in_area.friendly_name),
            (sent.status, sent.direction, sent.num_segments, sent.body),
            (called.status, called.direction, called.to),
        ]

    answers = await asyncio.to_thread(attempt)

    assert answers == [
        (GOOD, "https://example.org/voice"),
        (GOOD, "Desk"),
        ("queued", "outbound-api", "1", "Hi"),
        ("queued", "outbound-api", "+14155550100"),
    ]
    assert (await get_balance(database, account.id)).purse == before
    kept = "select (select count(*) from numbers) + (select count(*) from calls) + (select count(*) from messages)"
    assert await database.pool.fetchval(kept) == 0


async def test_rehearsing_opens_nothing_else(anonymous: Client, account: Account, rehearsing: TwilioClient) -> None:
    own = client_of(anonymous, account, TWILIO)
    tested = replace(own, user=rehearsing.username, token=rehearsing.password, sid=rehearsing.username)
    buy = {"PhoneNumber": GOOD}

    wrong_token = await replace(tested, token=own.token).ask("POST", "IncomingPhoneNumbers.json", buy)
    of_another = await replace(tested, sid=own.sid).ask("POST", "IncomingPhoneNumbers.json", buy)
    other_dialect = await replace(tested, base=RESTCOMM).ask("POST", "IncomingPhoneNumbers.json", buy)
    with_real_ones = await replace(own, sid=tested.sid).ask("POST", "IncomingPhoneNumbers.json", buy)

    assert [each.status for each in (wrong_token, of_another, other_dialect, with_real_ones)] == [401, 403, 401, 404]
