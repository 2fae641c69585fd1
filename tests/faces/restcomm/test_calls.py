"""`Calls` in both dialects (reference 4.4): shapes, parameters, refusals, filters. Live calls: `tests/users`."""

from datetime import timedelta
from typing import Any

import pytest

from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.calls import Call, CallExtras, CallStatus, Direction, HangupReason
from dialplane.domain.ids import AccountId, to_sid, utc_now
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.transaction import Database
from tests.faces.conftest import Client, Tenant, stock
from tests.faces.recorded import WHEN, called
from tests.faces.restcomm.conftest import FormClient, child_of, client_of

NODE = "nobody"
OWN = "+14155550100"
URL = "http://example.org/answer.xml"
LIVE: dict[str, Any] = {"status": CallStatus.PROGRESSING, "ended_at": None}


@pytest.fixture
async def caller(database: Database, twilio: FormClient) -> str:
    """A number of the account, and a node that would call from it."""
    await stock(database, OWN)
    assert (await twilio.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": OWN})).status == 201
    async with database.transaction() as tx:
        await tx.nodes.begin(NODE, sip_host="127.0.0.1", sip_port=5060, version="", now=utc_now())
    return OWN


async def orders(database: Database) -> list[NodeCommand]:
    async with database.transaction() as tx:
        return await tx.calls.take_commands(NODE, limit=10)


def path_of(call: Call) -> str:
    return f"Calls/{to_sid('CA', call.id)}"


# --- shapes ----------------------------------------------------------------------------------------------------------


async def test_call_shows_every_member_as_twilio_has_it(twilio: FormClient, database: Database, tenant: Tenant) -> None:
    call = await called(database, tenant.id)

    answer = await twilio.ask("GET", f"{path_of(call)}.json")

    uri = f"{twilio.base}/Accounts/{twilio.sid}/{path_of(call)}"
    assert answer.json == {
        "sid": to_sid("CA", call.id),
        "date_created": "Sun, 01 Mar 2026 12:00:00 +0000",
        "date_updated": "Sun, 01 Mar 2026 12:00:00 +0000",
        "parent_call_sid": None,
        "account_sid": twilio.sid,
        "to": "+12025550143",
        "from": "+12125550111",
        "phone_number_sid": None,
        "status": "completed",
        "start_time": "Sun, 01 Mar 2026 12:00:00 +0000",
        "end_time": "Sun, 01 Mar 2026 12:00:09 +0000",
        "duration": "7",
        "price": None,
        "price_unit": "USD",
        "direction": "inbound",
        "answered_by": None,
        "api_version": "2010-04-01",
        "forwarded_from": None,
        "caller_name": None,
        "uri": f"{uri}.json",
        "to_formatted": "(202) 555-0143",
        "from_formatted": "(212) 555-0111",
        "group_sid": None,
        "trunk_sid": None,
        "queue_time": "0",
        "annotation": None,
        "subresource_uris": {
            "notifications": f"{uri}/Notifications.json",
            "recordings": f"{uri}/Recordings.json",
            "streams": f"{uri}/Streams.json",
            "transcriptions": f"{uri}/Transcriptions.json",
        },
    }


async def test_call_shows_what_restcomm_documents(restcomm: FormClient, database: Database, tenant: Tenant) -> None:
    call = await called(database, tenant.id, ringing_at=WHEN)

    answer = await restcomm.ask("GET", f"{path_of(call)}.json")
    xml = await restcomm.ask("GET", path_of(call))

    uri = f"{restcomm.base}/Accounts/{restcomm.sid}/{path_of(call)}"
    assert answer.json == {
        "sid": to_sid("CA", call.id),
        "date_created": "Sun, 1 Mar 2026 12:00:00 +0000",
        "date_updated": "Sun, 1 Mar 2026 12:00:00 +0000",
        "account_sid": restcomm.sid,
        "to": "+12025550143",
        "from": "+12125550111",
        "status": "completed",
        "start_time": "2026-03-01T12:00:00.000Z",
        "end_time": "2026-03-01T12:00:09.000Z",
        "duration": 7,
        "price_unit": "USD",
        "direction": "inbound",
        "api_version": "2012-04-24",
        "uri": f"{uri}.json",
        "InstanceId": "ID6e6f626f647900000000000000000000",
        "ring_duration": 2,
        "subresource_uris": {
            "notifications": f"{uri}/Notifications.json",
            "recordings": f"{uri}/Recordings.json",
        },
    }
    assert xml.raw.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<RestcommResponse><Call><Sid>CA')
    assert b"<StartTime>2026-03-01T12:00:00.000Z</StartTime>" in xml.raw


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"status": CallStatus.DIALING, "progressing_at": None, "ended_at": None}, "queued"),
        ({"status": CallStatus.RINGING, "progressing_at": None, "ended_at": None}, "ringing"),
        (LIVE, "in-progress"),
        ({}, "completed"),
        ({"progressing_at": None, "hangup_reason": HangupReason.BUSY}, "busy"),
        ({"progressing_at": None, "hangup_reason": HangupReason.CANCEL}, "canceled"),
        ({"progressing_at": None, "hangup_reason": HangupReason.NOANSWER}, "no-answer"),
        ({"progressing_at": None, "hangup_reason": HangupReason.NOANSWER, "sip_code": 480}, "no-answer"),
        ({"progressing_at": None, "hangup_reason": HangupReason.NOANSWER, "sip_code": 603}, "failed"),
        ({"progressing_at": None, "hangup_reason": HangupReason.NORMAL, "sip_code": 487}, "canceled"),
        ({"progressing_at": None, "hangup_reason": HangupReason.FAILED}, "failed"),
    ],
)
async def test_status_is_shown_and_found_by_the_same_word(
    twilio: FormClient, database: Database, tenant: Tenant, facts: dict[str, Any], status: str
) -> None:
    call = await called(database, tenant.id, direction=Direction.OUTGOING, **facts)
    other = "busy" if status != "busy" else "completed"

    shown = (await twilio.ask("GET", f"{path_of(call)}.json")).json
    found = (await twilio.ask("GET", f"Calls.json?Status={status}")).json["calls"]

    assert (shown["status"], shown["direction"]) == (status, "outbound-api")
    assert found == [shown]
    assert (await twilio.ask("GET", f"Calls.json?Status={other}")).json["calls"] == []


async def test_parties_and_facts_that_few_calls_have_are_shown(
    twilio: FormClient, database: Database, tenant: Tenant
) -> None:
    parent = await called(database, tenant.id)
    extras = CallExtras(
        caller_name="Alice", forwarded_from="+12025550109", answered_by="human", api_version="2012-04-24"
    )
    call = await called(
        database,
        tenant.id,
        direction=Direction.OUTGOING,
        source=Address("sip", "alice@example.org"),
        destination=Address("extension", "bob"),
        master_call_id=parent.id,
        extras=extras,
    )

    shown = (await twilio.ask("GET", f"{path_of(call)}.json")).json

    assert (shown["from"], shown["to"]) == ("sip:alice@example.org", "client:bob")
    assert (shown["direction"], shown["parent_call_sid"]) == ("outbound-dial", to_sid("CA", parent.id))
    assert (shown["caller_name"], shown["forwarded_from"]) == ("Alice", "+12025550109")
    assert (shown["answered_by"], shown["api_version"]) == ("human", "2012-04-24")


# --- making calls ----------------------------------------------------------------------------------------------------


async def test_created_call_is_queued_and_ordered_as_asked(twilio: FormClient, database: Database, caller: str) -> None:
    form = (
        f"To=%2B14155550123&From=%2B14155550100&Url={URL}&Method=GET&FallbackUrl={URL}/f&Timeout=20&SendDigits=ww12"
        "&StatusCallback=http://example.org/status&StatusCallbackEvent=initiated&StatusCallbackEvent=completed"
        "&Record=true&RecordingChannels=dual&MachineDetection=Enable&TimeLimit=600"
    )

    answer = await twilio.ask("POST", "Calls.json", form)

    (order,) = await orders(database)
    manner: Any = order.payload["manner"]
    assert (answer.status, answer.json["status"], answer.json["direction"]) == (201, "queued", "outbound-api")
    assert (answer.json["to"], answer.json["from"], answer.json["start_time"]) == ("+14155550123", caller, None)
    assert answer.json["sid"] == to_sid("CA", order.call_id)
    assert order.payload["source"] == {
        "url": URL, "method": "GET", "fallback_url": f"{URL}/f", "fallback_method": "POST", "parameters": [],
    }  # fmt: skip
    assert (manner["timeout_s"], manner["time_limit_s"], manner["send_digits"]) == (20, 600, "ww12")
    assert sorted(manner["status"]["events"]) == ["completed", "initiated"]
    assert manner["status"]["api_version"] == "2010-04-01"
    assert (manner["record"]["channels"], manner["machine"]["wait"]) == (2, True)


@pytest.mark.parametrize("events", ["StatusCallbackEvent=ringing,answered", "StatusCallbackEvent=ringing answered"])
async def test_events_may_stand_in_one_value(
    restcomm: FormClient, database: Database, caller: str, events: str
) -> None:
    answer = await restcomm.ask(
        "POST", "Calls.json", f"To=4155550123&From=4155550100&Url={URL}&StatusCallback={URL}&{events}"
    )

    (order,) = await orders(database)
    manner: Any = order.payload["manner"]
    assert (answer.status, answer.json["to"]) == (200, "+14155550123")
    assert sorted(manner["status"]["events"]) == ["answered", "ringing"]


@pytest.mark.parametrize(
    ("to", "shown"),
    [
        ("client:alice", "alice"),
        ("sip:alice@example.org:5080", "sip:alice@example.org:5080"),
        ("alice@example.org?X-Color=red&X-Size=9", "sip:alice@example.org"),
    ],
)
async def test_clients_and_sip_addresses_are_called(
    restcomm: FormClient, database: Database, caller: str, to: str, shown: str
) -> None:
    answer = await restcomm.ask(
        "POST", "Calls.json", {"To": to, "From": "Bob", "Url": URL, "Username": "u", "Password": "p"}
    )

    (order,) = await orders(database)
    manner: Any = order.payload["manner"]
    assert (answer.status, answer.json["to"], answer.json["from"]) == (200, shown, "Bob")
    assert (manner["username"], manner["password"]) == ("u", "p")
    assert manner["headers"] == ([["X-Color", "red"], ["X-Size", "9"]] if "?" in to else [])


async def test_application_says_what_runs(twilio: FormClient, database: Database, caller: str) -> None:
    application = {"FriendlyName": "desk", "VoiceUrl": URL, "StatusCallback": "http://example.org/told"}
    sid = (await twilio.ask("POST", "Applications.json", application)).json["sid"]

    form = {"To": "+14155550123", "From": caller, "ApplicationSid": sid, "Url": "http://example.org/other"}
    answer = await twilio.ask("POST", "Calls.json", form)

    (order,) = await orders(database)
    source: Any = order.payload["source"]
    manner: Any = order.payload["manner"]
    assert answer.status == 201
    assert (source["url"], manner["status"]["url"]) == (URL, "http://example.org/told")


async def test_document_may_come_with_the_request(twilio: FormClient, database: Database, caller: str) -> None:
    text = "<Response><Say>Hello</Say></Response>"

    answer = await twilio.ask("POST", "Calls.json", {"To": "+14155550123", "From": caller, "Twiml": text})

    assert answer.status == 201
    assert (await orders(database))[0].payload["source"] == {"xml": text}


GOOD = {"To": "+14155550123", "From": OWN, "Url": URL}


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        ({"To": ""}, 21201, "To"),
        ({"To": "nobody"}, 21211, "To"),
        ({"From": ""}, 21213, "From"),
        ({"Url": ""}, 21205, "Url"),
        ({"Url": "ftp://example.org"}, 21205, "Url"),
        ({"Twiml": "x" * 4001, "Url": ""}, 20001, "Twiml"),
        ({"ApplicationSid": "AP1"}, 21218, "ApplicationSid"),
        ({"Timeout": "601"}, 20001, "Timeout"),
        ({"SendDigits": "hello"}, 20001, "SendDigits"),
        ({"StatusCallbackEvent": "burning"}, 20001, "StatusCallbackEvent"),
        ({"MachineDetection": "Guess"}, 20001, "MachineDetection"),
        ({"Record": "perhaps"}, 20001, "Record"),
        ({"To": "sip:a@example.org?Contact=evil"}, 20001, "To"),
        ({"From": "+14155550199"}, 21212, "From"),
    ],
)
async def test_bad_parameter_is_refused_and_named(
    twilio: FormClient, database: Database, caller: str, change: dict[str, str], code: int, named: str
) -> None:
    answer = await twilio.ask("POST", "Calls.json", {**GOOD, **change})

    assert (answer.status, answer.json["code"]) == (400, code)
    assert named in answer.json["message"]
    assert await orders(database) == []


async def test_call_without_an_address_is_refused_with_text_in_restcomms_dialect(
    restcomm: FormClient, caller: str
) -> None:
    answer = await restcomm.ask("POST", "Calls.json", {"To": "+14155550123", "From": caller})

    assert (answer.status, answer.raw) == (400, b"Url can not be null.")


# --- changing live calls ---------------------------------------------------------------------------------------------


async def test_live_call_is_redirected_ended_and_muted(
    twilio: FormClient, restcomm: FormClient, database: Database, tenant: Tenant
) -> None:
    call = await called(database, tenant.id, **LIVE)

    redirected = await restcomm.ask(
        "POST", path_of(call), {"Url": URL, "Method": "GET", "MoveConnectedCallLeg": "true"}
    )
    muted = await restcomm.ask("PUT", f"{path_of(call)}.json", {"Mute": "true"})
    ended = await twilio.ask("POST", f"{path_of(call)}.json", {"Status": "completed"})

    move, mute, hangup = await orders(database)
    assert (redirected.status, muted.status, ended.status) == (200, 200, 200)
    assert (move.kind, move.payload["move_partner"]) == ("redirect", True)
    assert (mute.kind, mute.payload, hangup.kind) == ("mute", {"direction": "in"}, "hangup")


async def test_changes_that_cannot_be_are_refused_as_each_dialect_has_it(
    twilio: FormClient, restcomm: FormClient, database: Database, tenant: Tenant
) -> None:
    over, live = await called(database, tenant.id), await called(database, tenant.id, **LIVE)
    unknown = f"Calls/CA{'0' * 32}"

    async def statuses(path: str, form: dict[str, str]) -> tuple[int, int, int]:
        old = await restcomm.ask("POST", f"{path}.json", form)
        new = await twilio.ask("POST", f"{path}.json", form)
        return old.status, new.status, new.json["code"]

    assert await statuses(unknown, {"Url": URL}) == (406, 404, 20404)
    assert await statuses("Calls/CA12", {"Url": URL}) == (400, 404, 20404)
    assert await statuses(path_of(over), {"Url": URL}) == (410, 400, 21220)
    assert await statuses(path_of(over), {"Status": "completed"}) == (410, 400, 21220)
    assert await statuses(path_of(live), {"Status": "canceled"}) == (400, 400, 21220)
    assert await statuses(path_of(live), {"Status": "completed", "Url": URL}) == (400, 400, 20001)
    assert await statuses(path_of(live), {"Status": "ringing"}) == (400, 400, 20001)
    assert await orders(database) == []


async def test_ended_call_is_deleted_in_twilios_dialect_only(
    twilio: FormClient, restcomm: FormClient, database: Database, tenant: Tenant
) -> None:
    over, live = await called(database, tenant.id), await called(database, tenant.id, **LIVE)

    assert (await restcomm.ask("DELETE", f"{path_of(over)}.json")).status == 405
    assert (await twilio.ask("DELETE", f"{path_of(live)}.json")).status == 400
    assert (await twilio.ask("DELETE", f"{path_of(over)}.json")).status == 204
    assert (await twilio.ask("GET", f"{path_of(over)}.json")).status == 404


async def test_call_of_another_account_is_as_unknown(
    twilio: FormClient, restcomm: FormClient, database: Database, other_tenant: Tenant
) -> None:
    foreign = await called(database, other_tenant.id, **LIVE)

    assert (await twilio.ask("GET", f"{path_of(foreign)}.json")).status == 404
    assert (await twilio.ask("POST", f"{path_of(foreign)}.json", {"Status": "completed"})).status == 404
    assert (await restcomm.ask("POST", f"{path_of(foreign)}.json", {"Status": "completed"})).status == 406
    assert (await twilio.ask("DELETE", f"{path_of(foreign)}.json")).status == 404
    assert await orders(database) == []


# --- lists -----------------------------------------------------------------------------------------------------------


async def test_lists_are_filtered_and_sorted(
    restcomm: FormClient, twilio: FormClient, database: Database, tenant: Tenant
) -> None:
    first = await called(database, tenant.id, source=tel("+12125550119"))
    calls = [first]
    for day in (1, 2):
        at = WHEN + timedelta(days=day)
        calls.append(
            await called(
                database,
                tenant.id,
                at=at,
                ended_at=at + timedelta(seconds=5 if day == 1 else 50),
                destination=tel(f"+1202555014{day}"),
                master_call_id=first.id,
            )
        )
    sids = [to_sid("CA", each.id) for each in calls]

    async def found(client: FormClient, query: str) -> list[int]:
        return [sids.index(each["sid"]) for each in (await client.ask("GET", f"Calls.json?{query}")).json["calls"]]

    assert await found(restcomm, "") == [2, 1, 0]
    assert await found(restcomm, "To=%2B12025550141") == [1]
    assert await found(restcomm, "From=+12125550119") == [0]
    assert await found(restcomm, "StartTime=2026-03-02") == [2, 1]
    assert await found(restcomm, "StartTime=2026-03-02&EndTime=2026-03-02") == [1]
    assert await found(restcomm, f"ParentCallSid={sids[0]}") == [2, 1]
    assert await found(restcomm, "SortBy=Duration:asc") == [1, 0, 2]
    assert await found(restcomm, "SortBy=from:desc") == [0, 2, 1]
    assert await found(restcomm, "SortBy=Price:asc&localOnly=true") == [0, 1, 2]
    assert await found(twilio, "StartTime=2026-03-02") == [1]
    assert await found(twilio, "StartTime>=2026-03-02") == [2, 1]
    assert await found(twilio, "StartTime<=2026-03-02T12:00:00Z") == [1, 0]
    assert await found(twilio, "EndTime>=2026-03-03T12:00:50Z") == [2]
    assert await found(twilio, f"ConferenceSid=CF{'1' * 32}") == []


@pytest.mark.parametrize("query", ["StartTime=1-2-3", "SortBy=Mood", "SortBy=", "Status=dead", "ParentCallSid=CA1"])
async def test_bad_filter_is_refused_and_named(restcomm: FormClient, query: str) -> None:
    answer = await restcomm.ask("GET", f"Calls.json?{query}")

    assert answer.status == 400
    assert query.partition("=")[0] in answer.json["message"]


async def test_calls_of_accounts_below_are_listed_where_asked_for(
    restcomm: FormClient, anonymous: Client, account: Account, database: Database
) -> None:
    child = await child_of(database, account)
    own, below = await called(database, account.id), await called(database, AccountId(child.id))

    listed = (await restcomm.ask("GET", "Calls.json")).json["calls"]
    with_children = (await restcomm.ask("GET", "Calls.json?SubAccounts=true")).json["calls"]
    of_child = (await client_of(anonymous, child, restcomm.base).ask("GET", "Calls.json?SubAccounts=true")).json

    assert [each["sid"] for each in listed] == [to_sid("CA", own.id)]
    assert {each["account_sid"] for each in with_children} == {to_sid("AC", account.id), to_sid("AC", child.id)}
    assert [each["sid"] for each in of_child["calls"]] == [to_sid("CA", below.id)]


async def test_pages_lead_on_in_both_dialects(
    restcomm: FormClient, twilio: FormClient, database: Database, tenant: Tenant
) -> None:
    calls = [await called(database, tenant.id, at=WHEN + timedelta(seconds=second)) for second in range(5)]
    wanted = [to_sid("CA", each.id) for each in reversed(calls)]

    for client in (restcomm, twilio):
        path, seen = f"{client.base}/Accounts/{client.sid}/Calls.json?PageSize=2&Status=completed", []
        while path:
            page = (await client.ask("GET", path)).json
            seen += [each["sid"] for each in page["calls"]]
            path = page["next_page_uri"]
        assert seen == wanted
