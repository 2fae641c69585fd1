"""Websockets, and addresses for other connections, to hosts that a tenant named: the rules of the guarded client.

`ws` tells everybody on the way what is said in a call, so it leads to networks that the operator allows and nowhere
else; `wss` leads wherever `https` does.
"""

import asyncio
import ipaddress
from types import SimpleNamespace, TracebackType
from typing import Self

import aiohttp
from yarl import URL

from dialplane.adapters.http.destinations import RefusedError, check_url
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.http.replies import words_of
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.networks import Address, unwrap

MAX_MESSAGE = 4 << 20
"""Six minutes of mu-law in base64: an assistant may send a whole answer as one message."""
_PING_EVERY_S = 20.0
_CLOSE_S = 2.0
_AS_HTTP = {"ws": "http", "wss": "https"}


class GuardedSockets:
    """Fulfils `voice.streaming.sockets.Sockets`. Use as an async context manager, within that of its client."""

    def __init__(self, client: GuardedClient) -> None:
        self._client = client

    async def __aenter__(self) -> Self:
        traces = [aiohttp.TraceConfig()]
        traces[0].on_request_redirect.append(_refuse_redirect)
        self._sessions = {
            "wss": self._client.make_session(self._client.may_reach, traces),
            "ws": self._client.make_session(self._is_named, traces),
        }
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()

    async def open_websocket(
        self, url: str, headers: dict[str, str], *, timeout_s: float, subprotocol: str = ""
    ) -> "GuardedSocket":
        scheme = self._check(url)
        try:
            async with asyncio.timeout(timeout_s):
                opened = await self._sessions[scheme].ws_connect(
                    url,
                    headers=headers,
                    protocols=(subprotocol,) if subprotocol else (),
                    heartbeat=_PING_EVERY_S,
                    max_msg_size=MAX_MESSAGE,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                )
        except aiohttp.WSServerHandshakeError as fault:
            raise Unavailable(f"the server answered {fault.status} and opened no websocket") from fault
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            hint = "; other networks than those that the operator allows need wss" if scheme == "ws" else ""
            raise Unavailable(words_of(fault) + hint) from fault
        return GuardedSocket(opened)

    async def find_address(self, host: str) -> str:
        try:
            found = [ipaddress.ip_address(text) for text in await self._client.resolve(host)]
        except (OSError, ValueError) as fault:
            raise Unavailable("the name does not resolve") from fault
        if not found or not all(self._client.may_reach(address) for address in found):
            raise Invalid(f"{host} leads to an address that is not public", field="external_host")
        return str(found[0])

    def _check(self, url: str) -> str:
        """The scheme of a good URL. Raises Invalid."""
        scheme, colon, rest = url.partition(":")
        plain = _AS_HTTP.get(scheme.lower())
        if plain is None or not colon:
            raise Invalid("the URL is not a ws or wss address", field="url")
        try:
            check_url(plain + colon + rest, self._client.allow)
        except RefusedError as fault:
            raise Invalid(str(fault), field="url") from fault
        return scheme.lower()

    def _is_named(self, address: Address) -> bool:
        return any(unwrap(address) in network for network in self._client.allow)


class GuardedSocket:
    """Fulfils `voice.streaming.sockets.MessageSocket`."""

    def __init__(self, opened: "aiohttp.ClientWebSocketResponse[bool]") -> None:
        self._opened = opened

    async def send(self, message: bytes, *, binary: bool = False) -> None:
        try:
            await self._opened.send_frame(message, aiohttp.WSMsgType.BINARY if binary else aiohttp.WSMsgType.TEXT)
        except aiohttp.ClientError as fault:
            raise ConnectionError("the connection is gone") from fault

    async def receive(self) -> bytes | None:
        message = await self._opened.receive()
        match message.type:
            case aiohttp.WSMsgType.TEXT:
                return str(message.data).encode()
            case aiohttp.WSMsgType.BINARY:
                return bytes(message.data)
            case aiohttp.WSMsgType.ERROR:
                raise ConnectionError("what came was no websocket message, or too long")
            case _:
                if self._opened.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
                    raise ConnectionError("the connection was lost")
                return None

    async def close(self) -> None:
        await self._opened.close()


async def _refuse_redirect(
    session: aiohttp.ClientSession, context: SimpleNamespace, facts: aiohttp.TraceRequestRedirectParams
) -> None:
    """A handshake is answered by whom it was sent to, or by nobody: the next address has not been checked."""
    raise RefusedError(f"the server leads to another address ({URL(facts.url).host} answered with a redirect)")
