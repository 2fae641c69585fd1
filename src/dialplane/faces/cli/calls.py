"""`dialplane call`: what happened to a call."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from dialplane.faces.cli.remote import Api, AsJson, Data, Key, find_platform

HERE = Path("var")
_COLOURS = {
    "sip": "cyan",
    "program": "green",
    "key": "magenta",
    "answer": "magenta",
    "money": "yellow",
    "webhook": "blue",
}

app = typer.Typer(name="call", no_args_is_help=True, help="Understand a call.")


@app.command("show")
def show(
    call_id: Annotated[str, typer.Argument(help="The call's id.")],
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
    as_json: AsJson = False,
) -> None:
    """Show everything that happened to a call, in order: SIP, route, program, keys, webhooks, money, recordings.

    Examples:

      dialplane call show 0196…

      dialplane call show 0196… --json > call.json
    """
    found = find_platform(api, key, data).ask("GET", f"/timelines/calls/{call_id}/events")
    if as_json:
        typer.echo(json.dumps(found))
        return
    console = Console(file=sys.stdout, highlight=False)
    for each in found["result"]:
        colour = _COLOURS.get(each["kind"], "dim")
        time, kind = each["timestamp"][11:23], f"{each['kind']:<9}"
        console.print(f"{time} [{colour}]{kind}[/] {escape(_line(each))}", soft_wrap=True)


@app.command("pcap")
def pcap(
    call_id: Annotated[str, typer.Argument(help="The call's id.")],
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
) -> None:
    """Write the signalling of a call as a capture file for Wireshark.

    Example:

      dialplane call pcap 0196… call.pcap
    """
    captured = find_platform(api, key, data).download(f"/timelines/calls/{call_id}/pcap")
    file.write_bytes(captured)
    typer.echo(f"{file}: {len(captured)} bytes")


def _line(happening: dict[str, Any]) -> str:
    """One line of text; the whole is in the JSON."""
    data = happening["data"]
    match happening["kind"]:
        case "sip":
            arrow = "→" if data["direction"] == "out" else "←"
            return f"{arrow} {data['peer']}  {happening['type']}{'  (again)' if data['is_repeated'] else ''}"
        case "route":
            return f"{happening['type']}: {data.get('reason') or data.get('normalized')}"
        case "webhook":
            outcome = data["error"] or data["http_status"] or data["status"]
            return f"{happening['type']} → {data['url']}  {outcome}"
        case "event":
            return f"{happening['type']} {data.get('status', '')}"
        case "program":
            shown = data.get("error") or json.dumps(data.get("option") or {}, ensure_ascii=False)
            return f"{happening['type']} {shown}"
        case _:
            return f"{happening['type']} {json.dumps(data, ensure_ascii=False)}"
