"""`/auth/password-forgot` and `/auth/password-reset`: the API's way to a new password (VoIPBIN's reference 1.4)."""

import re

import aiohttp
import pytest

from dialplane.services.transaction import Database
from tests.faces.conftest import make_tenant
from tests.portal.conftest import Surfer, link_in_mail


async def ask(surfer: Surfer, path: str, **body: object) -> tuple[int, object]:
    async with surfer.session.post(surfer.base + path, json=body) as answer:
        return answer.status, await answer.json()


async def test_forgotten_password_is_set_anew_by_the_token_of_the_mail(stranger: Surfer, database: Database) -> None:
    tenant = await make_tenant(database)

    forgotten = await ask(stranger, "/auth/password-forgot", username=tenant.username.upper())
    token = (await link_in_mail(stranger)).rpartition("/")[2]
    weak, _ = await ask(stranger, "/auth/password-reset", token=token, password="short")
    reset = await ask(stranger, "/auth/password-reset", token=token, password="another good one")
    again, _ = await ask(stranger, "/auth/password-reset", token=token, password="another good one")
    old, _ = await ask(stranger, "/auth/login", username=tenant.username, password=tenant.password)
    new, _ = await ask(stranger, "/auth/login", username=tenant.username, password="another good one")

    assert (forgotten, reset) == ((200, {}), (200, {}))
    assert re.fullmatch("[0-9a-f]{64}", token)
    assert (weak, again, old, new) == (400, 404, 401, 200)


@pytest.mark.parametrize("username", ["nobody@example.com", "no address"])
async def test_answer_does_not_tell_whether_somebody_is_known(stranger: Surfer, username: str) -> None:
    """WEB-8, as on the portal's page."""
    assert await ask(stranger, "/auth/password-forgot", username=username) == (200, {})


async def test_link_of_voipbins_form_leads_to_the_page(stranger: Surfer, database: Database) -> None:
    tenant = await make_tenant(database)
    await ask(stranger, "/auth/password-forgot", username=tenant.username)
    link = await link_in_mail(stranger)

    async with stranger.session.get(
        f"{stranger.base}/auth/password-reset", params={"token": link.rpartition("/")[2]}, allow_redirects=False
    ) as answer:
        where = answer.headers["Location"]

    assert (answer.status, where) == (302, link)
    assert (await stranger.get(where)).status == 200


async def test_token_that_is_none_is_not_found(stranger: Surfer) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{stranger.base}/auth/password-reset") as answer:
        shown = answer.status
    status, _ = await ask(stranger, "/auth/password-reset", token="0" * 64, password="another good one")

    assert (shown, status) == (404, 404)
