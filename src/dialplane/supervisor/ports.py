"""Finds out before the start whether the ports are free, so that the answer is a sentence and not a stack trace."""

import errno
import random
import socket
import time

from dialplane.config import Endpoint
from dialplane.supervisor.errors import BusyError, StartError

_PATIENCE_S = 2.0
"""Processes of a supervisor that was just killed may take a moment to let go of their ports."""
_ATTEMPTS = 50

_OURS = range(30000, 32768)
"""Where any port will do: above the usual ports for audio, below those that Linux gives to outgoing connections, one of
which could take it before our process binds it."""

TCP = socket.SOCK_STREAM
UDP = socket.SOCK_DGRAM


def settle(endpoint: Endpoint, *kinds: socket.SocketKind, what: str) -> Endpoint:
    """The endpoint with a real port, free for every kind of socket at this moment.

    Raises BusyError naming `what` and the port, StartError where the host is not an address of this machine.
    """
    deadline = time.monotonic() + _PATIENCE_S
    for attempt in range(_ATTEMPTS):
        try:
            return Endpoint(endpoint.host, _probe(endpoint, *kinds))
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise StartError(f"Cannot listen for {what} on {endpoint}: {fault.strerror or fault}") from fault
            if endpoint.port and (time.monotonic() >= deadline or attempt == _ATTEMPTS - 1):
                raise BusyError(f"The {what} port {endpoint} is in use by another program") from fault
            time.sleep(_PATIENCE_S / _ATTEMPTS)
    raise BusyError(f"No port is free for {what} on {endpoint.host}")


def _probe(endpoint: Endpoint, *kinds: socket.SocketKind) -> int:
    port = endpoint.port or random.choice(_OURS)
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    for kind in kinds:
        with socket.socket(family, kind) as probe:
            if kind == TCP:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((endpoint.host, port))
            if kind == TCP:
                probe.listen(1)
            port = probe.getsockname()[1]
    return port
