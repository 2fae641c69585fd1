"""Who may do what: the credentials that are accepted, roles, and accounts that are not (or no longer) active
(reference 1.2)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from dialplane.domain.identity.role_permissions import RolePermission
from dialplane.domain.ids import to_sid, utc_now
from dialplane.domain.tenancy.accounts import Account, AccountStatus, Role
from dialplane.faces.rate_limits import Rate
from dialplane.services.identity.access_keys import create_key
from dialplane.services.tenancy.administration import set_status
from dialplane.services.transaction import Database
from tests.faces.conftest import NO_LIMITS, Client, Tenant, dependencies, serving
from tests.faces.restcomm.conftest import RESTCOMM, TWILIO, FormClient, child_of, client_of

LIST = "IncomingPhoneNumbers.json"
SIP = {"PhoneNumber": "1234", "isSIP": "true"}


async def test_password_of_the_account_is_as_good_as_its_token(
    restcomm: FormClient, account: Account, tenant: Tenant, other_tenant: Tenant
) -> None:
    good = [
        await replace(restcomm, user=user, token=tenant.password).ask("GET", LIST)
        for user in (restcomm.sid, account.email, account.email.upper())
    ]
    bad = [
        await replace(restcomm, user=user, token=password).ask("GET", LIST)
        for user, password in (
            (restcomm.sid, tenant.password + "x"),
            (restcomm.sid, ""),
            (restcomm.sid, other_tenant.password),
            (other_tenant.username, tenant.password),
            ("nobody@example.org", tenant.password),
        )
    ]

    assert [answer.status for answer in good] == [200] * 3
    assert [answer.status for answer in bad] == [401] * 5


async def test_new_account_signs_in_with_the_password_that_it_was_made_with(restcomm: FormClient) -> None:
    form = {"EmailAddress": "branch@example.org", "Password": "Correct horse 1"}
    child = (await restcomm.ask("POST", f"{RESTCOMM}/Accounts.json", form)).json
    own = replace(restcomm, sid=child["sid"], user="branch@example.org", token="Correct horse 1")

    signed_in = await own.ask("GET", LIST)
    await own.ask("POST", f"{RESTCOMM}/Accounts/{child['sid']}.json", {"Password": "Another horse 2"})

    assert signed_in.status == 200
    assert (await own.ask("GET", LIST)).status == 401
    assert (await replace(own, token="Another horse 2").ask("GET", LIST)).status == 200


async def test_access_key_serves_as_twilios_api_key(
    twilio: FormClient, tenant: Tenant, other_tenant: Tenant, database: Database
) -> None:
    now = utc_now()
    issued = await create_key(database, tenant.id, now=now)
    short = await create_key(database, tenant.id, expires_in_s=1, now=now - timedelta(hours=1))
    foreign = await create_key(database, other_tenant.id, now=now)

    async def status(user: str, token: str) -> int:
        return (await replace(twilio, user=user, token=token).ask("GET", LIST)).status

    assert await status(to_sid("SK", issued.key.id), issued.token) == 200
    assert await status(to_sid("SK", issued.key.id), tenant.key) == 401
    assert await status(to_sid("SK", issued.key.id), tenant.password) == 401
    assert await status(to_sid("SK", short.key.id), short.token) == 401
    assert await status(to_sid("SK", foreign.key.id), foreign.token) == 403


async def test_passwords_are_tried_as_rarely_as_at_the_sign_in(
    database: Database, account: Account, tenant: Tenant, tmp_path: Path
) -> None:
    """A wrong token costs nothing and is not counted; a password costs a slow hash, but the right one only once."""
    limits = replace(NO_LIMITS, auth_by_address=Rate(0.001, 3))
    ports = dependencies(database, tmp_path, rate_limits=limits)
    async with serving(ports) as base, aiohttp.ClientSession() as session:
        client = client_of(Client(base, session), account, TWILIO)
        wrong = replace(client, token="no such password")
        right = [(await replace(client, token=tenant.password).ask("GET", LIST)).status for _ in range(5)]
        tokens = [(await replace(client, token="0" * 32).ask("GET", LIST)).status for _ in range(4)]
        passwords = [await wrong.ask("GET", LIST) for _ in range(3)]

        assert right == [200] * 5
        assert (tokens, [answer.status for answer in passwords]) == ([401] * 4, [401, 401, 429])
        assert (passwords[2].json["code"], "Retry-After" in passwords[2].headers) == (20429, True)
        assert (await client.ask("GET", LIST)).status == 200


@pytest.mark.parametrize("header", [b"Basic \xe9\xff", b"Basic", b"Basic !!!", b"Basic 4pyT", b"Digest x", b""])
async def test_header_that_is_no_basic_authentication_is_401(restcomm: FormClient, header: bytes) -> None:
    """IN-1: bytes that no header should hold among them."""
    text = header.decode("latin-1")

    answer = await restcomm.ask("GET", LIST, Authorization=text)

    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="Restcomm realm"')


# --- roles -----------------------------------------------------------------------------------------------------------


async def developer_of(database: Database, account: Account, client: FormClient) -> FormClient:
    """A child of the role Developer."""
    child = await child_of(database, account)
    async with database.transaction() as tx:
        await tx.accounts.update(replace(child, role=Role.DEVELOPER))
    sid = to_sid("AC", child.id)
    return replace(client, sid=sid, user=sid, token="child")


async def test_developer_does_everything_but_make_and_change_accounts(
    restcomm: FormClient, account: Account, database: Database
) -> None:
    developer = await developer_of(database, account, restcomm)
    accounts, own = f"{RESTCOMM}/Accounts.json", f"{RESTCOMM}/Accounts/{developer.sid}.json"
    form = {"EmailAddress": "x@example.org", "Password": "Correct horse 1"}

    number = await developer.ask("POST", LIST, SIP)
    application = await developer.ask("POST", "Applications.json", {"FriendlyName": "menu"})
    allowed = [
        number,
        application,
        await developer.ask("GET", own),
        await developer.ask("GET", accounts),
        await developer.ask("GET", "Usage/Records.json"),
        await developer.ask("GET", "AvailablePhoneNumbers/US/Local.json"),
        await developer.ask("PUT", f"IncomingPhoneNumbers/{number.json['sid']}.json", {"FriendlyName": "desk"}),
        await developer.ask("DELETE", f"Applications/{application.json['sid']}.json"),
    ]
    refused = [
        await developer.ask("POST", accounts, form),
        await developer.ask("POST", own, {"FriendlyName": "King"}),
        await developer.ask("PUT", own, {"Role": "Administrator"}),
        await developer.ask("PUT", f"{RESTCOMM}/Organizations/mine.json"),
    ]

    assert [answer.status for answer in allowed] == [200] * 8
    assert [answer.status for answer in refused] == [403] * 4
    assert refused[0].json["message"] == "The role Developer has no permission RestComm:Create:Accounts"
    twilios = await replace(developer, base=TWILIO).ask("POST", f"{TWILIO}/Accounts.json", {"FriendlyName": "x"})
    assert (twilios.status, twilios.json["code"]) == (403, 20403)


async def test_operator_says_what_a_developer_may_do(
    database: Database, account: Account, restcomm: FormClient, tmp_path: Path
) -> None:
    granted = (RolePermission.parse("RestComm:Create,Read:IncomingPhoneNumbers"),)
    ports = replace(dependencies(database, tmp_path), developer=granted)
    async with serving(ports) as base:
        developer = replace(await developer_of(database, account, restcomm), server=base)
        made = await developer.ask("POST", LIST, SIP)
        path = f"IncomingPhoneNumbers/{made.json['sid']}.json"

        assert (made.status, (await developer.ask("GET", path)).status) == (200, 200)
        assert (await developer.ask("POST", path, {"FriendlyName": "x"})).status == 403
        assert (await developer.ask("DELETE", path)).status == 403
        assert (await developer.ask("GET", "Applications.json")).status == 403


# --- standing --------------------------------------------------------------------------------------------------------


async def test_uninitialized_account_does_nothing_but_read_and_initialize_itself(restcomm: FormClient) -> None:
    form = {"EmailAddress": "new@example.org", "Password": "Correct horse 1", "Status": "uninitialized"}
    child = (await restcomm.ask("POST", f"{RESTCOMM}/Accounts.json", form)).json
    own = replace(restcomm, sid=child["sid"], user=child["sid"], token=child["auth_token"])
    path = f"{RESTCOMM}/Accounts/{child['sid']}.json"

    refused = [await own.ask("GET", LIST), await own.ask("POST", LIST, SIP), await own.ask("GET", "Applications.json")]
    twilios = await replace(own, base=TWILIO).ask("GET", LIST)
    read = await own.ask("GET", path)
    initialized = await own.ask("POST", path, {"Password": "Another horse 2"})

    assert [(answer.status, answer.json["message"]) for answer in refused] == [
        (403, "Provided Account is not active")
    ] * 3
    assert (twilios.status, twilios.json["code"]) == (403, 20005)
    assert (read.status, read.json["status"]) == (200, "uninitialized")
    assert initialized.json["status"] == "active"
    assert (await replace(own, token=initialized.json["auth_token"]).ask("GET", LIST)).status == 200


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.INACTIVE, AccountStatus.DELETED])
async def test_account_that_is_not_active_is_403_on_every_resource(
    status: AccountStatus, restcomm: FormClient, tenant: Tenant, database: Database
) -> None:
    await set_status(database, tenant.id, status, now=utc_now())

    for path in (LIST, "Applications.json", "AvailablePhoneNumbers/US/Local.json", f"{RESTCOMM}/Accounts.json"):
        refused = await restcomm.ask("GET", path)
        assert (refused.status, refused.json["message"]) == (403, "Provided Account is not active")


async def test_nothing_is_made_or_changed_below_a_closed_account(
    restcomm: FormClient, account: Account, database: Database
) -> None:
    """What it had is gone: its lists are empty, each thing is 404; the account itself can be read, not changed."""
    child = await child_of(database, account)
    below = replace(restcomm, sid=to_sid("AC", child.id))
    number = (await below.ask("POST", LIST, SIP)).json["sid"]
    application = (await below.ask("POST", "Applications.json", {"FriendlyName": "menu"})).json["sid"]
    path = f"{RESTCOMM}/Accounts/{below.sid}.json"
    await restcomm.ask("POST", path, {"Status": "closed"})

    gone = [
        await below.ask("GET", f"{each}.json")
        for each in (f"IncomingPhoneNumbers/{number}", f"Applications/{application}")
    ]
    refused = [
        await below.ask("POST", LIST, SIP),
        await below.ask("POST", "Applications.json", {"FriendlyName": "menu"}),
        await below.ask("POST", f"IncomingPhoneNumbers/{number}.json", {"FriendlyName": "x"}),
        await below.ask("DELETE", f"IncomingPhoneNumbers/{number}.json"),
    ]

    assert [answer.status for answer in gone] == [404, 404]
    assert [answer.status for answer in refused] == [403] * 4
    assert (await below.ask("GET", LIST)).json["total"] == 0
    assert (await below.ask("GET", "Applications.json")).json == []
    assert (await restcomm.ask("GET", path)).json["status"] == "closed"
    assert (await restcomm.ask("POST", path, {"FriendlyName": "x"})).status == 400
