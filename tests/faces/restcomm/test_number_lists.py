"""Lists of numbers: filters, types, sorting, pages, XML (reference 1.3 to 1.5 and 2.4)."""

from itertools import chain
from typing import Any

import pytest

from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem
from dialplane.services.supply.inventory import import_items
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, stock
from tests.faces.restcomm.conftest import FormClient
from tests.faces.restcomm.test_numbers import buy

FIRST, SECOND, TOLL_FREE, MOBILE = "+15216902867", "+14216902867", "+18005550100", "+447400555010"
EVERY = [FIRST, SECOND, TOLL_FREE, MOBILE, "*777#"]


@pytest.fixture(autouse=True)
async def bought(database: Database, restcomm: FormClient) -> None:
    """In this order."""
    await stock(database, FIRST, SECOND)
    others = [NewItem(TOLL_FREE, NumberKind.TOLL_FREE, "US"), NewItem(MOBILE, NumberKind.MOBILE, "GB")]
    await import_items(database, others, utc_now())
    await buy(restcomm, FIRST, FriendlyName="Zebra")
    await buy(restcomm, SECOND)
    await buy(restcomm, TOLL_FREE, FriendlyName="Ape")
    await buy(restcomm, MOBILE, FriendlyName="Zebra crossing")
    await buy(restcomm, "*777#", isSIP="true")


async def listed(client: FormClient, query: str = "", below: str = "") -> list[Any]:
    answer = await client.ask("GET", f"IncomingPhoneNumbers{below}.json?{query}")
    assert answer.status == 200, answer.raw
    rows = answer.json["incomingPhoneNumbers" if "2012" in client.base else "incoming_phone_numbers"]
    return [row["phone_number"] for row in rows]


FILTERS = {
    "": EVERY,
    "PhoneNumber=6902867": [FIRST, SECOND],
    "PhoneNumber=%2B15216902867": [FIRST],
    "PhoneNumber=+15216902867": [FIRST],
    "PhoneNumber=*21690": [FIRST, SECOND],
    "PhoneNumber=14*1": [SECOND],
    "PhoneNumber=%2A777%23": ["*777#"],
    "PhoneNumber=%25": [],
    "PhoneNumber=_": [],
    "PhoneNumber=.": [],
    "FriendlyName=Zebra": [FIRST],
    "FriendlyName=zebra": [],
    "FriendlyName=%28421%29%20690-2867": [SECOND],
    "FriendlyName=*777%23": ["*777#"],
    "phonenumber=1": EVERY,  # names of parameters are case-sensitive
    "Beta=false": EVERY,
    "SortBy=PhoneNumber": ["*777#", SECOND, FIRST, TOLL_FREE, MOBILE],
    "SortBy=PhoneNumber&Reverse=true": [MOBILE, TOLL_FREE, FIRST, SECOND, "*777#"],
    "SortBy=phonenumber:DESC": [MOBILE, TOLL_FREE, FIRST, SECOND, "*777#"],
    "SortBy=DateCreated:desc": EVERY[::-1],
    "Reverse=true": EVERY[::-1],
}


async def test_every_filter_and_order_in_both_dialects(restcomm: FormClient, twilio: FormClient) -> None:
    for client in (restcomm, twilio):
        assert {query: await listed(client, query) for query in FILTERS} == FILTERS


async def test_numbers_that_nobody_named_come_before_the_named(restcomm: FormClient) -> None:
    by_name = await listed(restcomm, "SortBy=FriendlyName:asc")

    assert by_name == [SECOND, "*777#", TOLL_FREE, FIRST, MOBILE]


async def test_types_have_lists_of_their_own(restcomm: FormClient) -> None:
    assert await listed(restcomm, below="/Local") == [FIRST, SECOND]
    assert await listed(restcomm, below="/TollFree") == [TOLL_FREE]
    assert await listed(restcomm, below="/Mobile") == [MOBILE]
    assert await listed(restcomm, "PhoneNumber=421", below="/Local") == [SECOND]


async def test_bad_filters_are_400_and_named(restcomm: FormClient, twilio: FormClient) -> None:
    """IN-1."""
    bad = ("SortBy=Price", "SortBy=PhoneNumber:up", "SortBy=:asc", "Page=x", "PageSize=0", "Beta=2", "Reverse=no")
    for client in (restcomm, twilio):
        for query in bad:
            answer = await client.ask("GET", f"IncomingPhoneNumbers.json?{query}")
            assert (answer.status, query.partition("=")[0] in answer.json["message"]) == (400, True), query


async def test_pages_of_restcomm_carry_totals_and_keep_the_filters(restcomm: FormClient) -> None:
    first = (await restcomm.ask("GET", "IncomingPhoneNumbers.json?PageSize=2&PhoneNumber=%2B")).json
    second = (await restcomm.ask("GET", first["next_page_uri"])).json

    own = f"/restcomm/2012-04-24/Accounts/{restcomm.sid}/IncomingPhoneNumbers.json?PhoneNumber=%2B&PageSize=2&Page="
    last_shown = first["incomingPhoneNumbers"][-1]["sid"]
    del first["incomingPhoneNumbers"]
    assert first == {
        "page": 0,
        "num_pages": 2,
        "page_size": 2,
        "total": 4,
        "start": "0",
        "end": "1",
        "uri": f"{own}0",
        "first_page_uri": f"{own}0",
        "previous_page_uri": None,
        "next_page_uri": f"{own}1&AfterSid={last_shown}",
        "last_page_uri": f"{own}2",
    }
    assert [row["phone_number"] for row in second["incomingPhoneNumbers"]] == [TOLL_FREE, MOBILE]
    assert (second["previous_page_uri"], second["next_page_uri"]) == (f"{own}0", None)


async def test_pages_by_number_alone_are_the_same(restcomm: FormClient) -> None:
    pages = [await listed(restcomm, f"PageSize=2&Page={page}") for page in range(3)]
    sorted_pages = [await listed(restcomm, f"PageSize=2&SortBy=PhoneNumber&Page={page}") for page in range(3)]

    assert [*chain(*pages)] == EVERY
    assert [*chain(*sorted_pages)] == FILTERS["SortBy=PhoneNumber"]


async def test_page_size_above_the_largest_gives_the_largest(twilio: FormClient) -> None:
    assert (await twilio.ask("GET", "IncomingPhoneNumbers.json?PageSize=5000")).json["page_size"] == 1000


async def test_list_and_number_in_xml(restcomm: FormClient, twilio: FormClient) -> None:
    xml = (await restcomm.ask("GET", "IncomingPhoneNumbers?PageSize=1")).raw.decode()
    one = (await restcomm.ask("GET", "IncomingPhoneNumbers.json?PageSize=1")).json["incomingPhoneNumbers"][0]
    twilios = (await twilio.ask("GET", f"IncomingPhoneNumbers/{one['sid']}")).raw.decode()

    own = f"/restcomm/2012-04-24/Accounts/{restcomm.sid}/IncomingPhoneNumbers?PageSize=1&amp;Page="
    assert f'<IncomingPhoneNumbers page="0" numpages="5" pagesize="1" total="5" start="0" end="0" uri="{own}0"' in xml
    assert f'firstpageuri="{own}0" previouspageuri="" nextpageuri="{own}1&amp;AfterSid={one["sid"]}"' in xml
    assert f"<IncomingPhoneNumber><Sid>{one['sid']}</Sid><AccountSid>{restcomm.sid}</AccountSid>" in xml
    assert "<Capabilities><Voice>true</Voice><Sms>true</Sms><Mms>false</Mms><Fax>false</Fax></Capabilities>" in xml
    assert twilios.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<TwilioResponse><IncomingPhoneNumber><Sid>')


async def test_text_that_xml_cannot_hold_does_not_break_it(restcomm: FormClient) -> None:
    """IN-2."""
    sid = (await restcomm.ask("GET", "IncomingPhoneNumbers.json")).json["incomingPhoneNumbers"][0]["sid"]
    await restcomm.ask("POST", f"IncomingPhoneNumbers/{sid}", {"FriendlyName": "<a>&\"'\x01\x1b"})

    xml = (await restcomm.ask("GET", f"IncomingPhoneNumbers/{sid}")).raw.decode()

    assert "<FriendlyName>&lt;a&gt;&amp;\"'\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}</FriendlyName>" in xml


async def test_number_bought_through_another_face_is_in_the_list(
    restcomm: FormClient, client: Client, database: Database
) -> None:
    await stock(database, "+12125550199")
    await client.ask("POST", "/v1.0/numbers", {"number": "+12125550199", "name": "native"})

    assert await listed(restcomm, "FriendlyName=native") == ["+12125550199"]
