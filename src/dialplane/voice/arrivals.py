"""Incoming calls: who sends this, is it let in, and with which program."""

import ipaddress
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from dialplane.domain.calling.pbx_trunks import PbxTrunk, called_trunk
from dialplane.domain.calling.routing import MAX_DIALLED, Origin
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import CallId, new_id
from dialplane.services.calling.admission import Admitted, Challenge, Outcome, TurnedAway
from dialplane.services.calling.arrivals import Arrival
from dialplane.services.calling.registrations import Subscriber
from dialplane.sip.errors import SipParseError
from dialplane.sip.text import storable
from dialplane.sip.uri import SipUri
from dialplane.voice.authentication import Gate
from dialplane.voice.batching import Batcher
from dialplane.voice.signalling import TracedCall
from dialplane.voice.trust.verifying import Verifying
from dialplane.voice.useragent.agent import IncomingCall

BUSY = ("Retry-After", "5")
MAX_TEXT = 255
MAX_JUDGED = 10_000
"""Addresses whose answer is kept."""

log = structlog.get_logger()


class Arrivals:
    """Takes INVITEs from the user agent to admission or refusal."""

    def __init__(
        self,
        *,
        gate: Gate,
        admissions: Batcher[Arrival, Outcome],
        verifying: Verifying,
        node: str,
        now: Callable[[], datetime],
        trace: Callable[[TracedCall], None] = lambda call: None,
    ) -> None:
        """`trace` keeps what was seen of a call that was refused."""
        self._trace = trace
        self._gate = gate
        self._admissions = admissions
        self._verifying = verifying
        self._node = node
        self._now = now
        self._trunks: Sequence[Trunk] = ()
        self._judged: dict[str, bool] = {}

    def set_trunks(self, trunks: Sequence[Trunk]) -> None:
        """The trunks as they are now; the node's heartbeat tells them again and again."""
        if trunks != self._trunks:
            self._trunks = trunks
            self._judged.clear()

    async def take(self, call: IncomingCall) -> Admitted | None:
        """What was admitted; None where the call was answered with a refusal or a challenge."""
        try:
            target = SipUri.parse(call.request.uri)
            sender = call.request.from_
        except SipParseError:
            call.reject(400)
            return None
        user, domain = user_and_host(sender.uri)
        caller: Subscriber | None = None
        pbx: PbxTrunk | None = None
        host = target.host.lower()
        is_trunk = call.source.transport != "ws" and self.is_trunk(call.source.host)  # no carrier calls by browser
        if called_trunk(host) and (pbx := await self._gate.find_trunk(host)) is not None:
            if not await self._gate.admits_pbx(call, pbx):
                return None
        elif called_trunk(host) and not is_trunk:
            call.reject(404)  # reference 9.3: an unknown trunk
            return None
        elif self._gate.has_credentials(call.request) or not is_trunk:
            # Whoever is no trunk must prove to be an extension of ours.
            caller = await self._gate.authenticate(call, user=user, domain=domain)
            if caller is None:
                return None
        identity = None
        if caller is None and pbx is None and self._verifying.concerns(call.request):
            identity = await self._verifying.verify(call)
        arrival = Arrival(
            call_id=CallId(new_id(self._now())),
            origin=Origin.EXTENSION if caller or pbx else Origin.PSTN,
            raw_source=user,
            source_name=clean(sender.display_name or ""),
            raw_destination=clean(target.user or "")[:MAX_DIALLED],
            domain=host[:MAX_TEXT],
            source_host=call.source.host,
            sip_call_id=clean(call.request.call_id),
            node=self._node,
            caller=caller,
            pbx=pbx,
            identity=identity,
            claims=None if caller or pbx else (user, domain),
            headers=call.request.headers,
        )
        return await self._admit(call, arrival)

    async def _admit(self, call: IncomingCall, arrival: Arrival) -> Admitted | None:
        try:
            outcome = await self._admissions.submit(arrival)
        except Unavailable:
            call.reject(503, headers=(BUSY,))
            return None
        match outcome:
            case Admitted():
                return outcome
            case Challenge():
                self._gate.challenge(call)
            case TurnedAway(status, phrase, reason, account_id):
                if account_id is not None:
                    self._trace(TracedCall(arrival.call_id, account_id, arrival.sip_call_id, self._now()))
                log.info(
                    "call_refused",
                    sip_call_id=arrival.sip_call_id,
                    source=arrival.source_host,
                    destination=arrival.raw_destination,
                    status=status,
                    reason=reason,
                )
                call.reject(status, phrase)
        return None

    def is_trunk(self, host: str) -> bool:
        """Whether the address belongs to a peer that brings PSTN traffic."""
        known = self._judged.get(host)
        if known is None:
            if len(self._judged) >= MAX_JUDGED:  # strangers must not fill the memory
                self._judged.clear()
            known = self._judged[host] = self._is_in_a_trunk(host)
        return known

    def _is_in_a_trunk(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for trunk in self._trunks for network in trunk.networks)


def clean(text: str) -> str:
    """Foreign text as it may be stored: of limited length, without the NUL that Postgres refuses (SIP-10)."""
    return storable(text, MAX_TEXT)


def user_and_host(uri: str) -> tuple[str, str]:
    """Of a foreign URI, fit to be stored; empty where it has none or is malformed."""
    try:
        parsed = SipUri.parse(uri)
    except SipParseError:
        return "", ""
    return clean(parsed.user or ""), clean(parsed.host.lower())
