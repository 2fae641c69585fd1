"""The platform on one side and a fake carrier on the other, with an account of the operator's between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network

from dialplane.adapters.carriers.accounts import CarrierAccounts
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.supply.carrier_accounts import CarrierAccount, CarrierKind
from dialplane.fakes.misbehaviour import How
from dialplane.fakes.serving import serving
from dialplane.fakes.telnyx import FakeTelnyx
from dialplane.fakes.twilio import FakeTwilio
from dialplane.services.supply.carrier_accounts import AccountChange, add_account
from tests.services.buying import NOW

LOOPBACK = (ip_network("127.0.0.0/8"),)
PUBLIC = "https://dialplane.example.com"
Fake = FakeTelnyx | FakeTwilio


@dataclass
class Wired:
    """A fake carrier and our account there."""

    fake: Fake
    account: CarrierAccount
    accounts: CarrierAccounts
    carriers: CarrierRegistry

    @property
    def number(self) -> str:
        """One that can be had there."""
        return "+13125550100" if isinstance(self.fake, FakeTelnyx) else "+12125550100"

    @property
    def order_at(self) -> str:
        """The request that buys."""
        if isinstance(self.fake, FakeTelnyx):
            return "POST /v2/number_orders"
        return f"POST /2010-04-01/Accounts/{self.fake.account_sid}/IncomingPhoneNumbers.json"

    @property
    def message_at(self) -> str:
        if isinstance(self.fake, FakeTelnyx):
            return "POST /v2/messages"
        return f"POST /2010-04-01/Accounts/{self.fake.account_sid}/Messages.json"

    def goes_wrong(self, how: How, at: str, times: int = 1) -> None:
        self.fake.misbehaviour.how = how
        self.fake.misbehaviour.at = at
        self.fake.misbehaviour.times = times

    @property
    def bought(self) -> list[str]:
        """Numbers that are in our account there, each as often as it was bought."""
        return [number["phone_number"] for number in self.fake.numbers.values()]

    @property
    def settings(self) -> dict[str, object]:
        """Of the one number that is there; changing it is what somebody does behind our back."""
        (number,) = self.fake.numbers.values()
        return number


@asynccontextmanager
async def wired(
    database: PostgresDatabase, kind: CarrierKind, *, public_url: str = PUBLIC, **facts: object
) -> AsyncIterator[Wired]:
    """An account at a new fake carrier of the kind. `facts` are the account's."""
    fake: Fake = FakeTelnyx() if kind is CarrierKind.TELNYX else FakeTwilio()
    async with serving(fake) as url, GuardedClient(allow=LOOPBACK) as client:
        given = AccountChange(name=kind.value, public_url=public_url, **_keys(fake, url))  # type: ignore[arg-type]
        account = await add_account(database, kind, replace(given, **facts), NOW)  # type: ignore[arg-type]
        accounts = CarrierAccounts(database, client)
        yield Wired(fake, account, accounts, CarrierRegistry({}, accounts=accounts))


def _keys(fake: Fake, url: str) -> dict[str, object]:
    if isinstance(fake, FakeTelnyx):
        return {
            "api_key": fake.api_key,
            "signing_key": fake.public_key,
            "api_url": f"{url}/v2",
            "voice": "connection-1",
            "messaging": "profile-1",
        }
    return {
        "account_sid": fake.account_sid,
        "api_key": fake.auth_token,
        "api_url": url,
        "voice": "TK" + "1" * 32,
        "setup_micros": 1_000_000,
        "monthly_micros": 1_500_000,
    }
