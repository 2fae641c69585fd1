"""`dialplane status`: how the platform stands, at a glance. Exit status 1 where something should be looked at."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dialplane.domain.times import span
from dialplane.faces.cli.remote import AsJson, Data, OperatorApi, OperatorKey, ask_operator

HERE = Path("var")


def status(
    api: OperatorApi = "",
    key: OperatorKey = "",
    data: Data = HERE,
    as_json: AsJson = False,
    plain: Annotated[bool, typer.Option("--plain", help="No colours, whatever the terminal can do.")] = False,
) -> None:
    """Show nodes, workers, queues, trunks and the database, and what of it should be looked at.

    Ends with 1 where something should be, so that a script can ask as well.

    Examples:

      dialplane status

      dialplane status --api https://voice.example.com --operator-key op_… --json
    """
    found = ask_operator("GET", "/status", api, key, data)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _show(found, Console(no_color=plain or None, highlight=False))
    if found["problems"]:
        raise typer.Exit(1)


def _show(found: Any, console: Console) -> None:
    now = datetime.fromisoformat(found["at"])
    count = len(found["problems"])
    headline = Text("All is well", "bold green") if not count else Text(f"To be looked at: {count}", "bold red")
    console.print(
        headline, f"  Dialplane {found['version']}, {found['live_calls']} live calls, {now:%Y-%m-%d %H:%M} UTC"
    )
    for problem in found["problems"]:
        console.print(Text(f"  ! {problem}", "red"))
    _print(
        console,
        "Voice nodes",
        ("name", "SIP", "state", "calls", "version", "since"),
        [_node(each, now) for each in found["nodes"]],
    )
    _print(
        console,
        "Other processes",
        ("role", "name", "state", "CPU", "MB", "version", "since"),
        [_server(each, now) for each in found["servers"]],
    )
    _print(
        console,
        "Workers",
        ("since", "sending"),
        [(_since(each["since"], now), str(each["sending"])) for each in found["workers"]],
    )
    _print(
        console,
        "Queues",
        ("name", "waiting", "due", "first due for"),
        [
            (each["name"], str(each["waiting"]), str(each["due"]), span(each["delay_s"]))
            for each in found["queues"]
            if each["waiting"]
        ],
    )
    _print(
        console,
        "Traffic",
        ("what", "last minute", "last ten"),
        [(each["name"], str(each["in_a_minute"]), str(each["in_ten_minutes"])) for each in found["flows"]],
    )
    _print(console, "Trunks", ("name", "peer", "calls"), [_trunk(each) for each in found["trunks"]])
    database = found["database"]
    console.print(
        Text("\nDatabase", "bold"),
        f" Postgres {database['version']}, {database['size_bytes'] / 1e6:,.0f} MB,"
        f" {database['connections']} of {database['most_connections']} connections"
        f" ({database['promised_connections']} promised), schema {database['migration']}",
        soft_wrap=True,
    )


def _print(console: Console, title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    console.print(Text(f"\n{title}", "bold"), end="" if not rows else "\n")
    if not rows:
        console.print("  none")
        return
    table = Table(box=None, pad_edge=True, header_style="dim")
    for head in heads:
        table.add_column(head, justify="right" if head in _FIGURES else "left")
    for row in rows:
        table.add_row(*map(Text, row))  # a name is text, whatever brackets it has
    console.print(table)


_FIGURES = frozenset({"CPU", "MB", "calls", "sending", "waiting", "due", "last minute", "last ten"})


def _node(node: Any, now: datetime) -> tuple[str, ...]:
    state = "silent" if not node["alive"] else "draining" if node["draining"] else "takes calls"
    place = f"{node['sip_host']}:{node['sip_port']}"
    return node["name"], place, state, str(node["live_calls"]), node["version"], _since(node["started_at"], now)


def _server(server: Any, now: datetime) -> tuple[str, ...]:
    state = "serves" if server["alive"] else "silent"
    size = f"{server['rss_bytes'] / 1e6:.0f}"
    return (
        server["role"], server["name"], state, f"{server['cpu']:.0%}", size, server["version"],
        _since(server["started_at"], now),
    )  # fmt: skip


def _trunk(trunk: Any) -> tuple[str, ...]:
    ways = [way for way, is_one in (("in", trunk["brings_calls"]), ("out", trunk["takes_calls"])) if is_one]
    return trunk["name"], f"{trunk['host']}:{trunk['port']}" if trunk["host"] else "", " and ".join(ways)


def _since(moment: str, now: datetime) -> str:
    began = datetime.fromisoformat(moment)
    return f"{began:%Y-%m-%d %H:%M} ({span((now - began).total_seconds())})"
