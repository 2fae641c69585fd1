"""What every resource of the two dialects has in common: credentials, forms of answers, errors (reference 1)."""

from dataclasses import replace

import pytest

from dialplane.domain.ids import AccountId, new_id, to_sid, utc_now
from dialplane.domain.tenancy.accounts import Account, AccountStatus
from dialplane.services.tenancy.administration import set_status
from dialplane.services.transaction import Database
from tests.faces.conftest import Tenant
from tests.faces.restcomm.conftest import FormClient


async def test_missing_or_wrong_credentials_are_401_with_the_realm(restcomm: FormClient, twilio: FormClient) -> None:
    for client, realm in ((restcomm, "Restcomm realm"), (twilio, "Twilio API")):
        wrong = await replace(client, token="wrong").ask("GET", "IncomingPhoneNumbers.json")
        stranger = await replace(client, user="AC" + "0" * 32).ask("GET", "IncomingPhoneNumbers.json")
        bearer = await client.ask("GET", "IncomingPhoneNumbers.json", Authorization="Bearer x")

        assert [answer.status for answer in (wrong, stranger, bearer)] == [401, 401, 401]
        assert wrong.headers["WWW-Authenticate"] == f'Basic realm="{realm}"'


async def test_what_can_be_no_account_is_refused_and_never_a_fault(restcomm: FormClient) -> None:
    """IN-1."""
    for user in ("", "AC1", "a\0@b", "@", "x" * 400 + "@b"):
        assert (await replace(restcomm, user=user).ask("GET", "IncomingPhoneNumbers.json")).status == 401
    for named in ("a%00@b", "%FF@b", "AC1", "%20", "x" * 400 + "@b"):
        assert (await replace(restcomm, sid=named).ask("GET", "IncomingPhoneNumbers.json")).status == 404
    for query in ("PhoneNumber=%FF", "FriendlyName=%00", "PhoneNumber=" + "1" * 300):
        assert (await restcomm.ask("GET", f"IncomingPhoneNumbers.json?{query}")).status == 400


async def test_address_of_email_may_stand_for_the_account(restcomm: FormClient, account: Account) -> None:
    by_email = replace(restcomm, user=account.email.upper(), sid=account.email)

    answer = await by_email.ask("GET", "IncomingPhoneNumbers.json")

    assert answer.status == 200


async def test_suspended_account_is_403(
    restcomm: FormClient, twilio: FormClient, tenant: Tenant, database: Database
) -> None:
    await set_status(database, tenant.id, AccountStatus.SUSPENDED, now=utc_now())

    restcomms = await restcomm.ask("GET", "IncomingPhoneNumbers.json")
    twilios = await twilio.ask("GET", "IncomingPhoneNumbers.json")

    assert (restcomms.status, restcomms.json["message"]) == (403, "Provided Account is not active")
    assert (twilios.status, twilios.json["code"]) == (403, 20005)


@pytest.mark.parametrize("dialect", ["restcomm", "twilio"])
async def test_foreign_path_account_is_403_and_an_unknown_one_404(
    dialect: str, other_tenant: Tenant, request: pytest.FixtureRequest, restcomm: FormClient, twilio: FormClient
) -> None:
    client = restcomm if dialect == "restcomm" else twilio
    foreign = await replace(client, sid=to_sid("AC", other_tenant.id)).ask("GET", "IncomingPhoneNumbers.json")
    unknown = await replace(client, sid="AC" + "0" * 32).ask("GET", "IncomingPhoneNumbers.json")
    malformed = await replace(client, sid="AC1").ask("GET", "IncomingPhoneNumbers.json")

    assert [answer.status for answer in (foreign, unknown, malformed)] == [403, 404, 404]


async def test_parent_acts_for_a_descendant_and_no_child_for_its_parent(
    restcomm: FormClient, account: Account, database: Database
) -> None:
    child = replace(account, id=AccountId(new_id(utc_now())), parent_id=account.id, auth_token="child's")
    grandchild = replace(child, id=AccountId(new_id(utc_now())), parent_id=child.id)
    async with database.transaction() as tx:
        await tx.accounts.insert(child)
        await tx.accounts.insert(grandchild)
    down = replace(restcomm, sid=to_sid("AC", grandchild.id))
    up = replace(restcomm, user=to_sid("AC", child.id), token="child's")

    assert (await down.ask("GET", "IncomingPhoneNumbers.json")).status == 200
    assert (await up.ask("GET", "IncomingPhoneNumbers.json")).status == 403


async def test_suffix_selects_json_on_any_segment_else_accept_else_xml(restcomm: FormClient) -> None:
    account = f"/restcomm/2012-04-24/Accounts/{restcomm.sid}"
    asked = [
        await restcomm.ask("GET", "IncomingPhoneNumbers.json"),
        await restcomm.ask("GET", f"{account}.json/IncomingPhoneNumbers"),
        await restcomm.ask("GET", "IncomingPhoneNumbers", Accept="application/json"),
        await restcomm.ask("GET", "IncomingPhoneNumbers"),
        await restcomm.ask("GET", "IncomingPhoneNumbers.xml", Accept="application/json"),
    ]

    assert [answer.headers["Content-Type"].partition(";")[0] for answer in asked] == (
        ["application/json"] * 3 + ["application/xml"] * 2
    )


async def test_alias_of_the_base_gives_addresses_below_itself(restcomm: FormClient) -> None:
    answer = await replace(restcomm, base="/api/2012-04-24").ask("GET", "IncomingPhoneNumbers.json")

    assert answer.json["uri"].startswith(f"/api/2012-04-24/Accounts/{restcomm.sid}/IncomingPhoneNumbers.json?")


async def test_unknown_path_and_method_are_told_in_the_dialect(restcomm: FormClient, twilio: FormClient) -> None:
    path = await twilio.ask("GET", "Nothing.json")
    method = await twilio.ask("PATCH", "IncomingPhoneNumbers.json")
    xml = await twilio.ask("GET", "Nothing")
    restcomms = await restcomm.ask("GET", "Nothing.json")

    assert (path.status, path.json["code"], path.json["status"]) == (404, 20404, 404)
    assert (method.status, method.json["code"]) == (405, 20004)
    assert xml.raw.endswith(b"<Status>404</Status></RestException></TwilioResponse>")
    assert (restcomms.status, sorted(restcomms.json)) == (404, ["error", "message"])


async def test_lists_are_objects_with_the_paging_of_each_dialect(restcomm: FormClient, twilio: FormClient) -> None:
    restcomms = (await restcomm.ask("GET", "IncomingPhoneNumbers.json")).json
    twilios = (await twilio.ask("GET", "IncomingPhoneNumbers.json")).json

    assert {key: restcomms[key] for key in ("page", "num_pages", "page_size", "total", "start", "end")} == {
        "page": 0,
        "num_pages": 0,
        "page_size": 50,
        "total": 0,
        "start": "0",
        "end": "0",
    }
    assert (restcomms["incomingPhoneNumbers"], restcomms["next_page_uri"]) == ([], None)
    assert sorted(twilios) == [
        "end", "first_page_uri", "incoming_phone_numbers", "next_page_uri", "page", "page_size", "previous_page_uri",
        "start", "uri",
    ]  # fmt: skip


async def test_page_past_the_end_is_400_in_restcomm_and_empty_in_twilio(
    restcomm: FormClient, twilio: FormClient
) -> None:
    assert (await restcomm.ask("GET", "IncomingPhoneNumbers.json?Page=1")).status == 400
    assert (await twilio.ask("GET", "IncomingPhoneNumbers.json?Page=1")).json["incoming_phone_numbers"] == []
    assert (await twilio.ask("GET", "IncomingPhoneNumbers.json?Page=99999999")).json["incoming_phone_numbers"] == []
    assert (await twilio.ask("GET", "IncomingPhoneNumbers.json?Page=-1")).status == 400


async def test_wrong_token_of_a_page_is_refused_by_the_name_that_the_client_used(restcomm: FormClient) -> None:
    for name in ("AfterSid", "PageToken"):
        refused = await restcomm.ask("GET", f"IncomingPhoneNumbers.json?{name}=PN123")
        assert (refused.status, refused.json["message"]) == (400, f"{name} is not that of a list's next page")
