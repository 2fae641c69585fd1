"""`dialplane number`: what is right and wrong with a number."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from dialplane.faces.cli.remote import Api, AsJson, Data, Key, Platform, fail, find_platform

HERE = Path("var")
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "magenta", "not_applicable": "dim"}

app = typer.Typer(name="number", no_args_is_help=True, help="Understand a number.")


@app.callback()
def number() -> None:
    """So that `doctor` stays a command of its own as long as it is the only one."""


@app.command("doctor")
def doctor(
    number: Annotated[str, typer.Argument(help="The number, such as +12025550143.")],
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
    as_json: AsJson = False,
) -> None:
    """Look at everything between the world and what a number runs, and say what to do. Ends with 1 where there is a
    problem.

    Examples:

      dialplane number doctor +12025550143

      dialplane number doctor +12025550143 --json
    """
    platform = find_platform(api, key, data)
    found = platform.ask("GET", f"/numbers/{_find(platform, number)}/doctor")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _show(found)
    raise typer.Exit(1 if found["verdict"] == "problem" else 0)


def _find(platform: Platform, number: str) -> str:
    """The number's id; ends the command where the account has none such."""
    for each in platform.ask("GET", "/numbers", number=number)["result"]:
        if each["number"] == number:
            return str(each["id"])
    raise fail(f"this account has no number {number}")


def _show(found: dict[str, Any]) -> None:
    console = Console(file=sys.stdout, highlight=False)
    for each in found["findings"]:
        colour = _COLOURS.get(each["verdict"], "dim")
        says = f"{each['check']:<18} [{colour}]{each['verdict']:<15}[/]{escape(each['says'])}"
        console.print(says, soft_wrap=True)
        if each["advice"]:
            console.print(f"{'':<18} → {escape(each['advice'])}", soft_wrap=True)
