"""Sockets of the user agent on the ports that it was told to have."""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import structlog

log = structlog.get_logger()

SOCKET_BUFFER = 4 << 20
"""A second of 2,000 calls/s; the kernel may grant less."""
PORT_TRIES = 20
BIND_PATIENCE_S = 15.0
"""For a port that was asked for: programs that pick theirs at random, as browsers do to ask a name server, may have
it for the length of an answer."""
_BETWEEN_BINDS_S = 0.1

Bound = TypeVar("Bound")


async def patiently(bind: Callable[[], Bound]) -> Bound:
    """What `bind` binds, as soon as its port is free. Raises OSError."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    is_told = False
    while True:
        try:
            return bind()
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE or loop.time() - began >= BIND_PATIENCE_S:
                raise
        if not is_told:
            log.warning("sip_port_in_use", waits_s=BIND_PATIENCE_S)
            is_told = True
        await asyncio.sleep(_BETWEEN_BINDS_S)


def bind_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on one address. Raises OSError."""
    for attempt in range(PORT_TRIES):
        udp = bind_one(socket.SOCK_DGRAM, host, port)
        try:
            tcp = bind_one(socket.SOCK_STREAM, host, udp.getsockname()[1])
        except OSError:
            udp.close()
            if port or attempt == PORT_TRIES - 1:
                raise
        else:
            return udp, tcp
    raise AssertionError("the last attempt returns or raises")


def bind_one(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    """One socket. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
    bound = socket.socket(family, kind)
    try:
        bound.setblocking(False)
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            with suppress(OSError):
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
