"""What somebody finds who gets hold of the data folder without its three private files."""

from pathlib import Path

import aiohttp

from tests.platform.running import running
from tests.users.acting import Place, place

PRIVATE = {"ready.json", "credentials.json", "master.key"}


async def test_no_issued_token_or_password_stands_in_the_database_or_in_a_log(tmp_path: Path) -> None:
    """API-4, API-5: every kind of credential was used before, right and wrong, in header, query and body."""
    data = tmp_path / "data"
    async with running(data) as platform, place(platform) as at:
        secrets = await use_every_credential(at)
        modes = {name: (data / name).stat().st_mode & 0o777 for name in PRIVATE}
        await platform.stop()

    files = [path for path in data.rglob("*") if path.is_file() and path.name not in PRIVATE]
    found = {(path.name, name) for path in files for name, secret in secrets.items() if secret in path.read_bytes()}

    assert any(path.suffix == ".log" for path in files)
    assert found == set()
    assert set(modes.values()) == {0o600}


async def use_every_credential(at: Place) -> dict[str, bytes]:
    """By name; each was shown once by the platform or chosen by us."""
    ready = at.platform.ready
    web, base = at.customer, at.platform.ready["http"]
    extension = {"extension": "2001", "password": "an-Extensions-passw0rd", "name": "", "detail": ""}
    assert (await web.ask("POST", "/extensions", extension)).status == 200
    endpoint = (await web.ask("POST", "/webhook_endpoints", {"url": "http://127.0.0.1:9/hook"})).json
    key = (await web.ask("POST", "/accesskeys", {"name": "second", "detail": "", "expire": 3600})).json
    signed_in = await sign_in(base, ready["portal_email"], ready["portal_password"])
    async with aiohttp.ClientSession() as session:
        for query in ({"accesskey": ready["access_key"]}, {"token": signed_in}):
            async with session.get(f"{base}/v1.0/numbers", params=query) as answer:
                assert answer.status == 200
        sid, token = ready["account_sid"], ready["auth_token"]
        account = f"{base}/2010-04-01/Accounts/{sid}.json"
        async with session.get(account, headers={"Authorization": aiohttp.encode_basic_auth(sid, token)}) as answer:
            assert answer.status == 200
        vox = {"projectid": ready["project_id"], "authtoken": ready["project_token"], "number": "1"}
        async with session.post(f"{base}/purchasenumber", data=vox) as answer:
            assert (await answer.json())["code"] == 400  # the right token, and no such number
    await at.operator.ask("GET", "/accounts")
    named = {name: ready[name] for name in ("auth_token", "access_key", "project_token", "operator_key")}
    others = {"password": ready["portal_password"], "extension": extension["password"], "signed in": signed_in}
    issued = {"endpoint": endpoint["secret"].removeprefix("whsec_"), "second key": key["token"]}
    return {name: text.encode() for name, text in (named | others | issued).items()}


async def sign_in(base: str, email: str, password: str) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base}/auth/login", json={"username": email, "password": password}) as answer,
    ):
        body = await answer.json()
        return str(body["token"])
