"""`AvailablePhoneNumbers` in both dialects: every filter, and what the rows look like (reference 3)."""

from dataclasses import replace
from typing import Any

import pytest

from dialplane.domain.ids import utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem
from dialplane.services.supply.inventory import import_items
from dialplane.services.transaction import Database
from tests.faces.restcomm.conftest import FormClient

SAN_FRANCISCO, SAN_DIEGO, LOS_ANGELES, TOLL_FREE, TORONTO, BERLIN = (
    "+14155078676",
    "+16195550123",
    "+13105550145",
    "+18005550100",
    "+14165550100",
    "+49305550100",
)


def item(number: str, *, kind: NumberKind = NumberKind.LOCAL, country: str = "US") -> NewItem:
    return NewItem(number, kind, country, monthly_micros=usd("1.50"))


def local(number: str, locality: str, postal_code: str, latitude: float, longitude: float) -> NewItem:
    place = replace(item(number), region="CA", locality=locality, postal_code=postal_code)
    return replace(place, latitude=latitude, longitude=longitude)


@pytest.fixture(autouse=True)
async def stocked(database: Database) -> None:
    everything = ("voice", "sms", "mms", "fax")
    papers = ("proof_of_address",)
    items = [
        replace(local(SAN_FRANCISCO, "San Francisco", "94103", 37.7749, -122.4194), capabilities=everything),
        replace(local(SAN_DIEGO, "San Diego", "92101", 32.7157, -117.1611), capabilities=("voice",)),
        replace(local(LOS_ANGELES, "Los Angeles", "90012", 34.0537, -118.2428), documents_required=papers),
        item(TOLL_FREE, kind=NumberKind.TOLL_FREE),
        replace(item(TORONTO, country="CA"), region="ON", postal_code="M5H"),
        item(BERLIN, country="DE"),
    ]
    await import_items(database, items, utc_now())


async def found(client: FormClient, query: str, path: str = "US/Local") -> list[str]:
    answer = await client.ask("GET", f"AvailablePhoneNumbers/{path}.json?{query}")
    assert answer.status == 200, answer.raw
    if client.base.startswith("/2010"):
        return [row["phone_number"] for row in answer.json["available_phone_numbers"]]
    return [row["phoneNumber"] for row in answer.json]


async def row(client: FormClient, path: str) -> dict[str, Any]:
    answer = await client.ask("GET", path)
    rows = answer.json if isinstance(answer.json, list) else answer.json["available_phone_numbers"]
    shown: dict[str, Any] = rows[0]
    return shown


async def test_row_in_each_dialect(restcomm: FormClient, twilio: FormClient) -> None:
    path = "AvailablePhoneNumbers/US/Local.json?InLocality=san%20francisco"

    assert await row(restcomm, path) == {
        "friendlyName": "(415) 507-8676",
        "phoneNumber": SAN_FRANCISCO,
        "latitude": 37.7749,
        "longitude": -122.4194,
        "region": "CA",
        "postalCode": 94103,
        "isoCountry": "US",
        "cost": "1.50",
        "voiceCapable": True,
        "smsCapable": True,
        "mmsCapable": True,
        "faxCapable": True,
        "ussdCapable": False,
    }
    assert await row(twilio, path) == {
        "friendly_name": "(415) 507-8676",
        "phone_number": SAN_FRANCISCO,
        "lata": None,
        "locality": "San Francisco",
        "rate_center": None,
        "latitude": "37.774900",
        "longitude": "-122.419400",
        "region": "CA",
        "postal_code": "94103",
        "iso_country": "US",
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "SMS": True, "MMS": True, "fax": True},
    }


async def test_rows_in_xml(restcomm: FormClient) -> None:
    answer = await restcomm.ask("GET", "AvailablePhoneNumbers/CA/Local")

    assert answer.raw.decode().partition("\n")[2] == (
        "<RestcommResponse><AvailablePhoneNumbers><AvailablePhoneNumber><FriendlyName>(416) 555-0100</FriendlyName>"
        "<PhoneNumber>+14165550100</PhoneNumber><Region>ON</Region><PostalCode>M5H</PostalCode>"
        "<IsoCountry>CA</IsoCountry><Capabilities><Voice>true</Voice><Sms>true</Sms><Mms>false</Mms><Fax>false</Fax>"
        "</Capabilities></AvailablePhoneNumber></AvailablePhoneNumbers></RestcommResponse>"
    )


FILTERS = {
    "": [LOS_ANGELES, SAN_FRANCISCO, SAN_DIEGO],
    "AreaCode=619": [SAN_DIEGO],
    "Contains=STORM": [SAN_FRANCISCO],
    "Contains=storm": [SAN_FRANCISCO],
    "Contains=67565": [],  # what Restcomm's own keypad makes of STORM
    "Contains=555**23": [SAN_DIEGO],
    "Contains=+1310": [LOS_ANGELES],
    "Contains=%2B1310": [LOS_ANGELES],
    "Contains=5550&AreaCode=310": [LOS_ANGELES],
    "SmsEnabled=true": [LOS_ANGELES, SAN_FRANCISCO],
    "SmsEnabled=false": [SAN_DIEGO],
    "MmsEnabled=true&FaxEnabled=true&VoiceEnabled=true": [SAN_FRANCISCO],
    "UssdEnabled=true": [],
    "InRegion=CA&InPostalCode=92101": [SAN_DIEGO],
    "InRegion=ca&InLocality=Los%20Angeles": [LOS_ANGELES],
    "InRegion=NY": [],
    "InRateCenter=SNFC": [],
    "InLata=722": [],
    "NearLatLong=34.05,-118.24": [LOS_ANGELES],
    "NearLatLong=34.05,-118.24&Distance=120": [LOS_ANGELES, SAN_DIEGO],
    "NearNumber=%2B16195550123": [SAN_DIEGO],
    "NearNumber=+16195559999&Distance=150": [SAN_DIEGO, LOS_ANGELES],
    "NearNumber=%2B12125550100": [],
    "ExcludeAllAddressRequired=true": [SAN_FRANCISCO, SAN_DIEGO],
    "ExcludeLocalAddressRequired=true&ExcludeForeignAddressRequired=true&Beta=false": [
        LOS_ANGELES,
        SAN_FRANCISCO,
        SAN_DIEGO,
    ],
    "PageSize=1": [LOS_ANGELES],
    "RangeSize=1&RangeIndex=1": [SAN_FRANCISCO],
}


async def test_every_filter_finds_what_it_says_in_both_dialects(restcomm: FormClient, twilio: FormClient) -> None:
    for client in (restcomm, twilio):
        assert {query: await found(client, query) for query in FILTERS} == FILTERS


async def test_types_are_told_apart_and_what_nobody_has_is_empty(twilio: FormClient) -> None:
    assert await found(twilio, "", "US/TollFree") == [TOLL_FREE]
    assert await found(twilio, "", "us/Mobile") == []
    assert await found(twilio, "", "US/National") == []
    assert await found(twilio, "", "DE/Local") == [BERLIN]


async def test_bad_filters_are_400_and_named(restcomm: FormClient, twilio: FormClient) -> None:
    """IN-1."""
    bad = (
        "AreaCode=4x5",
        "Contains=4$5",
        "Contains=1234567890123456",
        "SmsEnabled=perhaps",
        "NearLatLong=91,0",
        "NearLatLong=here",
        "Distance=501&NearLatLong=1,1",
        "PageSize=0",
        "RangeIndex=-1",
        "InLocality=" + "x" * 129,
    )
    for client in (restcomm, twilio):
        for query in bad:
            answer = await client.ask("GET", f"AvailablePhoneNumbers/US/Local.json?{query}")
            assert (answer.status, query.partition("=")[0] in answer.json["message"]) == (400, True), query

    assert (await twilio.ask("GET", "AvailablePhoneNumbers/US/Local.json?Contains=4")).status == 400


async def test_unknown_country_is_404_in_twilio_and_empty_in_restcomm(restcomm: FormClient, twilio: FormClient) -> None:
    assert (await twilio.ask("GET", "AvailablePhoneNumbers/XX/Local.json")).json["code"] == 20404
    assert await found(restcomm, "", "XX/Local") == []
    assert (await restcomm.ask("GET", "AvailablePhoneNumbers/US/National.json")).status == 404


async def test_countries_with_numbers_on_offer(restcomm: FormClient, twilio: FormClient) -> None:
    listed = await twilio.ask("GET", "AvailablePhoneNumbers.json")
    one = await twilio.ask("GET", "AvailablePhoneNumbers/US.json")
    none = await twilio.ask("GET", "AvailablePhoneNumbers/FR.json")
    codes = await restcomm.ask("GET", "IncomingPhoneNumbers/AvailableCountries.json")

    assert [country["country_code"] for country in listed.json["countries"]] == ["CA", "DE", "US"]
    assert one.json["subresource_uris"] == {
        "local": f"/2010-04-01/Accounts/{twilio.sid}/AvailablePhoneNumbers/US/Local.json",
        "toll_free": f"/2010-04-01/Accounts/{twilio.sid}/AvailablePhoneNumbers/US/TollFree.json",
    }
    assert (none.status, codes.json) == (404, ["CA", "DE", "US"])
