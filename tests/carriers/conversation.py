"""The platform's HTTP faces and a fake carrier that reach each other, and one step of the worker's sending."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from dialplane.adapters.carriers.messages import RoutedMessages
from dialplane.adapters.carriers.sandbox_messages import SandboxMessageCarrier
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import tel
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.messaging.messages import Message
from dialplane.domain.supply.carrier_accounts import CarrierKind
from dialplane.services.messaging.message_sending import (
    claim_targets,
    record_answer,
    record_no_answer,
    record_receipt,
    submission_of,
)
from dialplane.services.messaging.messages import MessageRequest, get_message, list_messages
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.supply.carrier_accounts import AccountChange, change_account, list_exchanges
from tests.faces.conftest import application, dependencies
from tests.faces.conftest import serving as serving_app
from tests.fakes.carriers import Wired, wired
from tests.services.buying import buy, buyer

PEER = "+12025550199"


@dataclass
class Conversation:
    """An account with a number of the carrier's."""

    wire: Wired
    database: PostgresDatabase
    account_id: AccountId
    base: str

    @property
    def webhooks(self) -> str:
        return f"{self.base}/carriers/v1/{self.wire.account.id}"

    async def send(self, text: str = "hello") -> Message:
        request = MessageRequest(tel(self.wire.number), (tel(PEER),), text)
        return await send_message(self.database, self.account_id, request, utc_now())

    async def work(self, *, after: timedelta = timedelta(0)) -> None:
        """What the worker does with queued messages and with receipts, once."""
        now = utc_now() + after
        carrier = RoutedMessages(self.database, self.wire.accounts, SandboxMessageCarrier(self.database))
        for queued in await claim_targets(self.database, 1, limit=10, sweep=True, now=now):
            try:
                answer = await carrier.submit(submission_of(queued), now)
            except Unavailable as fault:
                await record_no_answer(self.database, queued, str(fault), now)
            else:
                await record_answer(self.database, queued, answer, now)
        for receipt in await carrier.receipts(now):
            await record_receipt(self.database, receipt, now)

    async def status(self, message: Message) -> tuple[str, str]:
        (target,) = (await get_message(self.database, self.account_id, message.id)).targets
        return target.status.value, target.reason

    async def received(self) -> Sequence[Message]:
        return [
            each
            for each in await list_messages(self.database, self.account_id, before=None, limit=10)
            if each.number_id is not None
        ]

    async def refusals(self) -> list[str]:
        kept = await list_exchanges(self.database, carrier=self.wire.account.name)
        return [each.fault for each in kept if each.direction == "in" and each.fault]


@asynccontextmanager
async def conversing(database: PostgresDatabase, folder: Path, kind: CarrierKind) -> AsyncIterator[Conversation]:
    async with wired(database, kind) as wire:
        ports = replace(dependencies(database, folder), carriers=wire.carriers, inboxes=wire.carriers)
        async with serving_app(ports, application(ports)) as base:
            await use(database, wire, public_url=base)
            account_id = await buyer(database)
            await buy(database, account_id, wire.number, at=wire.carriers)
            yield Conversation(wire, database, account_id, base)


async def use(database: PostgresDatabase, wire: Wired, **change: str) -> None:
    """Change the operator's account at the carrier."""
    wire.account = await change_account(database, wire.account.id, AccountChange(**change), utc_now())  # type: ignore[arg-type]
