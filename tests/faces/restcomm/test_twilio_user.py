"""A Twilio user who changes only the base URL: every number call of the official library, each with all that it can say
(reference 2 to 4; carriers reference e)."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client as TwilioClient

from dialplane.domain.ids import to_sid, utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.identity.access_keys import create_key
from dialplane.services.supply.inventory import import_items
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant
from tests.faces.restcomm.conftest import child_of

LOCAL, OTHER, FREE, MOBILE = "+14155550100", "+14155550101", "+18005550100", "+447400555010"
PLACE = {"region": "CA", "locality": "San Francisco", "postal_code": "94105", "latitude": 37.79, "longitude": -122.4}
T = TypeVar("T")


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    prices = {"setup_micros": usd(1), "monthly_micros": usd(1)}
    items = [NewItem(number, NumberKind.LOCAL, "US", **PLACE, **prices) for number in (LOCAL, OTHER)]  # type: ignore[arg-type]  # of several types
    items += [NewItem(FREE, NumberKind.TOLL_FREE, "US"), NewItem(MOBILE, NumberKind.MOBILE, "GB")]
    await import_items(database, items, utc_now())


@pytest.fixture
def user(anonymous: Client, account: Account) -> TwilioClient:
    return pointed_here(TwilioClient(to_sid("AC", account.id), account.auth_token), anonymous.base)


def pointed_here(client: TwilioClient, base: str) -> TwilioClient:
    """The one line that a user of the library adds."""
    client.api.base_url = base
    return client


async def aside(work: Callable[[], T]) -> T:
    """The library blocks; the server is on this loop."""
    return await asyncio.to_thread(work)


async def test_every_parameter_of_a_number_is_written_and_read_back(user: TwilioClient) -> None:
    def work() -> None:
        menu = str(user.applications.create(friendly_name="menu", voice_url="https://app.example/voice").sid)
        urls = {
            name: f"https://own.example/{name}"
            for name in ("voice_url", "voice_fallback_url", "sms_url", "sms_fallback_url", "status_callback")
        }
        methods = dict.fromkeys(
            ("voice_method", "voice_fallback_method", "sms_method", "sms_fallback_method", "status_callback_method"),
            "GET",
        )
        wanted = urls | methods | {"friendly_name": "Front desk", "api_version": "2010-04-01"}
        wanted |= {"voice_application_sid": menu, "sms_application_sid": menu, "voice_receive_mode": "fax"}
        made = user.incoming_phone_numbers.create(phone_number=LOCAL, voice_caller_id_lookup=True, **wanted)
        bare = user.incoming_phone_numbers.create(phone_number=OTHER)
        changed = user.incoming_phone_numbers(str(bare.sid)).update(voice_caller_id_lookup=True, **wanted)

        for number in (made, changed, user.incoming_phone_numbers(str(made.sid)).fetch()):
            assert {name: getattr(number, name) for name in wanted} == wanted
            assert number.voice_caller_id_lookup is True
        cleared = changed.update(voice_url="", voice_application_sid="", friendly_name="", emergency_status="Inactive")
        assert (cleared.voice_url, cleared.voice_application_sid) == (None, None)
        assert (cleared.friendly_name, cleared.sms_application_sid) == ("(415) 555-0101", menu)

    await aside(work)


async def test_every_member_of_a_number_is_there_and_of_its_type(user: TwilioClient) -> None:
    number = await aside(lambda: user.incoming_phone_numbers.create(phone_number=LOCAL))

    assert (number.account_sid, number.phone_number, number.friendly_name) == (
        user.account_sid, LOCAL, "(415) 555-0100",
    )  # fmt: skip
    assert (number.address_requirements, number.beta, number.origin, number.status, number.type) == (
        "none", False, "twilio", "in-use", "local",
    )  # fmt: skip
    assert (number.emergency_status, number.emergency_address_status, number.voice_receive_mode) == (
        "Inactive", "unregistered", "voice",
    )  # fmt: skip
    nothing = ("address_sid", "identity_sid", "trunk_sid", "bundle_sid", "emergency_address_sid", "voice_url")
    assert [getattr(number, name) for name in nothing] == [None] * 6
    assert number.date_created is not None
    assert number.date_updated is not None
    assert abs(number.date_created - datetime.now(UTC)) < timedelta(minutes=5)
    assert number.uri == f"/2010-04-01/Accounts/{user.account_sid}/IncomingPhoneNumbers/{number.sid}.json"
    assert await aside(number.assigned_add_ons.list) == []


async def test_lists_take_every_filter_and_every_way_through(user: TwilioClient) -> None:
    def work() -> None:
        numbers = user.incoming_phone_numbers
        for number, name in ((LOCAL, "desk"), (OTHER, ""), (FREE, ""), (MOBILE, "")):
            numbers.create(phone_number=number, friendly_name=name)

        def found(**filters: object) -> list[str | None]:
            return [number.phone_number for number in numbers.list(**filters)]

        assert found() == [LOCAL, OTHER, FREE, MOBILE]
        assert found(phone_number="+1415") == [LOCAL, OTHER]
        assert found(phone_number="5550*01") == [OTHER]
        assert found(friendly_name="desk") == [LOCAL]
        assert found(beta=True, origin="twilio", limit=2) == [LOCAL, OTHER]
        assert found(origin="hosted") == []
        assert [each.phone_number for each in numbers.local.list(phone_number="0101")] == [OTHER]
        assert [each.phone_number for each in numbers.toll_free.stream(beta=True)] == [FREE]
        assert [each.phone_number for each in numbers.mobile.page(origin="twilio")] == [MOBILE]
        assert list(numbers.mobile.list(origin="hosted")) == []
        first = numbers.page(page_size=3)
        again = numbers.get_page(f"{user.api.base_url}{first._payload['next_page_uri']}")
        assert [each.phone_number for each in again] == [MOBILE]

    await aside(work)


async def test_search_takes_every_filter_of_every_type(user: TwilioClient) -> None:
    def work() -> None:
        us = user.available_phone_numbers("US")
        shared = {
            "sms_enabled": True, "voice_enabled": True, "mms_enabled": False, "fax_enabled": False, "beta": True,
            "exclude_all_address_required": True, "exclude_local_address_required": True,
            "exclude_foreign_address_required": True,
        }  # fmt: skip
        everything = us.local.list(
            area_code=415, contains="555****", near_number=OTHER, near_lat_long="37.8,-122.4", distance=30,
            in_postal_code="94105", in_region="CA", in_locality="San Francisco", page_size=1, limit=1, **shared,
        )  # fmt: skip
        assert [each.phone_number for each in everything] == [LOCAL]
        found = everything[0]
        assert (found.locality, found.region, found.postal_code, found.iso_country) == (
            "San Francisco", "CA", "94105", "US",
        )  # fmt: skip
        assert (found.latitude, found.longitude, found.address_requirements, found.beta) == (
            Decimal("37.79"), Decimal("-122.4"), "none", False,
        )  # fmt: skip
        assert us.local.list(in_lata="722") == us.local.list(in_rate_center="SNFC") == []
        assert [each.phone_number for each in us.toll_free.list(contains="800555", **shared)] == [FREE]
        assert us.mobile.list(**shared) == []
        for kind in (us.national, us.voip, us.shared_cost, us.machine_to_machine):
            assert kind.list(area_code=415, **shared) == []
        assert [each.country_code for each in user.available_phone_numbers.list()] == ["GB", "US"]
        assert set(user.available_phone_numbers("GB").fetch().subresource_uris or {}) == {"mobile"}

    await aside(work)


async def test_user_with_an_api_key_acts_for_the_account_and_those_below(
    anonymous: Client, account: Account, tenant: Tenant, database: Database
) -> None:
    issued = await create_key(database, tenant.id, now=utc_now())
    child = to_sid("AC", (await child_of(database, account)).id)
    sid = to_sid("AC", account.id)
    user = pointed_here(TwilioClient(to_sid("SK", issued.key.id), issued.token, sid), anonymous.base)

    def work() -> None:
        bought = user.incoming_phone_numbers.create(phone_number=LOCAL)
        moved = bought.update(account_sid=child)
        theirs = user.api.v2010.accounts(child).incoming_phone_numbers
        assert (moved.account_sid, [each.sid for each in theirs.list()]) == (child, [bought.sid])
        assert theirs(str(bought.sid)).delete()
        assert (user.incoming_phone_numbers.list(), theirs.list()) == ([], [])

    await aside(work)


REFUSED: list[tuple[Callable[[TwilioClient], object], int, int, str]] = [
    (lambda user: user.incoming_phone_numbers.create(phone_number="+12125550100"), 400, 21422, "PhoneNumber"),
    (lambda user: user.incoming_phone_numbers.create(phone_number="pizza"), 400, 21421, "PhoneNumber"),
    (lambda user: user.incoming_phone_numbers.create(area_code="533"), 400, 21452, "AreaCode"),
    (lambda user: user.incoming_phone_numbers.create(area_code="876"), 400, 21451, "AreaCode"),
    (lambda user: user.incoming_phone_numbers.create(), 400, 20001, "PhoneNumber"),
    (lambda user: user.incoming_phone_numbers.local.create(phone_number=FREE), 400, 20001, "PhoneNumber"),
    (lambda user: user.incoming_phone_numbers.create(phone_number=LOCAL, voice_url="nowhere"), 400, 21402, "VoiceUrl"),
    (
        lambda user: user.incoming_phone_numbers.create(phone_number=LOCAL, sms_application_sid="AP" + "0" * 32),
        400, 21218, "SmsApplicationSid",
    ),
    (lambda user: user.incoming_phone_numbers.create(phone_number=LOCAL, trunk_sid="TK1"), 400, 20001, "TrunkSid"),
    (lambda user: user.incoming_phone_numbers.list(origin="mars"), 400, 20001, "Origin"),
    (lambda user: user.incoming_phone_numbers("PN" + "0" * 32).fetch(), 404, 20404, ""),
    (lambda user: user.incoming_phone_numbers("PN" + "0" * 32).update(voice_url=""), 404, 20404, ""),
    (lambda user: user.incoming_phone_numbers("PN" + "0" * 32).delete(), 404, 20404, ""),
    (lambda user: user.incoming_phone_numbers("PN" + "0" * 32).assigned_add_ons.list(), 404, 20404, ""),
    (lambda user: user.available_phone_numbers("ZZ").local.list(), 404, 20404, ""),
    (lambda user: user.available_phone_numbers("US").local.list(contains="?"), 400, 20001, "Contains"),
    (lambda user: user.applications("AP" + "0" * 32).fetch(), 404, 20404, ""),
    (lambda user: user.api.accounts("AC" + "0" * 32).fetch(), 404, 20404, ""),
]  # fmt: skip


def facts_of(refusal: TwilioException) -> tuple[int, int | None, str]:
    """Status, code and message. Where a list is refused, the library throws without reading what the server says."""
    if isinstance(refusal, TwilioRestException):
        return refusal.status, refusal.code, refusal.msg
    _, response = refusal.args
    told = json.loads(response.text)
    assert told["more_info"] == f"https://www.twilio.com/docs/errors/{told['code']}"
    return told["status"], told["code"], told["message"]


async def test_every_refusal_is_the_librarys_exception_with_code_status_and_name(
    user: TwilioClient, anonymous: Client
) -> None:
    stranger = pointed_here(TwilioClient(str(user.account_sid), "wrong"), anonymous.base)
    for work, status, code, named in [
        *REFUSED,
        (lambda _: stranger.incoming_phone_numbers.list(), 401, 20003, ""),
    ]:
        with pytest.raises(TwilioException) as raised:
            await aside(partial(work, user))

        told = facts_of(raised.value)
        assert told[:2] == (status, code), told
        assert named in told[2]
    assert await aside(user.incoming_phone_numbers.list) == []
