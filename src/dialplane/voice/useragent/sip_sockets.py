"""Browsers' websockets, as the API hands them over: each is a connection of the user agent (RFC 7118)."""

import asyncio
from dataclasses import dataclass, field

import structlog

from dialplane.domain.errors import LimitExceeded, Unavailable
from dialplane.services.calling.media_streams import WELCOME
from dialplane.services.calling.registrations import end_flow
from dialplane.services.calling.sip_sockets import SocketPeer
from dialplane.services.transaction import Database
from dialplane.voice.streaming.blocks import BlockLink
from dialplane.voice.useragent.agent import IDLE_S, UserAgent
from dialplane.voice.useragent.transport_stream import QUIET_S

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SipSockets:
    """Those of one node."""

    database: Database
    agent: UserAgent
    node: str
    _links: set[BlockLink] = field(default_factory=set)

    async def close(self) -> None:
        """The node stops: browsers look for another."""
        for link in list(self._links):
            await link.close()

    async def serve(self, link: BlockLink, browser: SocketPeer) -> None:
        """Until either side is gone; what registered over it ends with it. Raises LimitExceeded at once where the
        address has enough connections."""
        peer = self.agent.add_websocket(browser.host, browser.port, link.post)
        if peer is None:
            raise LimitExceeded("There are too many connections from this address")
        self._links.add(link)
        try:
            await link.send(WELCOME)
            patience_s = IDLE_S
            while True:
                async with asyncio.timeout(patience_s):
                    message = await link.receive()
                if message is None:
                    return
                self.agent.on_websocket_message(message, peer)
                patience_s = QUIET_S
        except TimeoutError:
            return
        finally:
            self._links.discard(link)
            self.agent.remove_websocket(peer)
            try:
                await end_flow(self.database, self.node, peer.host, peer.port)
            except Unavailable:
                log.warning("flow_not_ended", source=peer.host)  # the binding expires by itself
