"""Requests outside calls: REGISTER of our extensions, MESSAGE to our numbers; everything else is declined."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from dialplane.domain.addresses import is_tel
from dialplane.domain.calling.routing import SIP_STATUS, Origin, Refused
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.services.calling.call_documents import extra_headers
from dialplane.services.calling.registrations import Binding, Subscriber, end_flow, find_subscriber, register
from dialplane.services.messaging.inbound_messages import InboundMessage, MessageRefused, receive_message
from dialplane.services.transaction import Database
from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Request, Response
from dialplane.sip.registrar import Binding as PlannedBinding
from dialplane.sip.registrar import plan_registration
from dialplane.sip.text import storable_body
from dialplane.sip.uri import SipUri
from dialplane.voice.arrivals import BUSY, Arrivals, clean, user_and_host
from dialplane.voice.authentication import Gate
from dialplane.voice.texts import Texts
from dialplane.voice.useragent.agent import IncomingRequest, Source
from dialplane.voice.useragent.reason import reason_field

_OF_REGISTRAR = ("Contact", "Date", "Min-Expires")
"""What the registrar's answer says beside its status."""
MAX_TEXT = 1600
"""Characters of a MESSAGE that becomes an SMS: ten segments."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Requests:
    """Answers what the user agent hands on."""

    database: Database
    gate: Gate
    arrivals: Arrivals
    node: str
    now: Callable[[], datetime]
    is_connected: Callable[[Source], bool]
    path_of: Callable[[Request, Source, Source], str]
    """How whoever registers is reached: see `Edges.path_of`."""
    texts: Texts

    async def take(self, asked: IncomingRequest) -> None:
        try:
            SipUri.parse(asked.request.uri)  # malformed is 400 before anybody is asked who he is
            match asked.request.method:
                case "REGISTER":
                    await self._register(asked)
                case "MESSAGE":
                    await self._message(asked)
                case "REFER":  # Restcomm reference 5.7: only a call can be transferred
                    asked.respond(404, headers=(("Reason", reason_field(404, "there is no such call")),))
                case _:
                    await self._decline(asked)
        except SipParseError:
            asked.respond(400)
        except Unavailable:
            asked.respond(503, headers=(BUSY,))

    async def _decline(self, asked: IncomingRequest) -> None:
        """SUBSCRIBE, REFER and the like need a known sender first (CVE-12); then they are not done outside a call."""
        user, domain = user_and_host(asked.request.from_.uri)
        if await self.gate.authenticate(asked, user=user, domain=domain) is not None:
            asked.respond(489 if asked.request.method == "SUBSCRIBE" else 403)

    # --- REGISTER ---

    async def _register(self, asked: IncomingRequest) -> None:
        request = asked.request
        user, domain = user_and_host(request.to.uri)
        subscriber = await self.gate.authenticate(asked, user=user, domain=domain)
        if subscriber is None:
            return
        answer = await self._bind(asked, subscriber)
        if asked.hop == asked.source and not self.is_connected(asked.source):  # it was closed while this was written
            await end_flow(self.database, self.node, asked.source.host, asked.source.port)
        fields = [(name, value) for name, value in answer.headers if name in _OF_REGISTRAR]
        if asked.hop != asked.source:  # RFC 3327 section 5.3
            fields += [("Path", path) for path in request.headers.get_all("Path")]
        asked.respond(answer.status, answer.reason, headers=fields)

    async def _bind(self, asked: IncomingRequest, subscriber: Subscriber) -> Response:
        """Apply the registrar's rules to the bindings under the lock of their extension."""
        request, now = asked.request, self.now()
        answers: list[Response] = []

        def change(current: list[Binding]) -> list[Binding] | None:
            planned = plan_registration(
                request,
                [PlannedBinding(each.contact, each.call_id, each.cseq, each.expires_at) for each in current],
                now,
            )
            if isinstance(planned, Response):
                answers.append(planned)
                return None
            answers.append(planned.answer(request, now))
            known = {binding.contact: binding for binding in current}
            added = {binding.contact for binding in planned.added}
            return [
                known[binding.contact]
                if binding.contact in known and binding.contact not in added
                else self._binding(asked, binding)
                for binding in planned.bindings
            ]

        await register(self.database, subscriber.extension_id, change, now)
        log.info("registered", extension=subscriber.extension, status=answers[-1].status, source=asked.source.host)
        return answers[-1]

    def _binding(self, asked: IncomingRequest, planned: PlannedBinding) -> Binding:
        return Binding(
            contact=planned.contact,
            call_id=planned.call_id[:255],
            cseq=planned.cseq,
            source_host=asked.source.host,
            source_port=asked.source.port,
            transport=asked.source.transport,
            node=self.node,
            expires_at=planned.expires_at,
            user_agent=clean(asked.request.headers.get("User-Agent") or ""),
            path=self.path_of(asked.request, asked.source, asked.hop),
        )

    # --- MESSAGE ---

    async def _message(self, asked: IncomingRequest) -> None:
        """An SMS by SIP: from the PSTN side through a trunk, or from an extension of ours."""
        request = asked.request
        user, domain = user_and_host(request.from_.uri)
        sender: Subscriber | None = None
        is_trunk = asked.source.transport != "ws" and self.arrivals.is_trunk(asked.source.host)
        if self.gate.has_credentials(request) or not is_trunk or await self._is_a_phones_name(user, domain):
            sender = await self.gate.authenticate(asked, user=user, domain=domain)
            if sender is None:
                return
        if request.content_type not in (None, "text/plain"):
            asked.respond(415, headers=(("Accept", "text/plain"),))
            return
        text = storable_body(request.body, MAX_TEXT + 1)
        if not text.strip() or len(text) > MAX_TEXT:
            asked.respond(413 if text.strip() else 406)  # a text of nothing: Restcomm reference 6.3
            return
        destination, host = user_and_host(request.uri)
        if sender is not None and await self.texts.take(asked, sender, destination, host):
            return
        message = InboundMessage(
            source=user,
            destination=destination,
            text=text,
            origin=Origin.EXTENSION if sender else Origin.PSTN,
            domain=host,
            organization_id=sender.organization_id if sender else None,
            carrier="sip",
            headers=extra_headers(request.headers),
            carrier_id=f"{request.call_id[:200]}:{request.cseq.number}".replace("\x00", ""),
        )
        try:
            received = await receive_message(self.database, message, self.now())
        except Invalid:
            asked.respond(413)
            return
        if isinstance(received, MessageRefused):
            is_nobodys = received.refused is Refused.UNKNOWN_NUMBER
            if sender is not None and is_nobodys and await self.texts.send_out(asked, sender, message):
                return
            status, phrase = SIP_STATUS[received.refused]
            asked.respond(status, phrase)
        else:
            asked.respond(202)

    async def _is_a_phones_name(self, user: str, domain: str) -> bool:
        """Whether a sender by a trunk says that it is a phone of ours: then it has to prove it, as with a call."""
        return not is_tel(user) and await find_subscriber(self.database, user, domain) is not None
