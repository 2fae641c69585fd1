"""`dialplane node`: the processes of an installation; voice nodes are drained before they are replaced."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from dialplane.domain.times import span
from dialplane.faces.cli.remote import AsJson, Data, OperatorApi, OperatorKey, ask_operator

HERE = Path("var")
Name = Annotated[str, typer.Argument(help="The voice node's name.", metavar="NODE")]

app = typer.Typer(name="node", no_args_is_help=True, help="Look at the nodes, drain them, let them in, forget them.")


@app.command("list")
def list_nodes(api: OperatorApi = "", key: OperatorKey = "", data: Data = HERE, as_json: AsJson = False) -> None:
    """Show the nodes of every role.

    Example:

      dialplane node list
    """
    found = ask_operator("GET", "/nodes", api, key, data)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found["nodes"]:
        typer.echo(node_line(each))


@app.command()
def drain(name: Name, api: OperatorApi = "", key: OperatorKey = "", data: Data = HERE) -> None:
    """Let a voice node take no new calls; its process ends with its last one.

    Example:

      dialplane node drain voice-1
    """
    typer.echo(node_line(ask_operator("POST", f"/nodes/{quote(name, safe='')}/drain", api, key, data)))


@app.command()
def undrain(name: Name, api: OperatorApi = "", key: OperatorKey = "", data: Data = HERE) -> None:
    """Let a voice node that drains take calls again.

    Example:

      dialplane node undrain voice-1
    """
    typer.echo(node_line(ask_operator("POST", f"/nodes/{quote(name, safe='')}/undrain", api, key, data)))


@app.command()
def forget(name: Name, api: OperatorApi = "", key: OperatorKey = "", data: Data = HERE) -> None:
    """Take a dead voice node that will not come back off the list.

    Example:

      dialplane node forget voice-1
    """
    ask_operator("DELETE", f"/nodes/{quote(name, safe='')}", api, key, data)
    typer.echo(f"{name} is forgotten")


def node_line(node: Any) -> str:
    now = datetime.now().astimezone()
    state = "silent" if not node["alive"] else "draining" if node["draining"] else "serves"
    place = f"sip:{node['sip_host']}:{node['sip_port']}, {node['live_calls']} calls" if node["role"] == "voice" else ""
    if node["load"]:
        place = f"{node['load']['cpu']:.0%} of a core, {node['load']['rss_bytes'] / 1e6:.0f} MB"
    seen = span(max(0.0, (now - datetime.fromisoformat(node["seen_at"])).total_seconds()))
    return f"{node['role']:7} {node['name']:24} {state:9} {node['version']:10} {place} (seen {seen} ago)"
