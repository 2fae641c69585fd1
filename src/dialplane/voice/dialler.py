"""Outgoing legs: one party, one call, one INVITE; or several, where the first ways to it fail."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

import structlog

from dialplane.domain.addresses import Address
from dialplane.domain.calling.call_manners import CallManner
from dialplane.domain.calling.calls import Call, HangupReason, may_try_another_route
from dialplane.domain.calling.trunk_terms import Reliable
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.errors import Refusal, Unavailable
from dialplane.services.calling.dialling import Opened, OutgoingWish
from dialplane.services.calling.phones import MAX_PHONES
from dialplane.services.calling.ways import Way, ways_to
from dialplane.services.transaction import Database
from dialplane.voice.batching import Batcher
from dialplane.voice.forking import Forks
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import LegContext
from dialplane.voice.trunking.gateways import Gateways
from dialplane.voice.trunking.limits import TrunkLimits
from dialplane.voice.trunking.named_servers import NamedServers, may_try_another_server
from dialplane.voice.trust.signing import Signing
from dialplane.voice.useragent.agent import CallEnd, EndKind, OutgoingCall, Source, UserAgent
from dialplane.voice.useragent.challenge import Credentials
from dialplane.voice.useragent.events import CallWatcher
from dialplane.voice.useragent.station import HOPS
from dialplane.voice.waiting import first_of

PLAIN = CallManner()
WITHHELD = '"Anonymous" <sip:anonymous@anonymous.invalid>'
"""RFC 3323 section 4.1.1.3."""
PAUSE_S = 0.5
"""`w` among digits to send."""
_RELIABLE: Mapping[Reliable, Literal["", "Supported", "Require"]] = {
    Reliable.OFF: "",
    Reliable.SUPPORTED: "Supported",
    Reliable.REQUIRED: "Require",
}
SILENT_S = 4.0
"""Without any answer to an INVITE, where there is another way; RFC 3261 alone would wait for 32."""
MAX_HOPS = 5
"""FRD-7: a call that comes back to us through a number of our own may do so this often."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Dialler:
    """Starts outgoing legs on this node."""

    database: Database
    agent: UserAgent
    context: LegContext
    openings: Batcher[OutgoingWish, Opened | Refusal]
    node: str
    now: Callable[[], datetime]
    started: Callable[[Leg], None]
    """Told of every new leg, before anything is sent."""
    gateways: Gateways
    limits: TrunkLimits
    signing: Signing
    servers: NamedServers

    async def open(self, wish: OutgoingWish) -> Opened:
        """Check, reserve and record a call. Raises the Refusal."""
        opened = await self.openings.submit(wish)
        if isinstance(opened, Refusal):
            raise opened
        return opened

    def make_leg(self, call: Call, billing: CallBilling) -> Leg:
        leg = Leg(call, self.context, billing=billing)
        self.started(leg)
        return leg

    async def place(self, leg: Leg, manner: CallManner, at_answer: Callable[[], Awaitable[None]]) -> None:
        """Call the leg's party, and return when it has answered (and was sent its digits), or when the leg is over.

        `at_answer` is done before anything is sent to a party that has answered.
        """
        try:
            async with asyncio.timeout(manner.timeout_s):
                await self.invite(leg, manner, contact=manner.contact)
        except TimeoutError:
            leg.hang_up(HangupReason.NOANSWER, text="nobody answered in time")
            return
        leg.limit_talk(manner.time_limit_s)
        if leg.is_answered and not leg.is_ended:
            await at_answer()
        await send_first_digits(leg, manner.send_digits)

    async def invite(self, leg: Leg, manner: CallManner = PLAIN, *, hops: int = 0, contact: str = "") -> None:
        """Send the leg's INVITE the best way there is, and return when the leg is answered or over.

        One leg is one party: of an extension's phones the one at `contact` rings, or else all of them, and the first
        that answers has the call. A number of the PSTN is tried by one route after the other, until one does more than
        fail; a server that a tenant named at one of its addresses after the other, until one takes calls.
        """
        try:
            ways = await ways_to(self.database, leg.call, self.now(), contact=contact, trunk_id=manner.trunk_id)
            if leg.call.destination.type == "tel":
                ways = await self.gateways.best_first(ways)
                if not ways:
                    raise Unavailable("No gateway's name is known")
            if leg.call.destination.type == "sip":
                ways = await self.servers.ways(ways[0], leg.call.account_id)
            leg.identity = await self.signing.identity_for(leg.call, ways)
            if ways[0].transport == "ws":
                leg.expect_browser()
            await leg.media_ready()
        except Refusal as refusal:
            nobody_there = leg.call.destination.type == "extension"
            leg.hang_up(HangupReason.FAILED, text=refusal.message, sip_code=404 if nobody_there else 503)
            return
        if not leg.is_ended and leg.call.destination.type == "extension" and len(ways) > 1:
            self._ring_all(leg, ways[:MAX_PHONES], manner, hops)
        elif not leg.is_ended:
            attempts = _Attempts(self, leg, ways, manner, hops)
            leg.on_failed = attempts.take_another
            if not attempts.take_next():
                leg.hang_up(HangupReason.FAILED, text="every trunk has as many calls as it may")
                return
        await first_of(leg.answered.wait(), leg.ended.wait())

    def _ring_all(self, leg: Leg, ways: list[Way], manner: CallManner, hops: int) -> None:
        if ways[0].transport != "ws":
            leg.expect(ways[0].media, is_private=all(way.transport == "tls" for way in ways))
        forks = Forks(leg)
        for attempt, way in enumerate(ways):
            forks.ring(partial(self.send, leg, way, manner, hops=hops, attempt=attempt, watcher=forks))

    def send(
        self,
        leg: Leg,
        way: Way,
        manner: CallManner,
        *,
        hops: int,
        attempt: int,
        watcher: CallWatcher | None = None,
    ) -> OutgoingCall:
        """Let the leg's INVITE go one way; `watcher` is told what comes of it, by default the leg. Its audio must be
        open."""
        here = (self.agent.host, self.agent.port)
        host, port = here if way.is_ours else (way.host, way.port)
        target = f"{way.uri}@{host}:{port}" if way.is_ours else way.uri
        username, password = way.username or manner.username, way.password or manner.password
        headers = [*manner.headers, *(way.trunk.terms.headers if way.trunk else ())]
        if (host, port) == here:
            headers.append((HOPS, str(hops + 1)))
        if manner.withheld:
            headers.append(("Privacy", "id"))
        elif leg.identity and self.signing.wants(way):  # it names the caller
            headers.append(("Identity", leg.identity))
        sip = leg.sip = self.agent.call(
            target=target,
            caller=WITHHELD if manner.withheld else self._caller(leg.call.source, way.trunk),
            destination=Source(host, port, way.transport),
            sdp=leg.offer(),
            headers=headers,
            credentials=Credentials(username, password, host=way.host) if username else None,
            watcher=watcher or leg,
            session_s=way.trunk.terms.session_timer_s if way.trunk else 0,
            reliable=_RELIABLE[way.trunk.terms.reliable] if way.trunk else "",
            path=way.path,
            call_id=leg.call.id.hex if attempt == 0 else f"{leg.call.id.hex}-{attempt}",
        )
        sip.referrer = leg
        leg.update(sip_call_id=sip.id)
        if attempt == 0:
            leg.tell("call_dialing")
        return sip

    def _caller(self, source: Address, trunk: Trunk | None) -> str:
        """Our From: the caller ID at our own host, as the trunk writes numbers."""
        user = source.target_name or source.target if source.type == "extension" else source.target
        if trunk is not None:
            user = trunk.terms.numbers.shown(user)
        user, _, host = user.partition("@")
        shown = source.target_name.replace("\\", "").replace('"', "") if source.type == "tel" else ""
        name = f'"{shown}" ' if shown else ""
        return f"{name}<sip:{user or 'anonymous'}@{host or self.agent.shown_host}>"


class _Attempts:
    """The ways to one party, taken one after the other."""

    def __init__(self, dialler: Dialler, leg: Leg, ways: list[Way], manner: CallManner, hops: int) -> None:
        self._dialler = dialler
        self._leg = leg
        self._ways = ways
        self._manner = manner
        self._hops = hops
        self._taken = 0
        self._sent = 0
        self._sip: OutgoingCall | None = None

    def take_next(self) -> bool:
        """False: there is none left that may be taken."""
        while self._taken < len(self._ways):
            way = self._ways[self._taken]
            self._taken += 1
            if way.trunk is None or self._dialler.limits.take(way.trunk):
                self._take(way)
                return True
            log.info("trunk_full", trunk=way.trunk.name, call_id=str(self._leg.call.id))
        return False

    def take_another(self, end: CallEnd) -> bool:
        """Whether the call goes on another way after this end."""
        answer = 0 if end.kind is EndKind.TIMEOUT else end.status  # nothing came back at all
        self._tell(answer)
        may_try = may_try_another_server if self._leg.call.destination.type == "sip" else may_try_another_route
        if not may_try(answer):
            return False
        log.info("route_failed", call_id=str(self._leg.call.id), status=end.status, tried=self._taken)
        return self.take_next()

    def _take(self, way: Way) -> None:
        if way.transport != "ws":
            self._leg.expect(way.media, is_private=way.transport == "tls")
        self._sip = self._dialler.send(self._leg, way, self._manner, hops=self._hops, attempt=self._sent)
        self._sent += 1
        if way.trunk is not None:
            self._dialler.limits.began(way.trunk, self._leg)
        if self._taken < len(self._ways):
            asyncio.get_running_loop().call_later(SILENT_S, self._give_up_silent, self._sip)

    def _give_up_silent(self, sip: OutgoingCall) -> None:
        """Nothing at all came back, not even 100 Trying: another way may do better than waiting for half a minute."""
        if sip is not self._sip or sip.is_heard or self._leg.is_ended:
            return
        self._tell(0)
        sip.abandon()
        log.info("route_silent", call_id=str(self._leg.call.id), tried=self._taken)
        if not self.take_next():
            self._leg.hang_up(HangupReason.DIALOUT, text="nobody answered on any way")

    def _tell(self, status: int) -> None:
        """Let the gateway that was tried last be known for what came back."""
        rest_s = self._sip.retry_after_s if self._sip is not None else 0
        self._dialler.gateways.failed(self._ways[self._taken - 1], status, rest_s)


async def send_first_digits(leg: Leg, digits: str) -> None:
    """What an answered party is sent before anything else; `w` is a pause."""
    for part in re.findall("[wW]|[^wW]+", digits):
        if leg.media is None or leg.is_ended:
            return
        if part in "wW":
            await asyncio.sleep(PAUSE_S)
        else:
            await leg.media.send_digits(part.upper(), duration_ms=100, interval_ms=100)
