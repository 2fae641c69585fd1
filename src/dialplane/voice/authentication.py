"""Who a SIP request is from: digest for the extensions of our organizations (RFC 7616, REG-1), digest or address for
accounts' PBXs.

There is one realm. Whether a user exists shows in nothing: the same challenge, and the same work for a wrong password
as for no user.
"""

import asyncio
from collections.abc import Sequence
from enum import Enum, auto

import structlog

from dialplane.domain.calling.pbx_trunks import PbxTrunk
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.ids import utc_now
from dialplane.services.calling.extensions import tell_locked
from dialplane.services.calling.pbx_trunks import find_called_trunk, tell_trunk_locked
from dialplane.services.calling.registrations import Subscriber, find_subscriber
from dialplane.services.transaction import Database
from dialplane.sip.digest import Authenticator, Credentials, Verdict
from dialplane.sip.message import Request
from dialplane.voice.defence.defence import Defence
from dialplane.voice.useragent.agent import IncomingCall, IncomingRequest

REALM = "dialplane"

log = structlog.get_logger()

Fields = Sequence[tuple[str, str]]


class _Proof(Enum):
    RIGHT = auto()
    WRONG = auto()
    LOCKED = auto()
    """Wrong, and once too often."""


class Gate:
    """Challenges and checks. One for a node: nonces are signed with a secret of this process."""

    def __init__(self, database: Database, secret: bytes, defence: Defence) -> None:
        self._database = database
        self._defence = defence
        self._authenticator = Authenticator(REALM, secret)

    def has_credentials(self, request: Request) -> bool:
        """Whether the sender wants to be an extension. Credentials for another realm are none (CVE-9)."""
        return self._authenticator.read(request, proxy=request.method != "REGISTER") is not None

    def challenge(self, asked: IncomingCall | IncomingRequest, *, stale: bool = False) -> None:
        """401 for REGISTER, 407 for everything else."""
        request = asked.request
        is_proxy = request.method != "REGISTER"
        name = "Proxy-Authenticate" if is_proxy else "WWW-Authenticate"
        answer = self._authenticator.challenge(request, asked.source.host, _now(), stale=stale, proxy=is_proxy)
        fields = [(name, value) for value in answer.headers.get_all(name)]
        _answer(asked, answer.status, fields)

    async def authenticate(self, asked: IncomingCall | IncomingRequest, *, user: str, domain: str) -> Subscriber | None:
        """The extension `user` at `domain`, if the request proves it; else the request is answered and None is given.

        Only the extension itself may speak in its name (CVE-12): other credentials get 403, and so does whoever has
        guessed too often, whatever he tries now (REG-2).
        """
        request = asked.request
        credentials = self._authenticator.read(request, proxy=request.method != "REGISTER")
        if credentials is None:
            self.challenge(asked)
            return None
        name, host = f"{user}@{domain}".lower(), asked.source.host
        if credentials.username.partition("@")[0] != user or not self._defence.may_try(name, host):
            _answer(asked, 403)
            return None
        subscriber = await find_subscriber(self._database, user, domain)
        password = None if subscriber is None else subscriber.password
        proof = self._prove(asked, credentials, name, password)
        if proof is _Proof.LOCKED:
            log.warning("extension_locked", extension=user, domain=domain, source=host)
            if subscriber is not None:
                await tell_locked(self._database, subscriber, host, utc_now())
        return subscriber if proof is _Proof.RIGHT else None

    async def find_trunk(self, host: str) -> PbxTrunk | None:
        """The account's trunk that the host of a request's URI names."""
        return await find_called_trunk(self._database, host)

    async def admits_pbx(self, call: IncomingCall, trunk: PbxTrunk) -> bool:
        """Whether the sender is the trunk's PBX: it has the password, or calls from an allowed address; else the call
        is answered.

        Who gives a password where the trunk has one is judged by that alone: a wrong one counts, from anywhere (REG-2).
        """
        host = call.source.host
        credentials = self._authenticator.read(call.request, proxy=True) if trunk.takes_passwords else None
        if credentials is None:
            if call.source.transport != "ws" and trunk.allows(host):  # a browser's address may be a proxy's
                return True
            if trunk.takes_passwords:
                self.challenge(call)
            else:
                call.reject(403)
            return False
        name = f"{trunk.username}@{trunk.domain_name}.trunk".lower()
        if not self._defence.may_try(name, host):
            call.reject(403)
            return False
        is_user = credentials.username.partition("@")[0] == trunk.username
        proof = self._prove(call, credentials, name, trunk.password if is_user else None)
        if proof is _Proof.LOCKED:
            log.warning("trunk_locked", trunk=trunk.domain_name, source=host)
            await tell_trunk_locked(self._database, trunk, host, utc_now())
        return proof is _Proof.RIGHT

    def claimed_name(self, request: Request) -> str:
        """The name in the credentials for our realm, proved or not; empty without any."""
        credentials = self._authenticator.read(request, proxy=True)
        return "" if credentials is None else credentials.username.partition("@")[0]

    def admits_login(self, call: IncomingCall, trunk: Trunk) -> bool:
        """Whether the sender has the password of the trunk whose name it gives; else the call is answered (REG-2)."""
        credentials = self._authenticator.read(call.request, proxy=True)
        if credentials is None:
            self.challenge(call)
            return False
        name = f"{trunk.login_username}@{trunk.id}.trunk"
        if not self._defence.may_try(name, call.source.host):
            call.reject(403)
            return False
        return self._prove(call, credentials, name, trunk.login_password) is _Proof.RIGHT

    def _prove(
        self, asked: IncomingCall | IncomingRequest, credentials: Credentials, name: str, password: str | None
    ) -> _Proof:
        """Check the digest, and challenge again unless it is right. `password` None: there is no such user."""
        host = asked.source.host
        verdict = self._authenticator.check(credentials, asked.request.method, password, host, _now())
        if verdict is Verdict.ACCEPTED:
            self._defence.right_password(name, host)
            return _Proof.RIGHT
        self.challenge(asked, stale=verdict is Verdict.STALE)
        if verdict is Verdict.WRONG and self._defence.wrong_password(name, host):
            return _Proof.LOCKED
        return _Proof.WRONG


def _answer(asked: IncomingCall | IncomingRequest, status: int, headers: Fields = ()) -> None:
    if isinstance(asked, IncomingCall):
        asked.reject(status, headers=headers)
    else:
        asked.respond(status, headers=headers)


def _now() -> float:
    return asyncio.get_running_loop().time()
