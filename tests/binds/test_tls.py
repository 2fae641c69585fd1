"""SMPP over TLS, both ways: systems that bind to us, and carriers that we bind to."""

import asyncio
from pathlib import Path
from uuid import UUID

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.binds.deps import TlsServer
from dialplane.bootstrap.tls import client_context, find_or_make, server_context
from dialplane.domain.messaging.messages import TargetStatus
from dialplane.domain.messaging.smpp_carriers import BindState
from dialplane.services.messaging.smpp_carriers import look_at_smpp_carrier
from dialplane.smpp.commands import Command, Status
from tests.binds.centre import centre
from tests.binds.esme import connected, submit
from tests.binds.node import peopled, smpp_process
from tests.binds.test_carriers import became, carry, send
from tests.effort import PATIENCE_S
from tests.ports import free_port


async def _fault(database: PostgresDatabase, carrier_id: UUID) -> str:
    """Of the bind, once it was lost."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            standing = (await look_at_smpp_carrier(database, carrier_id)).standing
            if standing is not None and standing.state is BindState.LOST:
                return standing.fault
            await asyncio.sleep(0.02)  # the store has no event for tests


async def test_system_binds_over_tls_and_plain_octets_on_that_port_harm_nobody(
    database: PostgresDatabase, dsn: str, tmp_path: Path
) -> None:
    shown = find_or_make(tmp_path, "127.0.0.1")
    believing = client_context(shown[0], None)
    tls = TlsServer("127.0.0.1", free_port(), server_context(shown))
    async with peopled(database, dsn) as made, smpp_process(database, dsn, tls=tls):
        async with connected(tls.port) as stranger:
            stranger.put(Command.ENQUIRE_LINK)
            assert await stranger.is_closed()
        async with connected(tls.port, believing) as peer:
            assert await peer.bind(made.system_id, made.password) == Status.OK
            assert (await peer.ask(Command.SUBMIT_SM, submit())).status == Status.OK
            assert (await peer.read()).command is Command.DELIVER_SM
            assert (await peer.ask(Command.UNBIND)).status == Status.OK


async def test_carrier_is_bound_to_over_tls_only_where_its_certificate_is_believed(
    database: PostgresDatabase, dsn: str, tmp_path: Path
) -> None:
    shown = find_or_make(tmp_path, "127.0.0.1")
    async with centre(tls=server_context(shown)) as smsc:
        async with smpp_process(database, dsn):
            carrier_id = await carry(database, smsc, tls=True)
            fault = await _fault(database, carrier_id)
            assert "certificate verify failed" in fault
            assert smsc.binds == []
        believing = client_context(shown[0], None)
        async with peopled(database, dsn) as made, smpp_process(database, dsn, tls_client=believing):
            await smsc.wait_bound()
            message = await send(made, "over TLS")
            assert (await became(made, message, TargetStatus.DELIVERED)).text == "over TLS"
    assert (await look_at_smpp_carrier(database, carrier_id)).carrier.tls is True
