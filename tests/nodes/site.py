"""An operator's site: three voice nodes, Kamailio, and an API process with a worker, each on machines of their own; a
second Kamailio, API process and worker on this one."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.calls import Call
from dialplane.domain.ids import AccountId, utc_now
from dialplane.media.client import MediaClient
from dialplane.phone.softphone import PhoneCall, Softphone
from dialplane.services.calling.calls import list_calls
from dialplane.services.calling.trunks import TrunkDraft, create_trunk
from dialplane.services.identity.access_keys import create_key
from dialplane.services.tenancy.provisioning import install_operator_key
from dialplane.voice.useragent.agent import Source
from tests.effort import PATIENCE_S
from tests.nodes.edge import Kamailio, kamailio
from tests.nodes.machines import Machine, machines
from tests.nodes.road import road_to
from tests.ports import free_port
from tests.services.buying import bought, buyer, stock

LEASE_S = 10
"""Far longer than a busy machine keeps a process waiting."""
OPERATOR_KEY = "op_of_the_tests_0123456789abcdefghijklmnop"
SCENARIO = Path(__file__).parent / "scenarios" / "carrier.xml"
UNTIL_BYE = """<recv request="BYE" timeout="60000"/>
  <send><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
</scenario>
"""
RTP_FIRST = 20_000
START_TIMEOUT_S = 400.0
"""Ten processes begin at once."""


@dataclass
class Node:
    """A voice node: the process of the role, and the media process beside it."""

    name: str
    machine: Machine
    data: Path
    environment: Mapping[str, str]
    media: Process | None = None
    voice: Process | None = None

    async def start(self) -> None:
        if self.media is None or self.media.returncode is not None:
            self.media, _ = await self._role("media", "--rtp", f"{RTP_FIRST}-{RTP_FIRST + 199}")
        self.voice, _ = await self._role("voice")

    async def _role(self, role: str, *options: str) -> tuple[Process, dict[str, object]]:
        return await start_role(
            self.machine.prefix, self.environment, self.data, role, "--sip", f"{self.machine.address}:5060", *options
        )

    def send(self, number: int) -> None:
        assert self.voice is not None
        self.voice.send_signal(number)

    def log(self) -> str:
        return (self.data / "voice.log").read_text()

    async def ended(self) -> int:
        assert self.voice is not None
        async with asyncio.timeout(PATIENCE_S):
            return await self.voice.wait()


@dataclass
class Site:
    """All of it, and an account that pays for calls."""

    database: PostgresDatabase
    account_id: AccountId
    edges: list[tuple[str, int]]
    """The first, which the nodes call out through, is on a machine of its own."""
    here: list[str]
    """Addresses of this machine: the second edge's, and two carriers'."""
    nodes: list[Node]
    beside: list[Machine]
    """That of the first edge, and that of the first API process and the first worker."""
    apis: list[str]
    folder: Path
    key: str = ""
    kamailio: Kamailio = field(init=False)
    roles: dict[str, Process] = field(default_factory=dict)
    """`api-1`, which is the first of `apis`, `worker-2`, …"""
    _carriers: list[Process] = field(default_factory=list)

    @property
    def edge(self) -> tuple[str, int]:
        return self.edges[0]

    async def operator(self, method: str, path: str, body: object = None, *, at: int = 0) -> dict[str, object]:
        """A request with the operator's key to one of the API processes."""
        headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"{self.apis[at]}/operator/v1{path}", json=body) as response,
        ):
            answered: dict[str, object] = await response.json(content_type=None)
            assert response.status < 300, answered
            return answered

    async def customer(self, method: str, path: str, body: object = None, *, at: int = 0) -> dict[str, object]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method, f"{self.apis[at]}/v1.0{path}", json=body, params={"accesskey": self.key}
            ) as response,
        ):
            answered: dict[str, object] = await response.json(content_type=None)
            assert response.status < 300, answered
            return answered

    async def buy(self, number: str, *, at: int) -> dict[str, object] | None:
        """Buy a number under a key of its own; None where the purchase under it is not over."""
        async with (
            aiohttp.ClientSession(headers={"Idempotency-Key": f"buy {number}"}) as session,
            session.post(
                f"{self.apis[at]}/v1.0/numbers", json={"number": number}, params={"accesskey": self.key}
            ) as response,
        ):
            answered: dict[str, object] = await response.json(content_type=None)
            assert response.status in (200, 201, 409), answered
            return None if response.status == 409 else answered

    @asynccontextmanager
    async def sounding_phone(self) -> AsyncIterator[Softphone]:
        """A phone of the first carrier's network, with audio."""
        host, data = self.here[1], self.folder / "phone"
        options = ("--sip", f"{host}:5060", "--rtp", f"{RTP_FIRST + 200}-{RTP_FIRST + 399}")
        process, _ = await start_role((), {}, data, "media", *options)
        media = MediaClient(data / "run" / "media.sock")
        try:
            await media.start()
            async with Softphone(media, host=host) as phone:
                yield phone
        finally:
            await media.stop()
            await _terminate(process)

    async def ring(self, phone: Softphone, number: str) -> PhoneCall:
        """A carrier's call by the edge."""
        return await phone.call(
            f"sip:{number}@{self.edge[0]}:{self.edge[1]}",
            caller=f"<sip:+12125550111@{self.here[1]}>",
            server=Source(*self.edge, "udp"),
        )

    async def sip_domain(self, name: str) -> None:
        async with self.database.transaction() as tx:
            await tx.connection.execute(
                "insert into sip_domains (domain, organization_id, created_at)"
                " select $1, organization_id, now() from accounts where id = $2",
                name,
                self.account_id,
            )

    async def forward(self, number: str, user: str) -> None:
        """Let calls to the number ring an extension."""
        found = await self.customer("GET", "/numbers")
        rows = found["result"]
        assert isinstance(rows, list)
        number_id = next(row["id"] for row in rows if row["number"] == number)
        await self.customer("PUT", f"/numbers/{number_id}/targets", {"voice": {"type": "forward", "users": [user]}})

    def stop_carriers(self) -> None:
        """No new calls; those that live go on to their end (sipp's SIGUSR1)."""
        for process in self._carriers:
            if process.returncode is None:
                process.send_signal(signal.SIGUSR1)

    def end_carriers(self) -> None:
        """They go away without a word."""
        for process in self._carriers:
            if process.returncode is None:
                process.kill()

    async def calls(self) -> list[Call]:
        return await list_calls(self.database, self.account_id, before=None, limit=1000)

    async def number(self, text: str, *actions: Mapping[str, object]) -> None:
        """A number of the account that runs these actions."""
        await stock(self.database, text)
        number = await bought(self.database, self.account_id, text)
        if not actions:
            return
        flow = await self.customer("POST", "/flows", {"name": "site", "detail": "", "actions": list(actions)})
        await self.customer("PUT", f"/numbers/{number.id}", {"call_flow_id": flow["id"], "name": "site"})

    async def carrier(
        self, number: str, *, calls: int, rate: float, talk_ms: int | None = None, carrier: int = 1, edge: int = 1
    ) -> "asyncio.Task[tuple[int, str]]":
        """Calls of a carrier through an edge, in the background: exit status and last words of sipp.

        Without `talk_ms` the callers wait for our BYE, and the status is 0 where each of them got it."""
        port, place = free_port(), self.edges[edge - 1]
        scenario = SCENARIO
        if talk_ms is None:
            scenario = self.folder / "until_bye.xml"
            scenario.write_text(SCENARIO.read_text().partition("<pause/>")[0] + UNTIL_BYE)
        faults = self.folder / f"sipp-{port}.log"
        process = await asyncio.create_subprocess_exec(
            "sipp", "-sf", str(scenario), "-i", self.here[carrier], "-p", str(port), "-s", number,
            "-m", str(calls), "-r", str(rate), "-l", str(calls), "-d", str(talk_ms or 0), "-recv_timeout", "20000",
            "-nostdin", "-trace_err", "-error_file", str(faults), f"{place[0]}:{place[1]}",
            stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, cwd=self.folder,
        )  # fmt: skip

        self._carriers.append(process)

        async def end() -> tuple[int, str]:
            said, _ = await process.communicate()
            assert process.returncode is not None
            told = faults.read_text(errors="replace")[:3000] if faults.exists() else ""
            return process.returncode, said.decode(errors="replace")[-1500:] + told

        return asyncio.create_task(end())


async def start_role(
    prefix: tuple[str, ...], environment: Mapping[str, str], data: Path, role: str, *options: str
) -> tuple[Process, dict[str, object]]:
    """A role of its own, and what it says when it serves; nobody is left behind where it does not."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / f"{role}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *prefix, sys.executable, "-m", "dialplane", role, "--data", str(data), *options,
            stdin=DEVNULL, stdout=PIPE, stderr=log, env={**os.environ, **environment},
        )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await process.stdout.readline()
        assert line, (data / f"{role}.log").read_text()[-2000:]
    except BaseException:
        await _terminate(process, twice=True)
        raise
    ready: dict[str, object] = json.loads(line)
    return process, ready


@asynccontextmanager
async def running_site(dsn: str, database: PostgresDatabase, folder: Path) -> AsyncIterator[Site]:
    await install_operator_key(database, OPERATOR_KEY)
    account_id = await buyer(database, micros=100_000_000, plan="professional")
    async with AsyncExitStack() as stack:
        here, (*others, edge_machine, app) = stack.enter_context(machines(5, addresses_here=4))
        for carrier in here[1:3]:
            await create_trunk(database, TrunkDraft(carrier, networks=(f"{carrier}/32",)), now=utc_now())
        store_port, edge_port = free_port(), free_port()
        socket_folder = Path(parse_qs(urlsplit(dsn).query)["host"][0])
        await stack.enter_async_context(road_to(socket_folder / ".s.PGSQL.5432", here[0], store_port))
        environment = {
            "DATABASE_URL": f"postgresql://postgres@{here[0]}:{store_port}{urlsplit(dsn).path}?sslmode=disable",
            "DIALPLANE_MASTER_KEY": bytes(range(32)).hex(),
            "DIALPLANE_SANDBOX": "0",
            "DIALPLANE_EGRESS_ALLOW": f"127.0.0.0/8,{here[1]}/32",
            "DIALPLANE_EDGES": ",".join(f"{host}:{edge_port}" for host in (edge_machine.address, here[0])),
            "DIALPLANE_NODE_LEASE_S": str(LEASE_S),
        }
        nodes = [
            Node(
                f"voice-{number}", machine, folder / machine.name, {**environment, "DIALPLANE_NODE": f"voice-{number}"}
            )
            for number, machine in enumerate(others, 1)
        ]
        edges = [(host, edge_port) for host in (edge_machine.address, here[0])]
        site = Site(database, account_id, edges, here, nodes, [edge_machine, app], ["", ""], folder)
        site.key = (await create_key(database, account_id, name="site", detail="", now=utc_now())).token
        stack.push_async_callback(_end, site)

        async def start(role: str, number: int, *options: str) -> None:
            prefix = app.prefix if number == 1 else ()
            process, ready = await start_role(prefix, environment, folder / f"{role}-{number}", role, *options)
            stack.push_async_callback(_terminate, process)
            if role == "api":
                site.apis[number - 1] = str(ready["http"])
            site.roles[f"{role}-{number}"] = process

        async with asyncio.TaskGroup() as starting:
            for node in nodes:
                starting.create_task(node.start())
            for number in (1, 2):
                host = app.address if number == 1 else "127.0.0.1"
                starting.create_task(start("api", number, "--http", f"{host}:0"))
                starting.create_task(start("worker", number))
        trusted = [word for carrier in here[1:3] for word in ("--trust", f"{carrier}/32")]
        places = [f"{machine.address}:5060" for machine in others]
        first, second = (f"{host}:{port}" for host, port in edges)
        site.kamailio = await stack.enter_async_context(
            kamailio(folder / "edge", first, places, *trusted, prefix=edge_machine.prefix)
        )
        await stack.enter_async_context(kamailio(folder / "edge-2", second, places, *trusted))
        await site.sip_domain(edge_machine.address)
        yield site


async def _end(site: Site) -> None:
    for node in site.nodes:
        for process in (node.voice, node.media):
            if process is not None:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)
                await _terminate(process, twice=True)


async def _terminate(process: Process, *, twice: bool = False) -> None:
    if process.returncode is None:
        process.terminate()
        if twice:
            await asyncio.sleep(0)
            process.kill()
    await process.wait()
