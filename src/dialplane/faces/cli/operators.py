"""`dialplane operator`: who may use the operator's desk."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

from dialplane.faces.cli.remote import TIMEOUT_S, AsJson, Data, fail, read_ready

HERE = Path("var")

Api = Annotated[
    str, typer.Option("--api", help="Address of the API; else DIALPLANE_API, else that of --data.", metavar="URL")
]
Key = Annotated[str, typer.Option("--operator-key", help="Else DIALPLANE_OPERATOR_KEY, else that of --data.")]

app = typer.Typer(name="operator", no_args_is_help=True, help="Say who may use the operator's desk of the portal.")


@app.command("add")
def add(
    email: Annotated[str, typer.Argument(help="E-mail address; somebody new gets a password.")],
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
    as_json: AsJson = False,
) -> None:
    """Let somebody use the operator's desk.

    Example:

      dialplane operator add ann@example.com
    """
    made = _ask("POST", api, key, data, {"email": email})
    if as_json:
        typer.echo(json.dumps(made))
        return
    typer.echo(f"{made['email']} is an operator.")
    if made["portal_password"]:
        typer.echo(f"Password, shown this once: {made['portal_password']}")


@app.command("list")
def show(api: Api = "", key: Key = "", data: Data = HERE, as_json: AsJson = False) -> None:
    """Show who the operators are."""
    found = _ask("GET", api, key, data, None)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found["operators"]:
        typer.echo(f"{each['email']}  since {each['operator_since'][:10]}")


def _ask(method: str, api: str, key: str, data: Path, body: object) -> Any:
    """The decoded answer; a refusal ends the command with its words."""
    api, key = api or os.environ.get("DIALPLANE_API", ""), key or os.environ.get("DIALPLANE_OPERATOR_KEY", "")
    if not (api and key):
        ready = read_ready(data / "ready.json")
        api, key = api or ready.get("http", ""), key or ready.get("operator_key", "")
    if not api.startswith(("http://", "https://")):
        raise fail(f"no platform is known: give --api and --operator-key, or --data of one that runs ({data} is none)")
    request = urllib.request.Request(
        f"{api.rstrip('/')}/operator/v1/operators",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        raise fail(_reason(refusal)) from None
    except OSError as fault:
        raise fail(f"{api} does not answer: {fault}") from None


def _reason(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refusal.read())["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the API answers {refusal.code}"
