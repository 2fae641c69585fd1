"""Ports for tests, out of a share that belongs to one worker: no two processes of the tests ever want the same."""

import contextlib
import itertools
import os
import socket

SHARE = 1_250
FIRST = 10_000
"""Below 20000, where platforms under test have their audio, and far below what Linux gives to outgoing connections."""
SHARES = (20_000 - FIRST) // SHARE
_REFUSED = 10_080
"""By every browser (Fetch standard, section 2.9): the only one of ours."""

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SHARES
_next = itertools.cycle(range(FIRST + _worker * SHARE, FIRST + (_worker + 1) * SHARE, 2))


def free_range(pairs: int) -> tuple[int, int]:
    """The first and the last of so many pairs of neighbours, the first even.

    Nobody else has them now, and no other test asks for them before the share was gone through once."""
    found: list[int] = []
    for port in itertools.islice(_next, SHARE):
        if found and port != found[-1] + 2:
            found = []  # the share began anew
        found = [*found, port] if _is_free(port) and _is_free(port + 1) else []
        if len(found) == pairs:
            return found[0], found[-1] + 1
    raise OSError(f"no {pairs} pairs of ports are free")


def free_port() -> int:
    """One that nobody has, neither for UDP nor for TCP."""
    return free_range(1)[0]


def _is_free(port: int) -> bool:
    if port == _REFUSED:
        return False
    with contextlib.ExitStack() as probes:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            probe = probes.enter_context(socket.socket(socket.AF_INET, kind))
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
