"""Reaching the server that takes writes: one of several, where DATABASE_URL names a pair, and dead ones may be silent.

A host that lost its power answers nothing, not even a refusal. The driver would wait for it and never come to the
next one; and a connection that was open to it would be waited on for as long as TCP cares to.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

NEXT_HOST_S = 0.3
"""A host that says nothing for so long does not keep the next one from being asked."""
_SILENT_MS = 8_000
"""A peer that acknowledges nothing for so long is gone (tcp(7), TCP_USER_TIMEOUT)."""
_SEEN_FROM_THERE = {
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": str(_SILENT_MS),
}
"""The same for the server's end: what a machine that was cut off holds (row locks, a worker's leases) is free again
within seconds, and not after the two hours of Linux's own default. On a Unix socket it means nothing."""
_PROBES = ((socket.TCP_KEEPIDLE, 4), (socket.TCP_KEEPINTVL, 2), (socket.TCP_KEEPCNT, 2))

UNREACHED = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.TargetServerAttributeNotMatched,
)
"""What connecting raises, and what a connection of one's own raises when it is lost. The last but one is where the
server's farewell was read and the end of the connection not yet, the last of a pair that has no primary at the moment.
"""

Open = Callable[[str], Awaitable["asyncpg.Connection[asyncpg.Record]"]]


if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection  # no generic at run time


class WatchedConnection(_Connection):
    """A connection whose peer's silent end is noticed within seconds."""

    __slots__ = ()

    def __init__(self, protocol: Any, transport: asyncio.BaseTransport, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        if (link := transport.get_extra_info("socket")) is not None:
            watch(link)


def watch(link: socket.socket) -> None:
    """Let TCP notice within seconds that nobody is at the other end any more. On a Unix socket it means nothing."""
    if link.family in (socket.AF_INET, socket.AF_INET6):
        link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENT_MS)
        for option, value in _PROBES:
            link.setsockopt(socket.IPPROTO_TCP, option, value)


async def reach(dsn: str, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection to the first host of `dsn` that fits it; `options` are asyncpg's. Raises one of `UNREACHED`."""

    def open_one(address: str) -> Awaitable["asyncpg.Connection[asyncpg.Record]"]:
        settings = _SEEN_FROM_THERE | (options.get("server_settings") or {})
        usual = {"connection_class": WatchedConnection}
        return asyncpg.connect(address, **usual | options | {"server_settings": settings})

    addresses = each_host(dsn)
    return await (open_one(dsn) if len(addresses) == 1 else _first(open_one, addresses))


def each_host(dsn: str) -> Sequence[str]:
    """The same address for each of its hosts alone: `postgresql://a:1,b:2/db` and `postgresql:///db?host=a,b&port=1,2`
    as libpq reads them."""
    parts = urlsplit(dsn)
    login, at, place = parts.netloc.rpartition("@")
    if "," in place:
        return [urlunsplit(parts._replace(netloc=login + at + host)) for host in place.split(",")]
    query = dict(parse_qsl(parts.query))
    hosts, ports = query.get("host", "").split(","), query.get("port", "").split(",")
    if len(hosts) == 1:
        return [dsn]
    of_each = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    return [
        urlunsplit(parts._replace(query=urlencode({**query, "host": host, "port": port}, quote_via=quote)))
        for host, port in zip(hosts, of_each, strict=True)
    ]


async def _first(open_one: Open, addresses: Sequence[str]) -> "asyncpg.Connection[asyncpg.Record]":
    """The first that opens; each address is tried when the one before failed or kept silent."""
    waiting = list(addresses)
    trying: set[asyncio.Task[asyncpg.Connection[asyncpg.Record]]] = set()
    fault: BaseException | None = None
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.ensure_future(open_one(waiting.pop(0))))
            done, trying = await asyncio.wait(
                trying, timeout=NEXT_HOST_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if (fault := task.exception()) is None:
                    trying |= done - {task}
                    return task.result()
        assert fault is not None  # every one of them failed
        raise fault
    finally:
        await _give_up(trying)


async def _give_up(tasks: "set[asyncio.Task[asyncpg.Connection[asyncpg.Record]]]") -> None:
    """End what is no longer wanted, also where it opened meanwhile."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, asyncpg.Connection):
            outcome.terminate()
