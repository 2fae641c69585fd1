"""Texts from one phone of an organization to another (Restcomm reference 6.3): passed on, not kept."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialplane.services.calling.dialling import TRANSPORTS
from dialplane.services.calling.phones import MAX_PHONES
from dialplane.services.calling.registrations import Binding, Subscriber, find_bindings, find_subscriber
from dialplane.services.tenancy.accounts import get_account
from dialplane.services.transaction import Database
from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Request
from dialplane.voice.useragent.agent import IncomingRequest, Source, UserAgent

PATIENCE_S = 20.0
"""The sender's own request is given up after 32 s (RFC 3261 17.1.2.2)."""


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
        asked.respond(await self._pass_on(asked.request, phones[:MAX_PHONES]))
        return True

    async def _pass_on(self, request: Request, phones: Sequence[Binding]) -> int:
        """The best of what the phones answered; 404 where there is none."""
        answers = await asyncio.gather(*(self._send(request, phone) for phone in phones))
        return min(answers, default=404)

    async def _send(self, request: Request, phone: Binding) -> int:
        try:
            answer = await self.agent.request(
                "MESSAGE",
                target=phone.contact,
                caller=f"<{request.from_.uri}>",
                callee=f"<{request.to.uri}>",
                destination=Source(phone.source_host, phone.source_port, TRANSPORTS.get(phone.transport, "udp")),
                body=request.body,
                content_type="text/plain",
                timeout_s=PATIENCE_S,
            )
        except SipParseError:  # a contact that is none
            return 404
        return answer.status
