"""Our registrations at trunks' servers (RFC 3261 section 10.2): made, refreshed before they end, taken back.

Of several nodes one registers at a trunk: the one that holds its lease. Calls come to where it registered.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import structlog

from dialplane.domain.calling.trunk_terms import Gateway
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import TrunkId
from dialplane.services.calling.trunk_states import RegistrationState, claim_registration
from dialplane.services.transaction import Database
from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Response
from dialplane.voice.trunking.gateways import Gateways
from dialplane.voice.useragent.agent import Credentials, Source, UserAgent

LOOK_S = 1.0
LEASE_EVERY_S = 20.0
ANSWER_S = 16.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 120.0
"""After a failure, doubled each time."""
SHORTEST_S = 30
"""A server that asks for more refreshes than that is refreshed at this pace."""
MARGIN = 0.85
"""Of its life, after which a registration is refreshed: there is time for a second try."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Registration:
    """Of one trunk. Times are the loop's."""

    trunk: Trunk
    call_id: str
    cseq: int = 0
    expires_s: int = 0
    """What is asked for, where the server wanted more than the trunk says."""
    next_at: float = 0.0
    lease_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    is_asking: bool = False
    state: RegistrationState | None = None
    taken_by: tuple[Gateway, Source] | None = None


@dataclass(slots=True)
class TrunkRegistrations:
    database: Database
    agent: UserAgent
    gateways: Gateways
    node: str
    now: Callable[[], datetime]
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    tell_registrars: Callable[[dict[str, TrunkId]], None]
    """Told where we are registered whenever that changes."""
    changed: Callable[[TrunkId], None]
    _known: dict[TrunkId, _Registration] = field(default_factory=dict)

    def set_trunks(self, trunks: Sequence[Trunk]) -> None:
        wanted = {trunk.id: trunk for trunk in trunks if trunk.terms.registers and trunk.gateways}
        for trunk_id, registration in list(self._known.items()):
            if wanted.get(trunk_id) != registration.trunk:
                del self._known[trunk_id]
                self.spawn(self._take_back(registration))
        for trunk_id, trunk in wanted.items():
            if trunk_id not in self._known:
                self._known[trunk_id] = _Registration(trunk, f"{token_hex(16)}@{self.node}")
        self.tell()

    def state(self, trunk_id: TrunkId) -> RegistrationState | None:
        known = self._known.get(trunk_id)
        return known.state if known else None

    async def run(self) -> None:
        """For as long as the node lives."""
        while True:
            now = asyncio.get_running_loop().time()
            for registration in list(self._known.values()) if self.agent.is_started else ():
                if not registration.is_asking and now >= min(registration.next_at, registration.lease_at):
                    registration.is_asking = True
                    self.spawn(self._renew(registration))
            await asyncio.sleep(LOOK_S)

    async def close(self) -> None:
        """Take every registration back; a server that does not answer forgets us in time."""
        known, self._known = self._known, {}
        await asyncio.gather(*(self._take_back(each) for each in known.values()))

    async def _renew(self, registration: _Registration) -> None:
        loop = asyncio.get_running_loop()
        try:
            registration.lease_at = loop.time() + LEASE_EVERY_S
            if not await claim_registration(self.database, registration.trunk.id, self.node, self.now()):
                registration.state = registration.taken_by = None
                self.tell()
                registration.next_at = registration.lease_at
            elif loop.time() >= registration.next_at:
                await self._register(registration)
        except Unavailable:
            registration.lease_at = loop.time() + LOOK_S
        finally:
            registration.is_asking = False

    async def _register(self, registration: _Registration) -> None:
        """At the first gateway that takes it, by priority."""
        trunk, said = registration.trunk, "no gateway's name is known"
        for gateway in sorted(trunk.gateways, key=lambda each: each.priority):
            for peer in await self.gateways.peers(trunk, gateway):
                response = await self._ask(
                    registration, gateway, peer, registration.expires_s or trunk.terms.register_s
                )
                if response.status == 423:
                    registration.expires_s = min(_number(response.headers.get("Min-Expires")), 86_400)
                    response = await self._ask(registration, gateway, peer, registration.expires_s)
                if response.is_success:
                    registration.taken_by = gateway, peer
                    return self._on_success(registration, _granted(response) or trunk.terms.register_s)
                said = f"{response.status} {response.reason}"[:200]
        return self._on_failure(registration, said)

    def _on_success(self, registration: _Registration, expires_s: int) -> None:
        loop, now = asyncio.get_running_loop(), self.now()
        was_registered = registration.state is not None and registration.state.is_registered
        since = registration.state.since if registration.state is not None and was_registered else now
        registration.state = RegistrationState(True, "200 OK", since, now + timedelta(seconds=expires_s))
        registration.next_at = loop.time() + max(SHORTEST_S, expires_s) * MARGIN
        registration.pause_s = FIRST_PAUSE_S
        if not was_registered:
            log.info("trunk_registered", trunk=registration.trunk.name, expires_s=expires_s)
            self.tell()
        self.changed(registration.trunk.id)

    def _on_failure(self, registration: _Registration, said: str) -> None:
        before = registration.state
        since = self.now() if before is None or before.is_registered else before.since
        registration.state = RegistrationState(False, said, since)
        registration.next_at = asyncio.get_running_loop().time() + registration.pause_s
        registration.pause_s = min(registration.pause_s * 2, LONGEST_PAUSE_S)
        log.warning("trunk_not_registered", trunk=registration.trunk.name, said=said)
        self.changed(registration.trunk.id)

    async def _take_back(self, registration: _Registration) -> None:
        if registration.taken_by is not None:
            await self._ask(registration, *registration.taken_by, 0)

    async def _ask(self, registration: _Registration, gateway: Gateway, peer: Source, expires_s: int) -> Response:
        trunk = registration.trunk
        host = gateway.shown_place
        address = f"sip:{trunk.username}@{host.removesuffix(f':{gateway.port}')}"
        registration.cseq += 3  # a challenge that is answered takes a number more each time
        try:
            return await self.agent.request(
                "REGISTER",
                target=f"sip:{host}",
                caller=f"<{address}>",
                callee=f"<{address}>",
                destination=peer,
                headers=(
                    ("Call-ID", registration.call_id),
                    ("CSeq", f"{registration.cseq} REGISTER"),
                    ("Contact", self.agent.contact_of(trunk.username, peer)),
                    ("Expires", str(expires_s)),
                ),
                credentials=Credentials(trunk.username, trunk.password, host=peer.host) if trunk.password else None,
                timeout_s=ANSWER_S,
            )
        except SipParseError as fault:
            raise Unavailable(str(fault)) from fault

    def tell(self) -> None:
        """Where we are registered, and wherever the registrar's name leads now: calls come from there."""
        self.tell_registrars(
            {
                target.host: each.trunk.id
                for each in self._known.values()
                if each.taken_by is not None
                for target in (each.taken_by[1], *self.gateways.places.known(each.taken_by[0]))
            }
        )


def _granted(response: Response) -> int:
    """Seconds that the server gave our contact: its only one, or the shortest of several."""
    try:
        given = [_number(contact.parameters.get("expires")) for contact in response.contacts]
    except SipParseError:
        given = []
    return min(filter(None, given), default=0) or _number(response.headers.get("Expires"))


def _number(text: str | None) -> int:
    digits = (text or "").strip(" \t")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
