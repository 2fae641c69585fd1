"""`dialplane operator`: who may use the operator's desk."""

import json
from pathlib import Path
from typing import Annotated

import typer

from dialplane.faces.cli.remote import AsJson, Data, OperatorApi, OperatorKey, ask_operator

HERE = Path("var")

app = typer.Typer(name="operator", no_args_is_help=True, help="Say who may use the operator's desk of the portal.")


@app.command("add")
def add(
    email: Annotated[str, typer.Argument(help="E-mail address; somebody new gets a password.")],
    api: OperatorApi = "",
    key: OperatorKey = "",
    data: Data = HERE,
    as_json: AsJson = False,
) -> None:
    """Let somebody use the operator's desk.

    Example:

      dialplane operator add ann@example.com
    """
    made = ask_operator("POST", "/operators", api, key, data, {"email": email})
    if as_json:
        typer.echo(json.dumps(made))
        return
    typer.echo(f"{made['email']} is an operator.")
    if made["portal_password"]:
        typer.echo(f"Password, shown this once: {made['portal_password']}")


@app.command("list")
def show(api: OperatorApi = "", key: OperatorKey = "", data: Data = HERE, as_json: AsJson = False) -> None:
    """Show who the operators are."""
    found = ask_operator("GET", "/operators", api, key, data)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found["operators"]:
        typer.echo(f"{each['email']}  since {each['operator_since'][:10]}")
