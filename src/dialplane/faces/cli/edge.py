"""`dialplane edge`: the configuration of a Kamailio that stands before the voice nodes."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

import typer

from dialplane.config.values import Endpoint, SettingError
from dialplane.faces.cli.edge_files import Edge, write_edge
from dialplane.faces.cli.remote import Data, OperatorApi, OperatorKey, ask_operator, fail

HERE = Path("var")
Network = IPv4Network | IPv6Network

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
    typer.Option("--trust", help="Network of a carrier, whose messages are not counted.", metavar="NETWORK"),
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
    to: Folder = Path("edge"),
    run: Run = Path("/run/kamailio"),
    api: OperatorApi = "",
    key: OperatorKey = "",
    data: Data = HERE,
) -> None:
    """Write kamailio.cfg and dispatcher.list for Debian's Kamailio 5.6.

    Without --node the voice nodes and the carriers' networks are read from the platform; write it anew, or change
    dispatcher.list and run `kamcmd dispatcher.reload`, when a node is added.

    Examples:

      dialplane edge config --listen 198.51.100.5:5060 --inside 10.0.0.5:5060 --to /etc/kamailio

      dialplane edge config --listen 198.51.100.5:5060 --tls edge.crt edge.key --websocket 8443
      --node sip:10.0.0.11:5060 --node sip:10.0.0.12:5060
    """
    try:
        places = [Endpoint.parse(text, what="--listen") for text in listen]
        nodes, carriers = _named(node) if node else _registered(api, key, data)
        edge = Edge(
            listen=places,
            inside=Endpoint.parse(inside, what="--inside") if inside else places[0],
            advertise=advertise,
            nodes=nodes,
            trusted=[*(ip_network(text) for text in trust or ()), *carriers],
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
    except (SettingError, ValueError, OSError) as fault:
        raise fail(str(fault)) from fault
    for path in written:
        typer.echo(path)
    typer.echo(f"The nodes need DIALPLANE_EDGES={edge.inside}", err=True)


def _named(nodes: list[str]) -> tuple[list[Endpoint], list[Network]]:
    """The voice nodes of --node. Raises SettingError."""
    return [Endpoint.parse(text.removeprefix("sip:"), what="--node") for text in nodes], []


def _registered(api: str, key: str, data: Path) -> tuple[list[Endpoint], list[Network]]:
    """The voice nodes that live, and the networks of the operator's trunks."""
    nodes = ask_operator("GET", "/nodes", api, key, data)["nodes"]
    trunks = ask_operator("GET", "/trunks", api, key, data)["trunks"]
    return (
        [Endpoint(each["sip_host"], each["sip_port"]) for each in nodes if each["role"] == "voice" and each["alive"]],
        [ip_network(network) for each in trunks for network in each["networks"]],
    )
