"""SIP over a websocket (RFC 7118): the API takes the connection, the voice node that it is handed to speaks SIP on it.

The API brings a pass to the node's gate, as for a call's audio (`services/calling/media_streams.py`), which says where
the browser is: the node sees addresses and not the API.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialplane.domain.errors import Conflict, LimitExceeded, NotAuthenticated, Unavailable
from dialplane.services.calling.media_streams import PASS_LIFE, AudioConnection, Gates
from dialplane.services.identity.authentication import TokenSigner
from dialplane.services.transaction import Database

KIND = "sip_socket"
LIVING = timedelta(seconds=10)
"""A node that has said nothing for so long is not given anybody."""


@dataclass(frozen=True, slots=True)
class SocketPeer:
    """Where a browser's websocket comes from; port 0 where a proxy does not say."""

    host: str
    port: int


async def open_sip_socket(
    database: Database, gates: Gates, signer: TokenSigner, peer: SocketPeer, now: datetime
) -> AudioConnection:
    """An exchange of SIP messages with one of the voice nodes. Raises Unavailable where there is none,
    LimitExceeded where the peer's address has enough of them."""
    async with database.reading() as tx:
        living = await tx.gates.live_gates(now - LIVING)
    if not living:
        raise Unavailable("There is no voice node that takes calls")
    try:
        return await gates.open(secrets.choice(living), issue_socket_pass(signer, peer, now))
    except Conflict as refusal:
        raise LimitExceeded(refusal.message, reason="RATE_LIMIT_EXCEEDED") from refusal


def issue_socket_pass(signer: TokenSigner, peer: SocketPeer, now: datetime) -> str:
    expiry = int((now + PASS_LIFE).timestamp())
    return signer.sign({"type": KIND, "host": peer.host, "port": peer.port, "exp": expiry})


def read_socket_pass(signer: TokenSigner, token: str, now: datetime) -> SocketPeer | None:
    """Whom the pass is for; None where it is one for something else. Raises NotAuthenticated where it is not ours or
    too old."""
    claims = signer.open(token)
    if claims.get("type") != KIND:
        return None
    expiry, host, port = claims.get("exp"), claims.get("host"), claims.get("port")
    if not isinstance(expiry, int) or expiry <= now.timestamp() or not isinstance(port, int):
        raise NotAuthenticated("The pass is too old")
    return SocketPeer(str(host), port)
