"""`dialplane edge config` and `dialplane node`, as an operator types them."""

import asyncio
import socket
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

import pytest

from dialplane.bootstrap.tls import find_or_make
from dialplane.domain.ids import utc_now
from dialplane.services.operating.nodes import begin_node
from dialplane.services.transaction import Database
from dialplane.sip.headers import Headers
from dialplane.sip.message import Request
from dialplane.sip.parser import parse_message
from dialplane.sip.transaction_peer import Source
from tests.carriers.test_commands import dialplane, tools
from tests.faces.conftest import Client
from tests.fakes.name_server import name_server
from tests.nodes.edge import kamailio
from tests.ports import free_port
from tests.users.acting import until

__all__ = ["tools"]

BURST = 60


@pytest.mark.peer("kamailio")
async def test_written_files_are_what_kamailio_takes(tmp_path: Path) -> None:
    certificate, key = find_or_make(tmp_path / "tls", "127.0.0.1")
    port = free_port()

    written = await asyncio.to_thread(
        dialplane, "edge", "config", "--listen", f"127.0.0.1:{port}", "--inside", f"127.0.0.9:{port}",
        "--advertise", "198.51.100.5", "--node", "sip:127.0.0.11:5060", "--node", "127.0.0.12:5060",
        "--trust", "192.0.2.0/24", "--trust", "2001:db8::/32", "--tls", str(certificate), str(key),
        "--tls-port", str(port + 1), "--websocket", "8443", "--to", str(tmp_path / "edge"), "--run", str(tmp_path),
    )  # fmt: skip
    checked = await asyncio.create_subprocess_exec(
        "kamailio", "-c", "-f", str(tmp_path / "edge" / "kamailio.cfg"), stderr=asyncio.subprocess.PIPE
    )
    _, said = await checked.communicate()

    assert written.exit_code == 0, written.output
    assert f"DIALPLANE_EDGES=127.0.0.9:{port}" in written.output
    assert checked.returncode == 0, said.decode()
    assert (tmp_path / "edge" / "dispatcher.list").read_text().splitlines()[1:] == [
        f"1 sip:127.0.0.11:5060 0 0 socket=udp:127.0.0.9:{port}",
        f"1 sip:127.0.0.12:5060 0 0 socket=udp:127.0.0.9:{port}",
    ]


def served(edge: Source, host: str) -> int:
    """How many of a burst of requests from `host` are answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((host, 0))
        peer.settimeout(1)
        answered = set[str]()
        for count in range(BURST):
            asked = Request("OPTIONS", f"sip:{edge.host}:{edge.port}", Headers([
                ("Via", f"SIP/2.0/UDP {host}:{peer.getsockname()[1]};branch=z9hG4bK{token_hex(8)}"),
                ("Max-Forwards", "70"), ("From", f"<sip:{host}>;tag=1"), ("To", f"<sip:{edge.host}>"),
                ("Call-ID", str(count)), ("CSeq", "1 OPTIONS"), ("Contact", f"<sip:{host}>"),
            ]))  # fmt: skip
            peer.sendto(bytes(asked), (edge.host, edge.port))
            try:
                answered.add(parse_message(peer.recv(4096)).call_id)
            except TimeoutError:
                break
        return len(answered)


@pytest.mark.peer("kamailio")
async def test_carrier_by_name_is_not_counted_wherever_the_name_leads(tmp_path: Path) -> None:
    """DOS-2: known trunks never suffer from what is done against strangers; a real Kamailio counts."""
    edge = Source("127.0.0.1", free_port(), "udp")
    where = (str(edge.host), str(edge.port))
    async with name_server() as dns:
        trusted = (
            "--name-server", f"127.0.0.1:{dns.port}", "--trust", "carrier.test", "--trust", "127.0.0.30/32",
            "--flood", "10",
        )  # fmt: skip
        dns.set("_sip._udp.carrier.test", "SRV", "10 0 5070 sbc.carrier.test.")
        dns.set("sbc.carrier.test", "A", "127.0.0.31")
        async with kamailio(tmp_path, ":".join(where), ["127.0.0.12:5060"], *trusted):
            await until(lambda: asyncio.to_thread(lambda: served(edge, "127.0.0.30") == BURST))
            first = [await asyncio.to_thread(served, edge, f"127.0.0.{last}") for last in (31, 32)]

            dns.set("sbc.carrier.test", "A", "127.0.0.33")
            await rewritten(tmp_path, *where, *trusted)
            moved = [await asyncio.to_thread(served, edge, f"127.0.0.{last}") for last in (33, 31)]

            dns.is_silent = True
            await rewritten(tmp_path, *where, *trusted)
            unknown = await asyncio.to_thread(served, edge, "127.0.0.33")

    assert (first[0], moved[0], unknown) == (BURST, BURST, BURST)
    assert first[1] < BURST > moved[1]


async def rewritten(folder: Path, host: str, port: str, *options: str) -> None:
    """The files anew, and the list in force."""
    written = await asyncio.to_thread(
        dialplane, "edge", "config", "--listen", f"{host}:{port}", "--node", "127.0.0.12:5060", "--to", str(folder),
        "--run", str(folder), *options,
    )  # fmt: skip
    assert written.exit_code == 0, written.output
    told = await asyncio.create_subprocess_exec(
        "kamcmd", "-s", f"unix:{folder}/kamailio_ctl", "permissions.addressReload", stdout=asyncio.subprocess.DEVNULL
    )
    assert await told.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--listen", "nowhere"), "--listen"),
        (("--listen", "127.0.0.1:5060", "--node", "sip:node"), "--node"),
        (("--listen", "127.0.0.1:5060", "--node", "127.0.0.2:5060", "--trust", "carrier"), "carrier"),
        (("--listen", "127.0.0.1:5060", "--node", "127.0.0.2:5060", "--tls", "no.crt", "no.key"), "no.crt"),
    ],
)
def test_fault_is_named_and_nothing_is_written(tmp_path: Path, arguments: tuple[str, ...], named: str) -> None:
    refused = dialplane("edge", "config", *arguments, "--to", str(tmp_path / "edge"))

    assert refused.exit_code == 1
    assert named in refused.output
    assert not (tmp_path / "edge").exists()


async def test_nodes_and_carriers_come_from_the_platform(operator: Client, database: Database, tmp_path: Path) -> None:
    await begin_node(database, "voice-1", sip_host="192.0.2.11", sip_port=5060, version="1", now=utc_now())
    await operator.ask("POST", "/trunks", {"name": "carrier", "networks": ["198.51.100.0/24"]})
    await operator.ask("POST", "/trunks", {"name": "named", "host": "carrier.test"})
    where = ("--api", operator.base.removesuffix("/operator/v1"), "--operator-key", operator.key)

    async with name_server() as dns:
        dns.set("carrier.test", "A", "198.51.102.9")
        written = await asyncio.to_thread(
            dialplane, "edge", "config", "--listen", "10.0.0.5:5060", "--to", str(tmp_path),
            "--name-server", f"127.0.0.1:{dns.port}", *where,
        )  # fmt: skip

    assert written.exit_code == 0, written.output
    assert "1 sip:192.0.2.11:5060 0 0" in (tmp_path / "dispatcher.list").read_text()
    carriers = (tmp_path / "trusted.list").read_text().splitlines()[1:]
    assert {"1 198.51.100.0 24 0", "1 198.51.102.9 32 0 carrier.test"} <= {*carriers}


async def test_node_is_listed_drained_and_let_in_again(operator: Client, database: Database) -> None:
    await begin_node(database, "voice-1", sip_host="192.0.2.11", sip_port=5060, version="0.9", now=utc_now())
    where = ("--api", operator.base.removesuffix("/operator/v1"), "--operator-key", operator.key)

    listed = await asyncio.to_thread(dialplane, "node", "list", *where)
    drained = await asyncio.to_thread(dialplane, "node", "drain", "voice-1", *where)
    let_in = await asyncio.to_thread(dialplane, "node", "undrain", "voice-1", *where)
    unknown = await asyncio.to_thread(dialplane, "node", "drain", "voice/9", *where)

    assert ["voice", "voice-1", "serves", "0.9"] in [line.split()[:4] for line in listed.output.splitlines()]
    assert "draining" in drained.output
    assert "serves" in let_in.output
    assert unknown.exit_code == 1


async def test_dead_node_is_forgotten_and_one_that_lives_is_not(operator: Client, database: Database) -> None:
    await begin_node(database, "voice-1", sip_host="192.0.2.11", sip_port=5060, version="1", now=utc_now())
    long_ago = utc_now() - timedelta(minutes=5)
    await begin_node(database, "voice-2", sip_host="192.0.2.12", sip_port=5060, version="1", now=long_ago)
    where = ("--api", operator.base.removesuffix("/operator/v1"), "--operator-key", operator.key)

    lives = await asyncio.to_thread(dialplane, "node", "forget", "voice-1", *where)
    dead = await asyncio.to_thread(dialplane, "node", "forget", "voice-2", *where)
    again = await asyncio.to_thread(dialplane, "node", "forget", "voice-2", *where)

    assert (lives.exit_code, dead.exit_code, again.exit_code) == (1, 0, 1)
    assert "The node lives" in lives.output
    listed = (await operator.ask("GET", "/nodes")).json["nodes"]
    assert [each["name"] for each in listed if each["role"] == "voice"] == ["voice-1"]
