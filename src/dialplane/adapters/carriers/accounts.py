"""The operator's accounts at real carriers: looked up in the store at each use, so that a change counts at once.

A carrier's answer takes a hundred times as long as the look-up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from dialplane.adapters.carriers.api import CarrierApi
from dialplane.adapters.carriers.messages import Sends
from dialplane.adapters.carriers.telnyx.messages import TelnyxMessages
from dialplane.adapters.carriers.telnyx.numbers import TelnyxNumbers
from dialplane.adapters.carriers.telnyx.porting import TelnyxPorting
from dialplane.adapters.carriers.telnyx.trunks import TelnyxTrunks
from dialplane.adapters.carriers.telnyx.webhooks import TelnyxInbox
from dialplane.adapters.carriers.twilio.credentials import basic
from dialplane.adapters.carriers.twilio.messages import TwilioMessages
from dialplane.adapters.carriers.twilio.numbers import TwilioNumbers
from dialplane.adapters.carriers.twilio.webhooks import TwilioInbox
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.domain.errors import Invalid
from dialplane.domain.supply.carrier_accounts import CarrierAccess, CarrierAccount, CarrierKind, CarrierStatus
from dialplane.services.numbering.carrier_ports import CarrierPorting
from dialplane.services.supply.carrier_news import CarrierInbox
from dialplane.services.supply.carrier_trunks import RemoteTrunks
from dialplane.services.supply.carriers import Answer, CarrierFailed, CarrierSearch, CarrierSettings
from dialplane.services.transaction import Database

Numbers = TelnyxNumbers | TwilioNumbers


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """What can be done with one account."""

    numbers: Numbers
    messages: Sends
    inbox: CarrierInbox
    porting: CarrierPorting | None = None


class CarrierAccounts:
    """Every account that the operator has set up. `client` is entered and closed by the caller."""

    def __init__(self, database: Database, client: GuardedClient) -> None:
        self._database = database
        self._client = client

    async def names(self) -> list[str]:
        async with self._database.reading() as tx:
            return [account.name for account in await tx.carriers.list_accounts()]

    async def searches(self) -> Mapping[str, CarrierSearch]:
        """Those that are active."""
        async with self._database.reading() as tx:
            accounts = await tx.carriers.list_accounts()
        active = [account for account in accounts if account.status is CarrierStatus.ACTIVE]
        return {account.name: self._open(account).numbers for account in active}

    async def find(self, name: str) -> OpenAccount | None:
        async with self._database.reading() as tx:
            account = await tx.carriers.find_account(name)
        return None if account is None else self._open(account)

    async def find_settings(self, name: str) -> CarrierSettings | None:
        found = await self.find(name)
        return None if found is None else found.numbers

    async def find_porting(self, name: str) -> CarrierPorting | None:
        found = await self.find(name)
        return None if found is None else found.porting

    async def find_messages(self, name: str) -> Sends | None:
        found = await self.find(name)
        return None if found is None else found.messages

    async def find_inbox(self, account_id: UUID) -> CarrierInbox | None:
        async with self._database.reading() as tx:
            account = await tx.carriers.get_account(account_id)
        return None if account is None else self._open(account).inbox

    def trunks_at(self, access: CarrierAccess) -> RemoteTrunks:
        if access.kind is not CarrierKind.TELNYX:
            raise Invalid(f"No trunk can be set up at {access.kind.value} from here", field="carrier")
        headers = {"Authorization": f"Bearer {access.api_key}"}
        return TelnyxTrunks(CarrierApi(self._client, self._database, access.kind.value, headers), access)

    def _open(self, account: CarrierAccount) -> OpenAccount:
        if account.kind is CarrierKind.TELNYX:
            api = self._api(account, {"Authorization": f"Bearer {account.api_key}"})
            return OpenAccount(
                TelnyxNumbers(api, account),
                TelnyxMessages(api, account),
                TelnyxInbox(account),
                TelnyxPorting(api, account),
            )
        api = self._api(account, {"Authorization": basic(account)})
        return OpenAccount(TwilioNumbers(api, account), TwilioMessages(api, account), TwilioInbox(account))

    def _api(self, account: CarrierAccount, headers: Mapping[str, str]) -> CarrierApi:
        return CarrierApi(self._client, self._database, account.name, headers)


class NamedCarrier:
    """Fulfils `services.supply.carriers.Carrier` for the account of a name, whichever it is when it is asked."""

    is_local = False

    def __init__(self, accounts: CarrierAccounts, name: str) -> None:
        self._accounts = accounts
        self._name = name

    async def order(self, number: str, reference: str) -> Answer:
        return await (await self._numbers()).order(number, reference)

    async def find_order(self, reference: str) -> Answer | None:
        return await (await self._numbers()).find_order(reference)

    async def owns(self, number: str) -> bool:
        return await (await self._numbers()).owns(number)

    async def release(self, number: str) -> None:
        await (await self._numbers()).release(number)

    async def _numbers(self) -> Numbers:
        """Raises CarrierFailed where there is no such account."""
        found = await self._accounts.find(self._name)
        if found is None:
            raise CarrierFailed(f"the carrier {self._name} is not set up")
        return found.numbers
