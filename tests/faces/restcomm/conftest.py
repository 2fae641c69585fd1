"""Clients of the two dialects, who know nothing but an account's sid and token."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import aiohttp
import pytest

from dialplane.domain.ids import AccountId, new_id, to_sid, utc_now
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.charging.billing import open_purse
from dialplane.services.tenancy.accounts import get_account
from dialplane.services.transaction import Database
from tests.faces.conftest import PLENTY, Answer, Client, Tenant

RESTCOMM = "/restcomm/2012-04-24"
TWILIO = "/2010-04-01"

Form = Mapping[str, str] | str


@dataclass(frozen=True)
class FormClient:
    """Speaks basic authentication and forms below one base, for the account in its paths."""

    server: str
    session: aiohttp.ClientSession
    base: str
    sid: str
    user: str
    token: str

    async def ask(self, method: str, path: str, form: Form | None = None, **headers: str) -> Answer:
        """`path` begins below the account where it does not begin with a slash."""
        below = path if path.startswith("/") else f"{self.base}/Accounts/{self.sid}/{path}"
        secret = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        sent = {"Authorization": f"Basic {secret}"} | {name.replace("_", "-"): text for name, text in headers.items()}
        data = None
        if form is not None:
            data = io.BytesIO((form if isinstance(form, str) else urlencode(form)).encode())
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        async with self.session.request(method, self.server + below, data=data, headers=sent) as response:
            return Answer(response.status, response.headers, await response.read())


@pytest.fixture
async def account(database: Database, tenant: Tenant) -> Account:
    return await get_account(database, tenant.id)


def client_of(anonymous: Client, account: Account, base: str) -> FormClient:
    sid = to_sid("AC", account.id)
    return FormClient(anonymous.base, anonymous.session, base, sid, sid, account.auth_token)


async def child_of(database: Database, account: Account, *, token: str = "child") -> Account:
    """A sub-account with money of its own."""
    now = utc_now()
    child = replace(account, id=AccountId(new_id(now)), parent_id=account.id, auth_token=token)
    async with database.transaction() as tx:
        await tx.accounts.insert(child)
        await open_purse(tx, child, PLENTY, now)
    return child


@pytest.fixture
def restcomm(anonymous: Client, account: Account) -> FormClient:
    """`tenant` on Restcomm's base."""
    return client_of(anonymous, account, RESTCOMM)


@pytest.fixture
def twilio(anonymous: Client, account: Account) -> FormClient:
    """`tenant` on Twilio's base."""
    return client_of(anonymous, account, TWILIO)
