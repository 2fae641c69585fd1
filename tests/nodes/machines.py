"""Machines for the tests on one machine: network namespaces on a bridge, whose cables can be pulled."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
NETWORK = f"10.231.{os.getpid() % 200 + _worker % 50}"
"""The first three octets, so that two runs beside each other do not meet."""
_NAME = f"dp{os.getpid()}"


def require_namespaces() -> None:
    """Skip where there are none: they need root and iproute2. In CI there are."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        missing = "needs root and iproute2: machines are network namespaces"
        if os.environ.get("DIALPLANE_REQUIRE_PEERS") == "1" and os.geteuid() == 0:
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    if subprocess.run(["ip", "netns", "add", f"{_NAME}p"], capture_output=True, check=False).returncode != 0:
        pytest.skip("network namespaces cannot be made here")
    _ip("netns", "del", f"{_NAME}p")


@dataclass(frozen=True)
class Machine:
    """A namespace with one address."""

    name: str
    address: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Before a command that runs there."""
        return "ip", "netns", "exec", self.name

    def pull_cable(self) -> None:
        _ip("link", "set", f"{self.name}b", "down")

    def plug_in(self) -> None:
        _ip("link", "set", f"{self.name}b", "up")


@contextmanager
def machines(count: int, *, addresses_here: int) -> Iterator[tuple[list[str], list[Machine]]]:
    """So many addresses of this machine, and so many machines beside it."""
    bridge = f"{_NAME}br"
    _ip("link", "add", bridge, "type", "bridge")
    made: list[Machine] = []
    here = [f"{NETWORK}.{number}" for number in range(1, addresses_here + 1)]
    try:
        for address in here:
            _ip("address", "add", f"{address}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for number in range(count):
            machine = Machine(f"{_NAME}m{number}", f"{NETWORK}.{100 + number}")
            made.append(machine)
            _ip("netns", "add", machine.name)
            _ip("link", "add", f"{machine.name}b", "type", "veth", "peer", "name", "eth0", "netns", machine.name)
            _ip("link", "set", f"{machine.name}b", "master", bridge, "up")
            for command in (
                ("address", "add", f"{machine.address}/24", "dev", "eth0"),
                ("link", "set", "eth0", "up"),
                ("link", "set", "lo", "up"),
            ):
                _ip("-n", machine.name, *command)
        yield here, made
    finally:
        for machine in made:
            subprocess.run(["ip", "netns", "del", machine.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", bridge], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
