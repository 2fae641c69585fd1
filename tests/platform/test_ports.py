"""The ports of a platform that are its own to choose."""

import socket

import pytest

from dialplane.config.values import Endpoint
from dialplane.supervisor import ports
from dialplane.supervisor.errors import BusyError
from dialplane.supervisor.ports import TCP, UDP, Ports

ANY = Endpoint("127.0.0.1", 0)


def test_port_that_one_platform_chose_is_not_chosen_by_another_before_the_first_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody listens on it yet: its process starts later, and starts again when it died."""
    with Ports() as first:
        chosen = first.settle(ANY, UDP, TCP, what="SIP")
        monkeypatch.setattr(ports, "_OURS", [chosen.port])

        with Ports() as second, pytest.raises(BusyError, match="No port is free for SIP"):
            second.settle(ANY, UDP, TCP, what="SIP")

    with Ports() as third:
        assert third.settle(ANY, UDP, TCP, what="SIP") == chosen


def test_port_that_a_platform_chose_is_free_for_its_own_processes() -> None:
    with Ports() as chooser:
        chosen = chooser.settle(ANY, TCP, what="HTTP")

        with socket.socket() as listener:
            listener.bind((chosen.host, chosen.port))
            listener.listen()
