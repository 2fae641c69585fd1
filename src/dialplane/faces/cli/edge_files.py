"""The files of an edge: Kamailio's configuration, its lists of nodes and of carriers, and what TLS shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from dialplane.config.values import Endpoint
from dialplane.faces.cli.edge_carriers import Carrier, list_of

SILENT_MS = 2_000
"""A node that has not even said 100 Trying by then is passed over; it says so within 150 ms."""
OUTSIDE_MS = 8_000
"""The same for phones and carriers: four copies of an INVITE by UDP, and time left for the node to try another way."""
TRUSTED = "trusted.list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One Kamailio (Debian's 5.6) before the voice nodes."""

    listen: Sequence[Endpoint]
    """Where carriers and phones come in, by UDP and TCP; the first is what they are told."""
    inside: Endpoint
    """Where the nodes reach it: `DIALPLANE_EDGES` of theirs."""
    advertise: str = ""
    """What is shown to the world instead of the addresses of `listen` (NAT)."""
    nodes: Sequence[Endpoint]
    trusted: Sequence[Carrier] = ()
    """Whose messages are not counted."""
    certificate: Path | None = None
    key: Path | None = None
    tls_port: int = 5061
    websocket_port: int = 0
    """0: browsers are not served here. With a certificate it is `wss`."""
    flood: int = 600
    """Messages in two seconds, beyond which an address is not listened to for a minute. The nodes count strangers
    more strictly; many phones may be behind one address."""
    probe_s: int = 2
    run: Path = Path("/run/kamailio")
    """Where `kamcmd` finds it."""


def write_edge(edge: Edge, folder: Path) -> list[Path]:
    """Write the files, which name one another by `folder`. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in _texts(edge, folder).items():
        (folder / name).write_text(text)
        written.append(folder / name)
    return written


def _texts(edge: Edge, folder: Path) -> Mapping[str, str]:
    texts = {
        "kamailio.cfg": _configuration(edge, folder),
        "dispatcher.list": _nodes(edge),
        TRUSTED: list_of(edge.trusted),
    }
    if edge.certificate is not None:
        texts["tls.cfg"] = (
            "[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\n"
            f"private_key = {edge.key}\ncertificate = {edge.certificate}\n\n"
            "[client:default]\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\n"
            "ca_list = /etc/ssl/certs/ca-certificates.crt\n"
        )
    return texts


def _configuration(edge: Edge, folder: Path) -> str:
    body = files("dialplane.faces.cli").joinpath("kamailio.cfg").read_text()
    first = edge.listen[0]
    public = Endpoint(edge.advertise, first.port) if edge.advertise else first
    for name, value in {
        "silent_ms": SILENT_MS,
        "outside_ms": OUTSIDE_MS,
        "flood": edge.flood,
        "probe_s": edge.probe_s,
        "trusted": folder.absolute() / TRUSTED,
        "public": public,
        "dispatcher": folder.absolute() / "dispatcher.list",
        "tls_config": folder.absolute() / "tls.cfg",
        "control": edge.run / "kamailio_ctl",
    }.items():
        body = body.replace("{" + name + "}", str(value))
    return "\n".join(
        ["#!KAMAILIO", "# Written by `dialplane edge config`; write it anew rather than change it.", ""]
    ) + ("\n".join([*_features(edge), "", *_listeners(edge)]) + body)


def _features(edge: Edge) -> list[str]:
    found = ["#!define WITH_TLS"] if edge.certificate is not None else []
    return [*found, "#!define WITH_WEBSOCKET"] if edge.websocket_port else found


def _listeners(edge: Edge) -> list[str]:
    """Each socket once; what faces the world bears the advertised address."""
    lines = ["enable_tls=yes"] if edge.certificate is not None else []
    for place in edge.listen:
        lines += [_listen(edge, wire, place) for wire in ("udp", "tcp")]
        if edge.certificate is not None:
            lines.append(_listen(edge, "tls", Endpoint(place.host, edge.tls_port)))
        if edge.websocket_port:
            wire = "tcp" if edge.certificate is None else "tls"
            lines.append(_listen(edge, wire, Endpoint(place.host, edge.websocket_port)))
    if edge.inside not in edge.listen:
        lines.append(f"listen=udp:{edge.inside}")
        lines.append(f"listen=tcp:{edge.inside}")
    return lines


def _listen(edge: Edge, wire: str, place: Endpoint) -> str:
    shown = f" advertise {Endpoint(edge.advertise, place.port)}" if edge.advertise else ""
    return f"listen={wire}:{place}{shown}"


def _nodes(edge: Edge) -> str:
    lines = [f"1 sip:{node} 0 0 socket=udp:{edge.inside}" for node in edge.nodes]
    return "\n".join(["# The voice nodes. After a change: kamcmd dispatcher.reload", *lines, ""])
