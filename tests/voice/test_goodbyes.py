"""A node says goodbye to the parties of calls that another one carried (AV-2)."""

import asyncio
import socket
from pathlib import Path

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.domain.ids import CallId, new_id, utc_now
from dialplane.services.calling.calls import NodeCommand
from dialplane.services.calling.goodbyes import GOODBYE_ORDER
from tests.effort import PATIENCE_S
from tests.media.conftest import MediaProcess
from tests.voice.platform import NODE, voice_node


async def test_order_that_waited_for_the_node_is_carried_out_as_soon_as_it_speaks_sip(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> None:
    """AV-2: whoever comes up again reads its mailbox at once, and a goodbye needs its user agent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as party:
        party.setblocking(False)
        party.bind(("127.0.0.1", 0))
        host, port = party.getsockname()
        kept = KeptDialog(
            "a84b4c76e66710", "<sip:us@127.0.0.1>;tag=ours", "<sip:them@127.0.0.1>;tag=theirs",
            f"sip:them@{host}:{port}", (), 3, host, port, "udp",
        )  # fmt: skip
        now = utc_now()
        order = NodeCommand(new_id(now), NODE, CallId(new_id(now)), GOODBYE_ORDER, {"dialogs": [kept]}, now)
        async with database.transaction() as tx:
            await tx.calls.post_commands([order])

        async with voice_node(dsn, database, media_process, tmp_path), asyncio.timeout(PATIENCE_S):
            said = await asyncio.get_running_loop().sock_recv(party, 65_536)

    assert said.startswith(f"BYE sip:them@{host}:{port} SIP/2.0\r\n".encode())
    assert b"the node that carried the call is gone" in said
