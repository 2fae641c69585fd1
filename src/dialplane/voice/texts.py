"""Texts of phones (Restcomm reference 6.3): to another phone of the organization, passed on and not kept; to the PSTN,
sent as a message of the account."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.addresses import is_tel, tel
from dialplane.domain.calling.routing import forms
from dialplane.domain.errors import InsufficientBalance, Refusal
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.calling.phones import MAX_PHONES
from dialplane.services.calling.registrations import Binding, Subscriber, find_bindings, find_subscriber
from dialplane.services.calling.ways import TRANSPORTS
from dialplane.services.messaging.client_messages import note_phone_answer, read_order
from dialplane.services.messaging.inbound_messages import InboundMessage
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.numbering.numbers import find_caller_id
from dialplane.services.tenancy.accounts import get_account
from dialplane.services.transaction import Database
from dialplane.sip.errors import SipParseError
from dialplane.voice.useragent.agent import IncomingRequest, Source, UserAgent
from dialplane.voice.useragent.reason import reason_field
from dialplane.voice.useragent.station import Fields

PATIENCE_S = 20.0
"""The sender's own request is given up after 32 s (RFC 3261 17.1.2.2)."""


@dataclass(frozen=True, slots=True)
class _Text:
    """What a phone is sent."""

    caller: str
    callee: str
    body: bytes
    headers: Fields = ()


@dataclass(frozen=True, slots=True)
class Texts:
    database: Database
    agent: UserAgent
    now: Callable[[], datetime]

    async def take(self, asked: IncomingRequest, sender: Subscriber, destination: str, domain: str) -> bool:
        """Answer a text that may not be sent, or is for a phone of the sender's organization. False: it is neither."""
        if not (await get_account(self.database, sender.account_id)).status.may_use:
            asked.respond(403)
            return True
        callee = await find_subscriber(self.database, destination, domain)
        if callee is None or callee.organization_id != sender.organization_id:
            return False
        _, phones = await find_bindings(self.database, callee.account_id, callee.extension_id, self.now())
        request = asked.request
        text = _Text(f"<{request.from_.uri}>", f"<{request.to.uri}>", request.body)
        asked.respond(await self._pass_on(text, phones[:MAX_PHONES]))
        return True

    async def send_out(self, asked: IncomingRequest, sender: Subscriber, message: InboundMessage) -> bool:
        """Send a text to a number that is nobody's here, from the account's own number. False: it is no number."""
        home = (await get_account(self.database, sender.account_id)).home_country
        called = forms(message.destination, home)[0]
        if not is_tel(called):
            return False
        own = await find_caller_id(self.database, sender.account_id)
        if own is None:
            asked.respond(403, headers=(("Reason", reason_field(403, "the account has no number to send from")),))
            return True
        wish = MessageRequest(tel(own.number), (tel(called),), message.text, key=message.carrier_id)
        try:
            await send_message(self.database, sender.account_id, wish, self.now())
        except Refusal as refusal:
            status = 402 if isinstance(refusal, InsufficientBalance) else 403
            asked.respond(status, headers=(("Reason", reason_field(status, refusal.message)),))
        else:
            asked.respond(202)
        return True

    async def deliver(self, command: NodeCommand) -> None:
        """Send a message of the account to one of its phones, as the API ordered it (reference 4.7)."""
        order = read_order(command)
        phone, bindings = await find_bindings(self.database, order.account_id, order.extension_id, self.now())
        here = self.agent.shown_host
        text = _Text(
            f"<sip:{order.source}@{here}>",
            f"<sip:{phone.extension}@{here}>" if phone else "",
            order.text.encode(),
            order.headers,
        )
        status = await self._pass_on(text, bindings[:MAX_PHONES])
        await note_phone_answer(self.database, order, status, self.now())

    async def _pass_on(self, text: _Text, phones: Sequence[Binding]) -> int:
        """The best of what the phones answered; 404 where there is none."""
        answers = await asyncio.gather(*(self._send(text, phone) for phone in phones))
        return min(answers, default=404)

    async def _send(self, text: _Text, phone: Binding) -> int:
        try:
            answer = await self.agent.request(
                "MESSAGE",
                target=phone.contact,
                caller=text.caller,
                callee=text.callee,
                destination=Source(phone.source_host, phone.source_port, TRANSPORTS.get(phone.transport, "udp")),
                headers=text.headers,
                body=text.body,
                content_type="text/plain",
                timeout_s=PATIENCE_S,
                path=phone.path,
            )
        except SipParseError:  # a contact that is none
            return 404
        return answer.status
