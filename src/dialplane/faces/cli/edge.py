"""`dialplane edge`: the configuration of a Kamailio that stands before the voice nodes."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import typer

from dialplane.config.values import Endpoint, SettingError
from dialplane.domain.calling.trunk_terms import Gateway, read_gateway
from dialplane.domain.errors import Invalid
from dialplane.faces.cli.edge_carriers import Carrier, Network, find_carriers, read_carrier, read_list
from dialplane.faces.cli.edge_files import TRUSTED, Edge, write_edge
from dialplane.faces.cli.remote import Data, OperatorApi, OperatorKey, ask_operator, fail

HERE = Path("var")

Listen = Annotated[
    list[str],
    typer.Option("--listen", help="Where carriers and phones come in; may be given again.", metavar="HOST:PORT"),
]
Inside = Annotated[
    str, typer.Option("--inside", help="Where the nodes reach it; the first --listen.", metavar="HOST:PORT")
]
Advertise = Annotated[
    str, typer.Option("--advertise", help="The address that the world is told (NAT).", metavar="HOST")
]
Nodes = Annotated[
    list[str] | None,
    typer.Option(
        "--node", help="A voice node, may be given again; else those of the platform.", metavar="sip:HOST:PORT"
    ),
]
Trusted = Annotated[
    list[str] | None,
    typer.Option(
        "--trust", help="A carrier, whose messages are not counted; by name as DNS has it now.", metavar="NETWORK|NAME"
    ),
]
NameServers = Annotated[
    list[str] | None,
    typer.Option("--name-server", help="Who is asked for names; those of this machine.", metavar="HOST:PORT"),
]
Tls = Annotated[
    tuple[Path, Path] | None,
    typer.Option("--tls", help="Speak TLS with this certificate and key (PEM).", metavar="CERT KEY"),
]
TlsPort = Annotated[int, typer.Option("--tls-port", min=1, max=65535)]
Websocket = Annotated[
    int, typer.Option("--websocket", help="Serve browsers here; wss with --tls.", metavar="PORT", min=0, max=65535)
]
Flood = Annotated[
    int, typer.Option("--flood", help="Messages in two seconds that one address may send.", min=10, max=1_000_000)
]
Folder = Annotated[Path, typer.Option("--to", help="Folder for the files.", metavar="DIR")]
Run = Annotated[Path, typer.Option("--run", help="Folder of kamcmd's socket.", metavar="DIR")]

app = typer.Typer(name="edge", no_args_is_help=True, help="Put a Kamailio before several voice nodes.")


@app.callback()
def root() -> None:
    """Keeps `config` a word of its own."""


@app.command("config")
def config(
    listen: Listen,
    inside: Inside = "",
    advertise: Advertise = "",
    node: Nodes = None,
    trust: Trusted = None,
    tls: Tls = None,
    tls_port: TlsPort = 5061,
    websocket: Websocket = 0,
    flood: Flood = 600,
    name_server: NameServers = None,
    to: Folder = Path("edge"),
    run: Run = Path("/run/kamailio"),
    api: OperatorApi = "",
    key: OperatorKey = "",
    data: Data = HERE,
) -> None:
    """Write kamailio.cfg, dispatcher.list and trusted.list for Debian's Kamailio 5.6.

    Without --node the voice nodes and the carriers, by network and by name, are read from the platform. Write the files
    anew when a node or a carrier is added, and now and then where carriers have names; `kamcmd dispatcher.reload` and
    `kamcmd permissions.addressReload` put the lists in force.

    Examples:

      dialplane edge config --listen 198.51.100.5:5060 --inside 10.0.0.5:5060 --to /etc/kamailio

      dialplane edge config --listen 198.51.100.5:5060 --tls edge.crt edge.key --websocket 8443
      --node sip:10.0.0.11:5060 --node sip:10.0.0.12:5060
    """
    try:
        places = [Endpoint.parse(text, what="--listen") for text in listen]
        nodes, carriers = _named(node) if node else _registered(api, key, data)
        trusted = _trusted([*map(read_carrier, trust or ()), *carriers], name_server or (), to)
        edge = Edge(
            listen=places,
            inside=Endpoint.parse(inside, what="--inside") if inside else places[0],
            advertise=advertise,
            nodes=nodes,
            trusted=trusted,
            certificate=tls[0].resolve(strict=True) if tls else None,
            key=tls[1].resolve(strict=True) if tls else None,
            tls_port=tls_port,
            websocket_port=websocket,
            flood=flood,
            run=run,
        )
        if not nodes:
            raise fail("no voice node is known: start one, or name one with --node")
        written = write_edge(edge, to)
    except (SettingError, Invalid, ValueError, OSError) as fault:
        raise fail(str(fault)) from fault
    for path in written:
        typer.echo(path)
    typer.echo(f"The nodes need DIALPLANE_EDGES={edge.inside}", err=True)


def _trusted(carriers: Sequence[Network | Gateway], servers: Sequence[str], folder: Path) -> tuple[Carrier, ...]:
    """The carriers by their addresses. Raises SettingError or OSError."""
    asked = [Endpoint.parse(text, what="--name-server") for text in servers]
    found = asyncio.run(
        find_carriers(
            [each for each in carriers if not isinstance(each, Gateway)],
            [each for each in carriers if isinstance(each, Gateway) and each.is_named],
            read_list(folder / TRUSTED),
            [(each.host, each.port) for each in asked],
        )
    )
    for name in found.lost:
        typer.echo(f"{name} leads nowhere now: what comes from there is counted as a stranger's", err=True)
    return found.carriers


def _named(nodes: list[str]) -> tuple[list[Endpoint], list[Network | Gateway]]:
    """The voice nodes of --node. Raises SettingError."""
    return [Endpoint.parse(text.removeprefix("sip:"), what="--node") for text in nodes], []


def _registered(api: str, key: str, data: Path) -> tuple[list[Endpoint], list[Network | Gateway]]:
    """The voice nodes that live, and the networks and gateways of the operator's trunks."""
    nodes = ask_operator("GET", "/nodes", api, key, data)["nodes"]
    trunks = ask_operator("GET", "/trunks", api, key, data)["trunks"]
    gateways = [gateway for each in trunks for gateway in (each, *each["gateways"]) if gateway["host"]]
    return (
        [Endpoint(each["sip_host"], each["sip_port"]) for each in nodes if each["role"] == "voice" and each["alive"]],
        [
            *(ip_network(network) for each in trunks for network in each["networks"]),
            *(read_gateway(each["host"], each["port"], each["transport"]) for each in gateways),
        ],
    )
