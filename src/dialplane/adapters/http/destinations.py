"""Where a request may go: the URL before its name is resolved, every address of the name, and every connection at last
(SSRF-1)."""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from dialplane.domain.networks import Address, Network, is_allowed

MAX_URL = 2048

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the addresses of a name, as text. Raises OSError where there are none."""

MayReach = Callable[[Address], bool]
"""Whether a connection may go to the address."""


class RefusedError(OSError):
    """The URL leads where no request may go. An OSError, so that the connector treats it as a failed connection."""


def check_url(url: str, allow: Sequence[Network] = ()) -> None:
    """What can be said of a URL before its name is resolved; also for refusing it when it is saved.

    Raises RefusedError with the reason.
    """
    if len(url) > MAX_URL:
        raise RefusedError(f"the URL is longer than {MAX_URL} characters")
    try:
        parsed = URL(url)
        host, port = parsed.host, parsed.port
    except ValueError as fault:
        raise RefusedError("the URL is malformed") from fault
    if parsed.scheme not in ("http", "https") or not host:
        raise RefusedError("the URL is not an http or https address")
    if parsed.raw_user is not None or parsed.raw_password is not None:
        raise RefusedError("the URL holds user information")
    if port not in (80, 443) and not (port is not None and 1024 <= port <= 65535):
        raise RefusedError("the URL's port is neither 80, 443 nor 1024 to 65535")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return  # a name, or one of the spellings that only the resolver understands: judged by its addresses
    if not is_allowed(address, allow):
        raise RefusedError("the address is not public")


def exact_url(url: str) -> URL:
    """The address to the letter where it is fit to be sent so: what is signed must not be written another way."""
    return URL(url, encoded=url.isascii() and url.isprintable() and " " not in url)


class CheckedResolver(AbstractResolver):
    """Resolves once and lets a name through only if every one of its addresses is allowed."""

    def __init__(self, resolve: Resolve, may_reach: MayReach) -> None:
        self._resolve = resolve
        self._may_reach = may_reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in await self._find(host)]
        if not all(self._may_reach(address) for address in found):
            raise RefusedError(f"{host} leads to an address that is not public")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def _find(self, host: str) -> Sequence[str]:
        try:
            return [str(ipaddress.ip_address(host))]  # it is its own
        except ValueError:
            return await self._resolve(host)

    async def close(self) -> None:
        pass


def make_socket(info: aiohttp.AddrInfoType, may_reach: MayReach) -> socket.socket:
    """The last gate: every connection passes here with the very address that it goes to."""
    family, kind, proto, _, address = info
    if not may_reach(ipaddress.ip_address(str(address[0]).partition("%")[0])):
        raise RefusedError("the address is not public")
    return socket.socket(family, kind, proto)
