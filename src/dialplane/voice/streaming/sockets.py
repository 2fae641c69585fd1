"""What streams of a call's audio need of the network: connections to hosts that a tenant named, guarded (SSRF-1)."""

from typing import Protocol


class MessageSocket(Protocol):
    """An open websocket."""

    async def send(self, message: bytes, *, binary: bool = False) -> None:
        """Waits while the peer does not read. Raises ConnectionError where it is gone."""
        ...

    async def receive(self) -> bytes | None:
        """The next message, text or binary; None where the peer has closed in order.

        Raises ConnectionError where it is lost, or sends what is no websocket.
        """
        ...

    async def close(self) -> None:
        """Close in order; waits two seconds at most for the peer to agree. Safe to call twice."""
        ...


class Sockets(Protocol):
    """Port: the ways out."""

    async def open_websocket(
        self, url: str, headers: dict[str, str], *, timeout_s: float, subprotocol: str = ""
    ) -> MessageSocket:
        """`wss`, and `ws` to networks that the operator allows.

        Raises Invalid where the URL is refused, Unavailable where nobody answers as a websocket in time.
        """
        ...

    async def find_address(self, host: str) -> str:
        """The address to connect to. Raises Invalid where none may be reached, Unavailable where there is none."""
        ...
