"""Projects, roles, keys and credit (VoxCPaaS 2.2 and 2.3)."""

from base64 import b64encode

import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import make_tenant
from tests.portal.conftest import PASSWORD, Shown, Surfer, another, join, link_in_mail


async def test_project_has_its_keys_and_begins_with_credit(surfer: Surfer, at: str) -> None:
    """Sections 2.2.2 to 2.2.6."""
    shown = await surfer.get(at)

    assert "Credits $10.00" in shown.words
    assert f"Project ID {at.rsplit('/', 1)[-1]}" in shown.words
    assert "Users 1" in shown.words


async def test_projects_are_switched_from_the_menu(surfer: Surfer, at: str) -> None:
    other = await surfer.send(await surfer.get("/portal/projects/new"), "/new", name="Beta")

    assert at in (await surfer.get(other.path)).links()
    assert {at, other.path} <= set((await surfer.get("/portal/projects")).links())


async def test_project_token_signs_in_to_the_api_until_it_is_rotated(surfer: Surfer, at: str) -> None:
    async def answers(token: str) -> int:
        form = {"projectid": at.rsplit("/", 1)[-1], "authtoken": token}
        async with surfer.session.get(f"{surfer.base}/numberspentsummary", params=form) as answer:
            return answer.status

    old = _secret(await surfer.send(await surfer.get(f"{at}/keys"), "/keys/reveal"))
    first = await answers(old)
    new = _secret(await surfer.send(await surfer.get(f"{at}/keys"), "/project-token"))

    assert (first, await answers(old), await answers(new)) == (200, 401, 200)


async def test_auth_token_signs_in_to_twilios_api_until_it_is_rotated(surfer: Surfer, at: str) -> None:
    sid = "AC" + at.rsplit("/", 1)[-1].replace("-", "")

    async def answers(token: str) -> int:
        basic = b64encode(f"{sid}:{token}".encode()).decode()
        path = f"{surfer.base}/2010-04-01/Accounts/{sid}.json"
        async with surfer.session.get(path, headers={"Authorization": f"Basic {basic}"}) as answer:
            return answer.status

    new = _secret(await surfer.send(await surfer.get(f"{at}/keys"), "/auth-token"))
    newer = _secret(await surfer.send(await surfer.get(f"{at}/keys"), "/auth-token"))

    assert (await answers(new), await answers(newer)) == (401, 200)


async def test_access_key_is_shown_once_and_works_until_revoked(surfer: Surfer, at: str) -> None:
    async def answers(key: str) -> int:
        async with surfer.session.get(f"{surfer.base}/v1.0/numbers", params={"accesskey": key}) as answer:
            return answer.status

    kept = _secret(await surfer.send(await surfer.get(f"{at}/keys"), "/access-keys", name="production"))
    revoked = _secret(await surfer.send(await surfer.get(f"{at}/keys"), "/access-keys", name="staging"))
    later = await surfer.get(f"{at}/keys")
    await surfer.send(later, "/revoke")  # the newest stands first

    assert kept.startswith("vb_")
    assert kept not in later.text
    assert (await answers(kept), await answers(revoked)) == (200, 401)


def _secret(shown: Shown) -> str:
    return shown.text.partition('class="secret"')[2].partition('class="value">')[2].partition("<")[0]


# --- credit ----------------------------------------------------------------------------------------------------------


async def test_credit_is_added_once_however_often_the_form_is_sent(surfer: Surfer, at: str) -> None:
    """Sections 2.3.6 and 2.3.7."""
    form = await surfer.get(f"{at}/credits")

    await surfer.send(form, "/credits", amount="12.50", terms="yes")
    shown = await surfer.send(form, "/credits", amount="12.50", terms="yes")
    file = await surfer.get(f"{at}/credits.csv")

    assert "Credits $22.50" in shown.words
    assert file.text.count(",12500000,") == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"amount": "0.50", "terms": "yes"}, "from 1 to 10,000"),
        ({"amount": "10001", "terms": "yes"}, "from 1 to 10,000"),
        ({"amount": "-5", "terms": "yes"}, "Enter an amount"),
        ({"amount": "1e3", "terms": "yes"}, "Enter an amount"),
        ({"amount": "20"}, "accept the policies"),
        ({"amount": "20", "terms": "yes", "reference": "x"}, "too old"),
    ],
)
async def test_credit_that_cannot_be_added_is_explained(
    surfer: Surfer, at: str, fields: dict[str, str], says: str
) -> None:
    shown = await surfer.send(await surfer.get(f"{at}/credits"), "/credits", **fields)

    assert shown.status == 422
    assert says in shown.words
    assert "Credits $10.00" in shown.words


# --- roles -----------------------------------------------------------------------------------------------------------


async def _invite(surfer: Surfer, at: str, email: str, role: str) -> Surfer:
    """Somebody new in the project."""
    await surfer.send(await surfer.get(f"{at}/people"), "/people", email=email, role=role)
    guest = another(surfer)
    form = await guest.get(await link_in_mail(guest))
    shown = await guest.send(form, "/sign-up", name="Guest", password=PASSWORD, terms="yes")
    assert shown.path == at
    return guest


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("viewer", set()),
        ("billing", {"credits"}),
        ("developer", {"keys/reveal", "numbers/settings/trunk"}),
        ("admin", {"keys/reveal", "numbers/settings/trunk", "credits", "name"}),
    ],
)
async def test_role_decides_what_is_done_and_everybody_looks(surfer: Surfer, at: str, role: str, may: set[str]) -> None:
    guest = await _invite(surfer, at, "bob@example.com", role)
    token = (await guest.get(at)).forms()[0]["csrf"]
    deeds = ["keys/reveal", "numbers/settings/trunk", "credits", "name"]
    fields = {"csrf": token, "amount": "5", "name": "New name", "sip_server": "192.0.2.1"}

    answers = {deed: (await guest.post(f"{at}/{deed}", fields)).status for deed in deeds}

    assert {deed for deed, status in answers.items() if status != 403} == may
    assert (await guest.get(f"{at}/numbers")).status == 200
    assert ("Keys" in (await guest.get(at)).words) is (role in ("developer", "admin"))


async def test_invitation_is_for_its_address_and_once(surfer: Surfer, at: str) -> None:
    await surfer.send(await surfer.get(f"{at}/people"), "/people", email="bob@example.com", role="viewer")
    link = await link_in_mail(surfer)
    eve = another(surfer)
    await join(eve, "eve@example.com", name="Eve")

    refused = await eve.send(await eve.get(link), link)
    bob = another(surfer)
    await join(bob, "bob@example.com", name="Bob")
    welcome = await bob.send(await bob.get(link), link)

    assert refused.status == 403
    assert welcome.path == at
    assert (await bob.get(link)).status == 404
    assert (await eve.get(at)).status == 404


async def test_who_is_removed_sees_the_project_no_more(surfer: Surfer, at: str) -> None:
    guest = await _invite(surfer, at, "bob@example.com", "admin")

    people = await surfer.get(f"{at}/people")
    removals = [form["_action"] for form in people.forms() if form["_action"].endswith("/remove")]
    token = people.forms()[0]["csrf"]
    answers = [await surfer.post(path, {"csrf": token}, follow=False) for path in removals]

    assert sorted(answer.status for answer in answers) == [303, 409]  # the last owner stays
    assert (await guest.get(at)).path.startswith("/portal/sign-in")


async def test_admin_makes_no_owner(surfer: Surfer, at: str) -> None:
    guest = await _invite(surfer, at, "bob@example.com", "admin")

    shown = await guest.send(await guest.get(f"{at}/people"), "/people", email="eve@example.com", role="owner")

    assert "Only an owner makes owners" in shown.words


async def test_operators_account_signs_in_with_its_portal_password(surfer: Surfer, database: Database) -> None:
    """`portal_email` and `portal_password` of the operator's answer."""
    tenant = await make_tenant(database, name="Made by the operator")
    visitor = another(surfer)
    form = await visitor.get("/portal/sign-in")
    shown = await visitor.send(form, "/sign-in", email=tenant.username, password=tenant.password)

    assert shown.path == f"/portal/projects/{tenant.id}"
