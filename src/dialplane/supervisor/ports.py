"""Finds out before the start whether the ports are free, so that the answer is a sentence and not a stack trace."""

import contextlib
import errno
import random
import socket
import time

from dialplane.config.values import Endpoint
from dialplane.supervisor.errors import BusyError, StartError

_PATIENCE_S = 2.0
"""Processes of a supervisor that was just killed may take a moment to let go of their ports."""
_ATTEMPTS = 50

_OURS = range(30000, 32768)
"""Where any port will do: above the usual ports for audio, below those that Linux gives to outgoing connections, one of
which could take it before our process binds it."""

TCP = socket.SOCK_STREAM
UDP = socket.SOCK_DGRAM


class Ports(contextlib.ExitStack):
    """The ports of one platform. Those that it chose itself are kept from others that choose until it is left: between
    the choice and the moment when our process binds the port, or binds it again, nobody holds it."""

    def settle(self, endpoint: Endpoint, *kinds: socket.SocketKind, what: str) -> Endpoint:
        """The endpoint with a real port, free for every kind of socket at this moment.

        Raises BusyError naming `what` and the port, StartError where the host is not an address of this machine.
        """
        deadline = time.monotonic() + _PATIENCE_S
        for attempt in range(_ATTEMPTS):
            try:
                port = endpoint.port or self._choose()
                _probe(endpoint.host, port, *kinds)
                return Endpoint(endpoint.host, port)
            except OSError as fault:
                if fault.errno != errno.EADDRINUSE:
                    raise StartError(f"Cannot listen for {what} on {endpoint}: {fault.strerror or fault}") from fault
                if endpoint.port and (time.monotonic() >= deadline or attempt == _ATTEMPTS - 1):
                    raise BusyError(f"The {what} port {endpoint} is in use by another program") from fault
                time.sleep(_PATIENCE_S / _ATTEMPTS)
        raise BusyError(f"No port is free for {what} on {endpoint.host}")

    def _choose(self) -> int:
        """Raises OSError where another platform has chosen the same: each leaves a name that dies with its process
        (unix(7), abstract sockets)."""
        port = random.choice(_OURS)
        self.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)).bind(f"\0dialplane-port-{port}")
        return port


def _probe(host: str, port: int, *kinds: socket.SocketKind) -> None:
    """Raises OSError where the port is not free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in kinds:
        with socket.socket(family, kind) as probe:
            if kind == TCP:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            if kind == TCP:
                probe.listen(1)
