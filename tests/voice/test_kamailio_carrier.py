"""A carrier's edge that we did not write: Kamailio, at which we register, which brings calls and takes them."""

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.bootstrap.tls import find_or_make, tls_ends
from dialplane.config.values import Endpoint
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.calling.trunk_terms import TrunkTerms
from dialplane.domain.ids import TrunkId, utc_now
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.calling.trunk_states import RegistrationState, states_of
from dialplane.services.calling.trunks import TrunkDraft, create_trunk, list_trunks, remove_trunk
from dialplane.voice.useragent.agent import Source
from tests.fakes.name_server import NameServer, name_server
from tests.media.conftest import MediaProcess
from tests.ports import free_port
from tests.users.acting import until
from tests.voice.platform import VoiceNode, voice_node

pytestmark = pytest.mark.peer("kamailio")

HOST, NAME = "127.0.0.5", "sip.carrier.test"
NUMBER = "+12025550143"
PASSWORD = "carrier pigeon"
CONFIG = Path(__file__).parent / "scenarios" / "kamailio.cfg"
HANG_UP: dict[str, object] = {"type": "hangup"}


@dataclass(frozen=True)
class Carrier:
    """A running Kamailio, and a node that believes its certificate."""

    node: VoiceNode
    port: int
    tls_port: int
    asked: list[str]
    dns: NameServer

    async def trunk(self, transport: str, password: str = PASSWORD) -> TrunkId:
        """`transport` "dns": whatever is at its name."""
        is_named = transport == "dns"
        self.dns.set(NAME, "NAPTR", f'10 10 "s" "SIPS+D2T" "" _sips._tcp.{NAME}.')
        self.dns.set(f"_sips._tcp.{NAME}", "SRV", f"10 0 {self.tls_port} edge.carrier.test.")
        self.dns.set("edge.carrier.test", "A", HOST)
        draft = TrunkDraft(
            "carrier",
            host=NAME if is_named else HOST,
            port=None if is_named else self.tls_port if transport == "tls" else self.port,
            transport=None if is_named else transport,
            username="line-1",
            password=password,
            terms=TrunkTerms(registers=True, register_s=60),
        )
        return (await create_trunk(self.node.database, draft, now=utc_now())).id

    async def registration(self, trunk_id: TrunkId, *, is_registered: bool) -> RegistrationState:
        async def look() -> RegistrationState | None:
            for state in (await states_of(self.node.database, [trunk_id])).get(trunk_id, {}).values():
                if state.registration is not None and state.registration.is_registered is is_registered:
                    return state.registration
            return None

        return await until(look)


@asynccontextmanager
async def kamailio(folder: Path, callee: int, name: str) -> AsyncIterator[tuple[int, int, Path]]:
    """`name` is what it proves to be."""
    port, tls_port = free_port(), free_port()
    certificate, key = find_or_make(folder / "kamailio-tls", name)
    text = CONFIG.read_text()
    for name, value in {
        "host": HOST, "port": port, "tls_port": tls_port, "key": key, "certificate": certificate,
        "password": PASSWORD, "number": NUMBER, "callee": callee,
    }.items():  # fmt: skip
        text = text.replace("{" + name + "}", str(value))
    (folder / "kamailio.cfg").write_text(text)
    with (folder / "kamailio.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "kamailio", "-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "4", "-Y", str(folder),
            stdin=DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        await until(lambda: is_listening(tls_port))
        yield port, tls_port, certificate
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def is_listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


@pytest.fixture
async def carrier(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Carrier]:
    callee, name = free_port(), getattr(request, "param", HOST)
    async with name_server() as dns, kamailio(tmp_path, callee, name) as (port, tls_port, certificate):
        ends = tls_ends(Endpoint("127.0.0.1", free_port()), *find_or_make(tmp_path / "tls", "127.0.0.1"), certificate)
        async with voice_node(
            dsn, database, media_process, tmp_path, carriers="127.0.0.200/32", tls=ends, names=dns.names()
        ) as node:
            for each in await list_trunks(database):
                await remove_trunk(database, each.id, now=utc_now())
            asked: list[str] = []

            async def answer(call: PhoneCall) -> None:
                asked.append(call.dialled)
                call.answer()
                await call.ended.wait()

            async with node.phone(answer, port=callee):
                yield Carrier(node, port, tls_port, asked, dns)


@pytest.mark.parametrize(("carrier", "transport"), [(HOST, "udp"), (HOST, "tls"), (NAME, "dns")], indirect=["carrier"])
async def test_carrier_where_we_register_brings_calls_and_takes_ours(carrier: Carrier, transport: str) -> None:
    """RFC 3263 over TLS: the carrier proves the name that is written, not what its records name (RFC 5922)."""
    node = carrier.node
    await node.number(NUMBER, {"type": "answer"}, HANG_UP)
    trunk_id = await carrier.trunk(transport)
    registered = await carrier.registration(trunk_id, is_registered=True)

    async with node.phone() as phone:
        incoming = await phone.call(
            f"sip:{NUMBER}@{HOST}:{carrier.port}",
            caller="<sip:+12125550111@carrier.example>",
            server=Source(HOST, carrier.port, "udp"),
        )
        assert await incoming.wait_answered()
        await incoming.ended.wait()
    request = CallRequest(tel(NUMBER), (tel("+12025550177"),), actions=[HANG_UP])
    created = await create_calls(node.database, node.account_id, request, utc_now())
    outgoing = await node.ended_call(created.calls[0].id)

    assert registered.expires_at is not None  # 90 s: Kamailio's least (423)
    assert 80 < (registered.expires_at - registered.since).total_seconds() < 100
    assert outgoing.hangup_reason == HangupReason.NORMAL
    assert carrier.asked == ["+12025550177"]


async def test_registration_that_is_refused_is_shown_with_the_answer(carrier: Carrier) -> None:
    trunk_id = await carrier.trunk("udp", password="wrong")

    refused = await carrier.registration(trunk_id, is_registered=False)

    assert refused.said == "401 Unauthorized"
