"""What carriers tell us: inbound messages, what became of sent ones, orders that went on.

A carrier's webhook may come late, twice and out of order. Whoever it claims to be, nothing of it is believed before its
signature is right; a refusal says why, for whoever has to repair the address, the key or the clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from dialplane.domain.errors import Invalid, NotFound, NotPermitted
from dialplane.domain.ids import PortId, new_id
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.services.messaging.inbound_messages import InboundMessage, MessageRefused, receive_message
from dialplane.services.messaging.message_sending import Receipt
from dialplane.services.supply.carrier_accounts import Exchange
from dialplane.services.transaction import Database

log = structlog.get_logger()


class SignatureRefused(Exception):
    """The request is not shown to be the carrier's; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request as it came in."""

    path: str
    """Below the account's own address, such as `/messages`; without the query."""
    query: str
    """As it was written."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextArrived:
    message: InboundMessage


@dataclass(frozen=True, slots=True)
class TextWent:
    """What became of a message of ours; `reference` is ours, where the carrier gave it back."""

    carrier_id: str
    reference: UUID | None
    status: TargetStatus
    reason: str = ""
    error_code: int = 0
    """Of Twilio's catalogue; 0: none fits."""


@dataclass(frozen=True, slots=True)
class OrderMoved:
    """The carrier's order of this reference has another state."""

    reference: UUID


@dataclass(frozen=True, slots=True)
class PortMoved:
    """The carrier's porting order of this reference has another state."""

    reference: UUID


News = TextArrived | TextWent | OrderMoved | PortMoved


class CarrierInbox(Protocol):
    """Reads the webhooks of one account."""

    @property
    def carrier(self) -> str:
        """The account's name."""
        ...

    def read(self, request: WebhookRequest, now: datetime) -> Sequence[News]:
        """What it tells; nothing, where it is genuine and not of interest here.

        Raises SignatureRefused, and Invalid for what is signed and cannot be read.
        """
        ...

    def record(self, request: WebhookRequest) -> str:
        """The body as it is kept: without secrets and without what people wrote."""
        ...


class Inboxes(Protocol):
    async def find_inbox(self, account_id: UUID) -> CarrierInbox | None:
        """None where there is no such account."""
        ...


async def take_webhook(
    database: Database, inboxes: Inboxes, account_id: UUID, request: WebhookRequest, now: datetime
) -> None:
    """Believe it or not, act on it, and put it on record. What was acted on before has no second effect.

    Raises NotFound, NotPermitted (SIGNATURE_INVALID), Invalid.
    """
    inbox = await inboxes.find_inbox(account_id)
    if inbox is None:
        raise NotFound("There is no such carrier account", reason="CARRIER_NOT_FOUND")
    came = Exchange(new_id(now), inbox.carrier, "in", "POST", request.path[:1024], now)
    try:
        news = inbox.read(request, now)
    except SignatureRefused as refused:
        # Of who is not the carrier nothing is kept but the reason: anybody could fill the record.
        await _keep(database, replace(came, status=403, fault=str(refused)))
        log.warning("carrier_webhook_refused", carrier=inbox.carrier, fault=str(refused))
        raise NotPermitted(str(refused), reason="SIGNATURE_INVALID") from refused
    except Invalid as fault:
        await _keep(database, replace(came, status=400, fault=fault.message))
        raise
    about = next((each.message.destination for each in news if isinstance(each, TextArrived)), "")
    await _keep(database, replace(came, status=200, request=inbox.record(request), about=about[:64]))
    for each in news:
        await _act(database, inbox.carrier, each, now)


async def _keep(database: Database, exchange: Exchange) -> None:
    async with database.transaction() as tx:
        await tx.carriers.add_exchange(exchange)


async def _act(database: Database, carrier: str, news: News, now: datetime) -> None:
    if isinstance(news, TextArrived):
        refused = await receive_message(database, news.message, now)
        if isinstance(refused, MessageRefused):
            log.info("carrier_message_refused", carrier=carrier, reason=refused.reason)
        return
    async with database.transaction() as tx:
        if isinstance(news, OrderMoved):
            await tx.carriers.hasten_order(carrier, news.reference, now)
            return
        if isinstance(news, PortMoved):
            await tx.carriers.hasten_port(carrier, PortId(news.reference), now)
            return
        if news.reference is not None:
            await tx.carriers.note_message(news.reference, carrier_id=news.carrier_id)
        if news.status.is_final:
            receipt = Receipt(news.carrier_id, news.status, news.reason, news.error_code)
            await tx.carriers.note_receipt(news.reference, receipt)
