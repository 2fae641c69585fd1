"""Where the supervisor's children come from: one process that has imported every role, and forks itself for each.

A role started from nothing spent seconds on imports, each role on much the same ones, and one that died left its
callers alone for as long. A fork takes milliseconds, and what was imported lies in memory once.

The supervisor asks over a Unix socket, one packet for each child: an Order as JSON, with two files that are to be the
child's output and its log. The answer is the child's process id. The child is not ours: it is forked twice, so that it
falls to the supervisor, its subreaper (prctl(2), PR_SET_CHILD_SUBREAPER), with whom it lives and dies. The end of the
nursery hurts none of them.
"""

import gc
import os
import socket
import time

import msgspec
from setproctitle import setproctitle

from dialplane.bootstrap.process import follow_parent
from dialplane.bootstrap.programs import FIRST_START, ROLES, launch, load
from dialplane.config.environment import from_environment

LARGEST_ORDER = 1 << 20
"""Bytes; far more than the settings take."""
_POLL_S = 0.0005


class Order(msgspec.Struct, frozen=True):
    """A child to be started."""

    role: str
    environment: dict[str, str]
    """What stands in its environment beside what the nursery has."""


def run(parent: int, channel: int) -> int:
    """Serve the process `parent` on the socket `channel` until that is closed; in a child, run its role. The status."""
    follow_parent(parent)
    setproctitle("dialplane nursery")
    for program in (FIRST_START, *ROLES):
        load(program)
    gc.collect()
    gc.freeze()  # a round of the collector would write to every object, and copy what is shared
    with socket.socket(fileno=channel) as orders:
        while True:
            packet, files, _, _ = socket.recv_fds(orders, LARGEST_ORDER, 2)
            if not packet:
                return 0
            pid = _fork_away()
            if pid == 0:
                break
            orders.sendall(b"%d" % pid)
            for file in files:
                os.close(file)
    order = msgspec.json.decode(packet, type=Order)
    output, log = files
    _dress(order, output, log)
    return launch(order.role, from_environment(os.environ), parent=parent)


def _fork_away() -> int:
    """Fork a child that is not ours. Its process id; in the child 0."""
    reading, writing = os.pipe()
    between = os.fork()
    if between:
        os.close(writing)
        with os.fdopen(reading) as told:
            pid = int(told.read())
        os.waitpid(between, 0)
        return pid
    between = os.getpid()
    os.close(reading)
    pid = os.fork()
    if pid:
        os.write(writing, b"%d" % pid)
        os._exit(0)
    os.close(writing)
    while os.getppid() == between:  # the kernel has no word for it, and the process between lives for microseconds
        time.sleep(_POLL_S)
    return 0


def _dress(order: Order, output: int, log: int) -> None:
    """Give the fork what a process started for its role alone would have."""
    os.setsid()  # Ctrl-C goes to the supervisor, and from there to each in its turn
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, place in ((nothing, 0), (output, 1), (log, 2)):
        os.dup2(given, place)
        os.close(given)
    os.environ.update(order.environment)
    setproctitle(f"dialplane {order.role}")
