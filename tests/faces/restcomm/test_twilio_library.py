"""The official Twilio library, unchanged but for its base URL, does all its calls about numbers."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client as TwilioClient

from dialplane.domain.ids import to_sid, utc_now
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.supply.inventory import import_items
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, stock
from tests.faces.restcomm.conftest import child_of

NUMBERS = [f"+1415555010{n}" for n in range(7)]
T = TypeVar("T")


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    await stock(database, *NUMBERS)
    others = [
        NewItem("+18005550100", NumberKind.TOLL_FREE, "US"),
        NewItem("+447400555010", NumberKind.MOBILE, "GB"),
    ]
    await import_items(database, others, utc_now())


@pytest.fixture
def twilio_client(anonymous: Client, account: Account) -> TwilioClient:
    client = TwilioClient(to_sid("AC", account.id), account.auth_token)
    client.api.base_url = anonymous.base
    return client


async def aside(work: Callable[[], T]) -> T:
    """The library blocks; the server is on this loop."""
    return await asyncio.to_thread(work)


async def test_number_is_found_bought_fetched_changed_and_released(twilio_client: TwilioClient) -> None:
    def lifetime() -> None:
        offered = twilio_client.available_phone_numbers("US").local.list(area_code=415, sms_enabled=True, limit=3)
        bought = twilio_client.incoming_phone_numbers.create(
            phone_number=str(offered[0].phone_number), voice_url="https://example.org/voice", voice_method="GET"
        )
        fetched = twilio_client.incoming_phone_numbers(str(bought.sid)).fetch()
        changed = fetched.update(
            friendly_name="Front desk", sms_url="https://example.org/sms", status_callback="https://example.org/status"
        )

        assert [number.phone_number for number in offered] == NUMBERS[:3]
        assert (offered[0].capabilities, offered[0].iso_country) == (
            {"voice": True, "SMS": True, "MMS": False, "fax": False},
            "US",
        )
        assert (bought.voice_url, bought.voice_method, bought.friendly_name) == (
            "https://example.org/voice",
            "GET",
            "(415) 555-0100",
        )
        assert bought.date_created is not None
        assert (fetched.sid, fetched.phone_number, fetched.capabilities) == (
            bought.sid,
            NUMBERS[0],
            {"voice": True, "sms": True, "mms": False, "fax": False},
        )
        assert (changed.friendly_name, changed.sms_url, changed.voice_url, changed.status_callback) == (
            "Front desk",
            "https://example.org/sms",
            "https://example.org/voice",
            "https://example.org/status",
        )
        assert changed.delete()
        assert twilio_client.incoming_phone_numbers.list() == []

    await aside(lifetime)


async def test_number_is_bought_by_its_area_code(twilio_client: TwilioClient) -> None:
    bought = await aside(lambda: twilio_client.incoming_phone_numbers.create(area_code="415"))

    assert bought.phone_number in NUMBERS


async def test_list_goes_through_every_page_and_misses_nothing_that_is_deleted_on_the_way(
    twilio_client: TwilioClient,
) -> None:
    def walk() -> tuple[list[str | None], list[str | None], list[str | None]]:
        numbers = twilio_client.incoming_phone_numbers
        for number in NUMBERS:
            numbers.create(phone_number=number)
        listed = [number.phone_number for number in numbers.list(page_size=3)]
        filtered = [number.phone_number for number in numbers.list(phone_number="5550*03", beta=True)]
        streamed = [(number.delete(), number.phone_number)[1] for number in numbers.stream(page_size=2)]
        return listed, filtered, streamed

    listed, filtered, streamed = await aside(walk)

    assert (listed, filtered, streamed) == (NUMBERS, [NUMBERS[3]], NUMBERS)


async def test_page_before_and_after_are_reached(twilio_client: TwilioClient) -> None:
    def turn() -> list[list[str | None]]:
        for number in NUMBERS[:3]:
            twilio_client.incoming_phone_numbers.create(phone_number=number)
        first = twilio_client.incoming_phone_numbers.page(page_size=2)
        second = first.next_page()
        assert second is not None
        again = second.previous_page()
        assert again is not None
        pages = (first, second, again)
        assert second.next_page() is None
        return [[number.phone_number for number in page] for page in pages]

    assert await aside(turn) == [NUMBERS[:2], NUMBERS[2:3], NUMBERS[:2]]


async def test_types_have_lists_and_creates_of_their_own(twilio_client: TwilioClient) -> None:
    def each() -> list[list[str | None]]:
        numbers = twilio_client.incoming_phone_numbers
        free = twilio_client.available_phone_numbers("US").toll_free.list()[0]
        mobile = twilio_client.available_phone_numbers("GB").mobile.list()[0]
        numbers.local.create(phone_number=NUMBERS[0])
        numbers.toll_free.create(phone_number=str(free.phone_number))
        numbers.mobile.create(phone_number=str(mobile.phone_number))
        lists = (numbers.local.list(), numbers.toll_free.list(), numbers.mobile.list())
        return [[number.phone_number for number in kind] for kind in lists]

    assert await aside(each) == [[NUMBERS[0]], ["+18005550100"], ["+447400555010"]]


async def test_countries_are_listed_and_fetched(twilio_client: TwilioClient) -> None:
    countries = await aside(twilio_client.available_phone_numbers.list)
    country = await aside(twilio_client.available_phone_numbers("GB").fetch)

    assert [each.country_code for each in countries] == ["GB", "US"]
    assert (country.country_code, country.beta) == ("GB", False)


async def test_refusals_arrive_as_the_librarys_exceptions(twilio_client: TwilioClient) -> None:
    numbers = twilio_client.incoming_phone_numbers
    refused = {
        21422: lambda: numbers.create(phone_number="+12125550100"),
        21421: lambda: numbers.create(phone_number="no number"),
        21452: lambda: numbers.create(area_code="999"),
        20404: lambda: numbers("PN" + "0" * 32).fetch(),
    }
    for code, work in refused.items():
        with pytest.raises(TwilioRestException) as raised:
            await aside(work)
        assert raised.value.code == code


async def test_parent_moves_a_number_to_its_child_and_finds_it_there(
    twilio_client: TwilioClient, account: Account, database: Database
) -> None:
    child = to_sid("AC", (await child_of(database, account)).id)

    def move() -> tuple[str | None, list[str | None]]:
        bought = twilio_client.incoming_phone_numbers.create(phone_number=NUMBERS[0])
        moved = bought.update(account_sid=child)
        theirs = twilio_client.api.v2010.accounts(child).incoming_phone_numbers.list()
        return moved.account_sid, [number.phone_number for number in theirs]

    assert await aside(move) == (child, [NUMBERS[0]])
