"""`Accounts` and `Organizations` in both dialects, and through Twilio's own library (reference 4.1, 4.2)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client as TwilioClient

from dialplane.domain.ids import AccountId, NumberId, from_sid, to_sid
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.numbering.history import list_history
from dialplane.services.transaction import Database
from tests.faces.restcomm.conftest import RESTCOMM, TWILIO, FormClient

CHILD = {"EmailAddress": "branch@example.org", "Password": "Correct horse 1", "FriendlyName": "Branch"}
T = TypeVar("T")


def official(client: FormClient) -> TwilioClient:
    """Twilio's library, with nothing but its base URL set."""
    made = TwilioClient(client.user, client.token)
    made.api.base_url = client.server
    return made


async def calling(work: Callable[[], T]) -> T:
    """Run the library's blocking call."""
    return await asyncio.to_thread(work)


async def make_child(client: FormClient, **form: str) -> dict[str, Any]:
    made = await client.ask("POST", f"{RESTCOMM}/Accounts.json", CHILD | form)
    assert made.status == 200
    child: dict[str, Any] = made.json
    return child


async def test_sub_account_is_made_shown_and_signs_in_with_its_own_token(
    restcomm: FormClient, account: Account
) -> None:
    child = await make_child(restcomm)

    sid = child["sid"]
    own = replace(restcomm, sid=sid, user=sid, token=child["auth_token"])
    assert {name: child[name] for name in ("friendly_name", "email_address", "type", "status", "role", "uri")} == {
        "friendly_name": "Branch",
        "email_address": "branch@example.org",
        "type": "Full",
        "status": "active",
        "role": "Administrator",
        "uri": f"{RESTCOMM}/Accounts/{sid}.json",
    }
    assert child["organization"] == "OR" + account.organization_id.hex
    assert (await own.ask("GET", f"{RESTCOMM}/Accounts/{sid}.json")).json == child
    assert (await restcomm.ask("GET", f"{RESTCOMM}/Accounts.json")).json == [child]
    assert (await restcomm.ask("GET", f"{RESTCOMM}/Accounts/branch@example.org.json")).json == child


async def test_xml_carries_the_same(restcomm: FormClient) -> None:
    child = await make_child(restcomm)

    one = (await restcomm.ask("GET", f"{RESTCOMM}/Accounts/{child['sid']}")).raw.decode()
    all_of_them = (await restcomm.ask("GET", f"{RESTCOMM}/Accounts")).raw.decode()

    assert f"<RestcommResponse><Account><Sid>{child['sid']}</Sid><Organization>" in one
    assert "<EmailAddress>branch@example.org</EmailAddress>" in one
    assert "<SubresourceUris><AvailablePhoneNumbers>" in one
    assert "<Accounts page=" in all_of_them


@pytest.mark.parametrize(
    ("form", "parameter", "status"),
    [
        ({"EmailAddress": ""}, "EmailAddress", 400),
        ({"EmailAddress": "nobody"}, "EmailAddress", 400),
        ({"EmailAddress": "a=b@example.org"}, "EmailAddress", 400),
        ({"Password": ""}, "Password", 400),
        ({"Password": "weak"}, "Password too weak", 400),
        ({"FriendlyName": "x" * 65}, "FriendlyName", 400),
        ({"Status": "asleep"}, "Status", 400),
        ({"Status": "closed"}, "Status", 400),
        ({"Role": "King"}, "Role", 400),
        ({"OrganizationSid": "OR1"}, "OrganizationSid", 400),
        ({"OrganizationSid": "OR" + "0" * 32}, "OrganizationSid", 404),
    ],
)
async def test_bad_parameter_is_refused_by_name(
    restcomm: FormClient, form: dict[str, str], parameter: str, status: int
) -> None:
    """API-2."""
    answer = await restcomm.ask("POST", f"{RESTCOMM}/Accounts.json", CHILD | form)

    assert (answer.status, parameter in answer.json["message"]) == (status, True)
    assert (await restcomm.ask("GET", f"{RESTCOMM}/Accounts.json")).json == []


async def test_taken_address_is_409_and_fourth_level_400(restcomm: FormClient) -> None:
    child = await make_child(restcomm)
    second = replace(restcomm, user=child["sid"], token=child["auth_token"])
    grandchild = await make_child(second, EmailAddress="third@example.org")
    third = replace(restcomm, user=grandchild["sid"], token=grandchild["auth_token"])

    taken = await restcomm.ask("POST", f"{RESTCOMM}/Accounts.json", CHILD)
    deep = await third.ask("POST", f"{RESTCOMM}/Accounts.json", CHILD | {"EmailAddress": "fourth@example.org"})

    assert (taken.status, deep.status) == (409, 400)


async def test_suspended_sub_account_is_403_until_it_is_active_again(restcomm: FormClient) -> None:
    child = await make_child(restcomm)
    path = f"{RESTCOMM}/Accounts/{child['sid']}.json"
    own = replace(restcomm, user=child["sid"], token=child["auth_token"])

    suspended = await restcomm.ask("PUT", path, {"Status": "Suspended"})
    refused = await own.ask("GET", path)
    await restcomm.ask("POST", path, {"Status": "active"})

    assert suspended.json["status"] == "suspended"
    assert (refused.status, refused.json["message"]) == (403, "Provided Account is not active")
    assert (await own.ask("GET", path)).status == 200


async def test_closed_is_final_and_delete_is_no_way_to_close(restcomm: FormClient, twilio: FormClient) -> None:
    child = await make_child(restcomm)
    path = f"{RESTCOMM}/Accounts/{child['sid']}.json"

    deleted = await restcomm.ask("DELETE", path)
    closed = await restcomm.ask("POST", path, {"Status": "closed"})
    again = await restcomm.ask("POST", path, {"Status": "active"})
    top = await twilio.ask("POST", f"{TWILIO}/Accounts/{twilio.sid}.json", {"Status": "closed"})

    assert (deleted.status, closed.json["status"], again.status, top.status) == (405, "closed", 400, 400)
    assert (await restcomm.ask("GET", path)).json["status"] == "closed"


async def test_new_password_makes_a_new_token_and_ends_the_old_one(restcomm: FormClient) -> None:
    child = await make_child(restcomm)
    path = f"{RESTCOMM}/Accounts/{child['sid']}.json"
    old = replace(restcomm, user=child["sid"], token=child["auth_token"])

    weak = await old.ask("PUT", path, {"Password": "weak"})
    changed = await old.ask("PUT", path, {"Password": "Another horse 2", "Auth_Token": "mine"})

    assert (weak.status, changed.status) == (400, 200)
    assert changed.json["auth_token"] not in (child["auth_token"], "mine")
    assert (await old.ask("GET", path)).status == 401
    assert (await replace(old, token=changed.json["auth_token"]).ask("GET", path)).status == 200


async def test_accounts_are_found_by_status_organization_and_domain(restcomm: FormClient) -> None:
    made = await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/branches.json")
    elsewhere = await make_child(restcomm, OrganizationSid=made.json["sid"])
    await make_child(restcomm, EmailAddress="b@example.org", Status="suspended")

    async def sids(query: str) -> list[str]:
        return [each["sid"] for each in (await restcomm.ask("GET", f"{RESTCOMM}/Accounts.json?{query}")).json]

    assert elsewhere["organization"] == made.json["sid"]
    assert await sids("Status=active") == [elsewhere["sid"]]
    assert await sids(f"OrganizationSid={made.json['sid']}") == [elsewhere["sid"]]
    assert await sids(f"DomainName={made.json['domain_name']}") == [elsewhere["sid"]]
    assert await sids("DomainName=nowhere.test") == []


async def test_migration_of_an_organizations_clients_has_none_left_to_hash(
    restcomm: FormClient, twilio: FormClient, account: Account
) -> None:
    own = f"Organizations/OR{account.organization_id.hex}/Migrate.json"
    child = await make_child(restcomm)
    below = replace(restcomm, user=child["sid"], token=child["auth_token"])

    done = await restcomm.ask("PUT", f"{RESTCOMM}/{own}")
    refused = [
        await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/mine/Migrate.json"),
        await below.ask("PUT", f"{RESTCOMM}/{own}"),
        await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/OR{'0' * 32}/Migrate.json"),
        await restcomm.ask("POST", f"{RESTCOMM}/{own}"),
        await twilio.ask("PUT", f"{TWILIO}/{own}"),
    ]

    assert (done.status, done.json) == (200, [])
    assert [each.status for each in refused] == [400, 403, 404, 405, 404]


async def test_organizations_of_an_account(restcomm: FormClient, twilio: FormClient, account: Account) -> None:
    own = "OR" + account.organization_id.hex
    made = await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/branches.json")
    child = await make_child(restcomm)
    below = replace(restcomm, user=child["sid"], token=child["auth_token"])

    assert {name: made.json[name] for name in ("domain_name", "status")} == {
        "domain_name": "branches",
        "status": "active",
    }
    listed = (await restcomm.ask("GET", f"{RESTCOMM}/Organizations.json")).json
    assert [each["sid"] for each in listed] == [own, made.json["sid"]]
    assert (await restcomm.ask("GET", f"{RESTCOMM}/Organizations.json?Status=closed")).json == []
    assert (await restcomm.ask("GET", f"{RESTCOMM}/Organizations/{made.json['sid']}.json")).json == made.json
    refused = [
        await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/branches.json"),
        await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/bad_name.json"),
        await restcomm.ask("GET", f"{RESTCOMM}/Organizations/OR{'0' * 32}.json"),
        await restcomm.ask("GET", f"{RESTCOMM}/Organizations.json?Status=asleep"),
        await below.ask("GET", f"{RESTCOMM}/Organizations/{made.json['sid']}.json"),
        await below.ask("PUT", f"{RESTCOMM}/Organizations/mine.json"),
        await twilio.ask("GET", f"{TWILIO}/Organizations.json"),
    ]
    assert [answer.status for answer in refused] == [409, 400, 404, 400, 403, 403, 404]


async def test_account_moves_to_another_organization_with_its_numbers(restcomm: FormClient, account: Account) -> None:
    made = await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/branches.json")
    child = await make_child(restcomm)
    form = {"PhoneNumber": "1234", "isSIP": "true"}
    await restcomm.ask("POST", f"{RESTCOMM}/Accounts/{child['sid']}/IncomingPhoneNumbers.json", form)
    path = f"{RESTCOMM}/Accounts/migrate/{child['sid']}.json"

    unknown = await restcomm.ask("POST", path, {"Organization": "OR" + "1" * 32})
    nothing = await restcomm.ask("POST", path, {})
    top = await restcomm.ask("POST", f"{RESTCOMM}/Accounts/migrate/{restcomm.sid}.json", {"Organization": child["sid"]})
    below = replace(restcomm, user=child["sid"], token=child["auth_token"])
    not_top = await below.ask("POST", path, {"Organization": made.json["sid"]})
    moved = await restcomm.ask("POST", path, {"Organization": made.json["sid"]})

    assert [answer.status for answer in (unknown, nothing, top, not_top, moved)] == [404, 400, 400, 403, 200]
    assert moved.json["organization"] == made.json["sid"]
    # the short code is free again in the organization that was left
    own = await restcomm.ask("POST", "IncomingPhoneNumbers.json", form)
    assert own.status == 200
    back = await restcomm.ask("POST", path, {"Organization": "OR" + account.organization_id.hex})
    assert back.status == 409


async def test_numbers_go_to_another_organization_and_their_accounts_stay(
    restcomm: FormClient, account: Account, database: Database
) -> None:
    made = (await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/branches.json")).json["sid"]
    child = await make_child(restcomm)
    below = replace(restcomm, sid=child["sid"])
    own = replace(below, user=child["sid"], token=child["auth_token"])
    grandchild = replace(below, sid=(await make_child(own, EmailAddress="third@example.org"))["sid"])
    sids = [
        (await each.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": number, "isSIP": "true"})).json["sid"]
        for each, number in ((below, "1234"), (grandchild, "16.*"))
    ]
    path, form = "IncomingPhoneNumbers/migrate.json", {"OrganizationSid": made}

    refused = [
        await below.ask("POST", path, {}),
        await below.ask("POST", path, {"OrganizationSid": "OR1"}),
        await below.ask("POST", path, {"OrganizationSid": "OR" + "1" * 32}),
        await restcomm.ask("POST", path, form),
        await own.ask("POST", path, form),
        await replace(below, sid="AC" + "0" * 32).ask("POST", path, form),
        await replace(below, base=TWILIO).ask("POST", path, form),
    ]
    moved = await below.ask("POST", path, form)

    assert [answer.status for answer in refused] == [400, 400, 404, 400, 403, 404, 404]
    assert (moved.status, moved.raw) == (200, b"")
    async with database.reading() as tx:
        numbers = await tx.numbers.find_many([NumberId(from_sid("PN", sid)) for sid in sids])
    assert {to_sid("OR", number.organization_id) for number in numbers} == {made}
    shown = (await restcomm.ask("GET", f"{RESTCOMM}/Accounts/{child['sid']}.json")).json
    assert shown["organization"] == to_sid("OR", account.organization_id)
    assert (await below.ask("GET", f"IncomingPhoneNumbers/{sids[0]}.json")).json["phone_number"] == "1234"
    # what they leave is free again, and what is taken there stays where it is
    again = await below.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": "1234", "isSIP": "true"})
    assert (again.status, (await below.ask("POST", path, form)).status) == (200, 409)


async def test_migration_is_told_in_the_history_of_each_number(restcomm: FormClient, database: Database) -> None:
    made = (await restcomm.ask("PUT", f"{RESTCOMM}/Organizations/branches.json")).json["sid"]
    child = replace(restcomm, sid=(await make_child(restcomm))["sid"])
    number = await child.ask("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": "1234", "isSIP": "true"})

    await child.ask("POST", "IncomingPhoneNumbers/migrate.json", {"OrganizationSid": made})

    number_id, account_id = NumberId(from_sid("PN", number.json["sid"])), AccountId(from_sid("AC", child.sid))
    newest = (await list_history(database, account_id, number_id))[0]
    assert (newest.what, newest.actor.id) == ("migrated", from_sid("AC", restcomm.sid))
    assert [(change.field, change.new) for change in newest.changes] == [("organization_id", str(from_sid("OR", made)))]


async def test_twilio_library_makes_lists_changes_and_closes_accounts(twilio: FormClient) -> None:
    client = official(twilio)

    def work() -> tuple[list[str | None], str | None, str | None, list[str | None]]:
        child = client.api.accounts.create(friendly_name="Branch")
        listed = [each.sid for each in client.api.accounts.list()]
        named = [each.sid for each in client.api.accounts.list(friendly_name="Branch", status="active")]
        fetched = client.api.accounts(str(child.sid)).fetch()
        suspended = client.api.accounts(str(child.sid)).update(status="suspended", friendly_name="Rests")
        closed = suspended.update(status="closed")
        assert (named, listed) == ([child.sid], [twilio.sid, child.sid])
        assert (fetched.owner_account_sid, fetched.type) == (twilio.sid, "Full")
        assert fetched.date_created is not None
        return listed, suspended.friendly_name, closed.status, named

    _, name, status, _ = await calling(work)

    assert (name, status) == ("Rests", "closed")
    with pytest.raises(TwilioRestException) as refusal:
        await calling(lambda: client.api.accounts("AC" + "0" * 32).fetch())
    assert (refusal.value.status, refusal.value.code) == (404, 20404)


async def test_closing_through_the_api_releases_numbers_of_all_below(restcomm: FormClient, database: Database) -> None:
    """NUM-4."""
    child = await make_child(restcomm)
    numbers = f"{RESTCOMM}/Accounts/{child['sid']}/IncomingPhoneNumbers.json"
    await restcomm.ask("POST", numbers, {"PhoneNumber": "1234", "isSIP": "true"})

    await restcomm.ask("POST", f"{RESTCOMM}/Accounts/{child['sid']}.json", {"Status": "closed"})

    assert (await restcomm.ask("GET", numbers)).json["incomingPhoneNumbers"] == []
    async with database.reading() as tx:
        assert (await tx.accounts.find_many([from_sid("AC", child["sid"])])) != {}  # type: ignore[list-item]
