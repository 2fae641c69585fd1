"""Incoming calls: who sends this, is it let in, and with which program."""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from dialplane.domain.calling.media import ANY_AUDIO
from dialplane.domain.calling.pbx_trunks import PbxTrunk, called_trunk
from dialplane.domain.calling.routing import MAX_DIALLED, Origin
from dialplane.domain.calling.trunk_terms import USUAL_TERMS, Reliable, TrunkTerms
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import CallId, TrunkId, new_id
from dialplane.sdp.negotiation import NotAcceptable
from dialplane.services.calling.admission import Admitted, Challenge, Outcome, TurnedAway
from dialplane.services.calling.arrivals import SANDBOX_COUNTRY, Arrival
from dialplane.services.calling.registrations import Subscriber
from dialplane.sip.errors import SipParseError
from dialplane.sip.text import storable
from dialplane.sip.uri import SipUri
from dialplane.voice.audio import AudioExchange
from dialplane.voice.authentication import Gate
from dialplane.voice.batching import Batcher
from dialplane.voice.exchanges import settled
from dialplane.voice.signalling import TracedCall
from dialplane.voice.trust.verifying import Verifying
from dialplane.voice.useragent.agent import IncomingCall
from dialplane.voice.useragent.reliable import supports_reliable

BUSY = ("Retry-After", "5")
MAX_TEXT = 255
MAX_JUDGED = 10_000
"""Addresses whose answer is kept."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that is let in."""

    admitted: Admitted
    audio: AudioExchange
    """Its offer and answer as the caller must have it."""
    trunk: Trunk | None
    """By which it came."""


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
        has_room: Callable[[Trunk], bool] = lambda trunk: True,
    ) -> None:
        """`trace` keeps what was seen of a call that was refused; `has_room` is whether a trunk may have another."""
        self._trace = trace
        self._gate = gate
        self._admissions = admissions
        self._verifying = verifying
        self._node = node
        self._now = now
        self._trunks: Sequence[Trunk] = ()
        self._judged: dict[str, Trunk | None] = {}
        self._logins: dict[str, Trunk] = {}
        self._registrars: dict[str, TrunkId] = {}
        self._callers: dict[str, TrunkId] = {}
        self._has_room = has_room

    def set_trunks(self, trunks: Sequence[Trunk]) -> None:
        """The trunks as they are now; the node's heartbeat tells them again and again."""
        if trunks != self._trunks:
            self._trunks = trunks
            self._logins = {trunk.login_username: trunk for trunk in trunks if trunk.login_username}
            self._judged.clear()

    def set_registrars(self, registrars: dict[str, TrunkId]) -> None:
        """The addresses where this node is registered: what comes from there is the trunk's."""
        self._registrars = registrars
        self._judged.clear()

    def set_callers(self, callers: dict[str, TrunkId]) -> None:
        """The addresses that names of trunks' gateways lead to now."""
        if callers != self._callers:
            self._callers = callers
            self._judged.clear()

    async def take(self, call: IncomingCall, audio: AudioExchange) -> Taken | None:
        """None where the call was answered with a refusal or a challenge."""
        try:
            target = SipUri.parse(call.request.uri)
            sender = call.request.from_
        except SipParseError:
            call.reject(400)
            return None
        user, domain = user_and_host(sender.uri)
        host = target.host.lower()
        found = await self._find_sender(call, host, user, domain)
        if found is None:
            return None
        trunk, caller, pbx = found
        if trunk is not None and not self._may_bring(call, trunk):
            return None
        identity = None
        if caller is None and pbx is None and self._verifying.concerns(call.request):
            identity = await self._verifying.verify(call, trunk.id if trunk else None)
        arrival = Arrival(
            call_id=CallId(new_id(self._now())),
            origin=Origin.EXTENSION if caller or pbx else Origin.PSTN,
            raw_source=user,
            source_name=clean(sender.display_name or ""),
            raw_destination=_dialled(target, call.request.to.uri, trunk),
            domain=host[:MAX_TEXT],
            source_host=call.source.host,
            sip_call_id=clean(call.request.call_id),
            node=self._node,
            caller=caller,
            pbx=pbx,
            identity=identity,
            claims=None if caller or pbx else (user, domain),
            headers=call.request.headers,
            country=trunk.terms.numbers.country if trunk else SANDBOX_COUNTRY,
        )
        media = caller.media if caller else trunk.terms.media if trunk else ANY_AUDIO
        if media is not ANY_AUDIO:
            try:
                audio = settled(audio, call.request.body, media, is_private=call.source.transport == "tls")
            except NotAcceptable as fault:
                call.reject_offer(fault.problem)
                return None
        admitted = await self._admit(call, arrival)
        return None if admitted is None else Taken(admitted, audio, trunk)

    async def _find_sender(
        self, call: IncomingCall, host: str, user: str, domain: str
    ) -> tuple[Trunk | None, Subscriber | None, PbxTrunk | None] | None:
        """The trunk, the extension or the account's PBX that calls; None where the call was answered."""
        # No carrier calls by browser.
        trunk = self.trunk_at(call.source.host) if call.source.transport != "ws" else None
        if called_trunk(host) and (pbx := await self._gate.find_trunk(host)) is not None:
            return (None, None, pbx) if await self._gate.admits_pbx(call, pbx) else None
        if called_trunk(host) and trunk is None:
            call.reject(404)  # reference 9.3: an unknown trunk
            return None
        if (login := self._login(call)) is not None:
            return (login, None, None) if self._gate.admits_login(call, login) else None
        if trunk is not None and not self._gate.has_credentials(call.request):
            return trunk, None, None
        # Whoever is no trunk must prove to be an extension of ours.
        caller = await self._gate.authenticate(call, user=user, domain=domain)
        return None if caller is None else (None, caller, None)

    def _may_bring(self, call: IncomingCall, trunk: Trunk) -> bool:
        """Whether the trunk has room for the call and the call keeps to the trunk's terms; else it was answered."""
        if not self._has_room(trunk):
            log.info("trunk_full", trunk=trunk.name, sip_call_id=clean(call.request.call_id))
            call.reject(503, headers=(BUSY,))
            return False
        return trunk.terms is USUAL_TERMS or _agree(call, trunk.terms)

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
        """Whether the address belongs to a peer that brings PSTN traffic. Asked about each message."""
        known = self._judged
        return (known[host] if host in known else self.trunk_at(host)) is not None

    def trunk_at(self, host: str) -> Trunk | None:
        """The trunk whose peer calls from there."""
        try:
            return self._judged[host]
        except KeyError:
            if len(self._judged) >= MAX_JUDGED:  # strangers must not fill the memory
                self._judged.clear()
            known = self._judged[host] = self._find_trunk(host)
            return known

    def _find_trunk(self, host: str) -> Trunk | None:
        """The one with the narrowest network around the address, or where we are registered; else the one whose name
        leads there: what is written stands above what somebody else's DNS says."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        registrar = self._registrars.get(host)
        around = [
            (network.prefixlen, trunk) for trunk in self._trunks for network in trunk.networks if address in network
        ]
        around += [(address.max_prefixlen, trunk) for trunk in self._trunks if trunk.id == registrar]
        if not around:
            named = self._callers.get(str(address))
            around = [(address.max_prefixlen, trunk) for trunk in self._trunks if trunk.id == named]
        return max(around, key=lambda one: one[0])[1] if around else None

    def _login(self, call: IncomingCall) -> Trunk | None:
        """The trunk whose name the caller gives for itself."""
        if not self._logins:
            return None
        return self._logins.get(self._gate.claimed_name(call.request))


def _agree(call: IncomingCall, terms: TrunkTerms) -> bool:
    """Let the call keep to what its trunk wants of signalling; False where the caller cannot, and was told so."""
    call.want_session(terms.session_timer_s)
    if terms.reliable is not Reliable.OFF:
        if supports_reliable(call.request):
            call.be_reliable()
        elif terms.reliable is Reliable.REQUIRED:
            call.reject(421, headers=(("Require", "100rel"),))
            return False
    return True


def _dialled(target: SipUri, to: str, trunk: Trunk | None) -> str:
    """What was dialled. A registrar sends to the contact that we registered, which names us: then the To tells."""
    user = clean(target.user or "")
    if trunk is not None and trunk.terms.registers and user == trunk.username:
        user = user_and_host(to)[0] or user
    return user[:MAX_DIALLED]


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
