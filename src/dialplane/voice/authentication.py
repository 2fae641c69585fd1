"""Who a SIP request is from: digest for the extensions of our organizations (RFC 7616, REG-1).

There is one realm. Whether a user exists shows in nothing: the same challenge, and the same work for a wrong password
as for no user.
"""

import asyncio
from collections.abc import Sequence

import structlog

from dialplane.domain.ids import utc_now
from dialplane.services.calling.extensions import tell_locked
from dialplane.services.calling.registrations import Subscriber, find_subscriber
from dialplane.services.transaction import Database
from dialplane.sip.digest import Authenticator, Verdict
from dialplane.sip.message import Request
from dialplane.voice.defence.defence import Defence
from dialplane.voice.useragent.agent import IncomingCall, IncomingRequest

REALM = "dialplane"

log = structlog.get_logger()

Fields = Sequence[tuple[str, str]]


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
        verdict = self._authenticator.check(credentials, request.method, password, host, _now())
        if verdict is Verdict.ACCEPTED:
            self._defence.right_password(name, host)
            return subscriber
        self.challenge(asked, stale=verdict is Verdict.STALE)
        if verdict is Verdict.WRONG and self._defence.wrong_password(name, host):
            log.warning("extension_locked", extension=user, domain=domain, source=host)
            if subscriber is not None:
                await tell_locked(self._database, subscriber, host, utc_now())
        return None


def _answer(asked: IncomingCall | IncomingRequest, status: int, headers: Fields = ()) -> None:
    if isinstance(asked, IncomingCall):
        asked.reject(status, headers=headers)
    else:
        asked.respond(status, headers=headers)


def _now() -> float:
    return asyncio.get_running_loop().time()
