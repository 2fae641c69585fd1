"""`dialplane carrier fake`: a carrier to try the platform against, which costs nothing."""

import asyncio
import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from dialplane.fakes.serving import serving
from dialplane.fakes.telnyx import FakeTelnyx
from dialplane.fakes.twilio import FakeTwilio

app = typer.Typer(name="carrier", no_args_is_help=True, help="Carriers to try things with.")


class Kind(StrEnum):
    TELNYX = "telnyx"
    TWILIO = "twilio"


@app.callback()
def carrier() -> None:
    """So that `fake` stays a command of its own as long as it is the only one."""


@app.command("fake")
def fake(
    kind: Annotated[Kind, typer.Argument(help="Whose API it speaks.")],
    http: Annotated[str, typer.Option("--http", help="Where; port 0 takes a free one.", metavar="HOST:PORT")] = (
        "127.0.0.1:8091"
    ),
) -> None:
    """Serve a fake carrier until Ctrl-C. The first line is JSON: address and keys, as an account at a carrier
    (POST /operator/v1/carrier_accounts) wants them.

    Told to misbehave by PUT /_fake/misbehave {"how": "lost", "at": "POST /v2/number_orders", "times": 1}; how is one of
    error, error_after, silent, lost, busy, refuse, late. POST /_fake/inbound {"from", "to", "text"} writes to a number,
    PUT /_fake/webhooks {"url", "copies", "reports": ["sent", "delivered"]} says where events go, how often, and what
    becomes of each message by itself; GET /_fake/state shows everything.

    Examples:

      dialplane carrier fake telnyx

      dialplane carrier fake twilio --http 127.0.0.1:0
    """
    host, _, port = http.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise typer.BadParameter(f"{http!r} is not HOST:PORT", param_hint="--http")
    try:
        asyncio.run(_serve(kind, host, int(port)))
    except KeyboardInterrupt:
        pass
    except OSError as fault:
        typer.echo(f"dialplane carrier: {http}: {fault.strerror}", err=True)
        raise typer.Exit(1) from fault


async def _serve(kind: Kind, host: str, port: int) -> None:
    made = FakeTelnyx() if kind is Kind.TELNYX else FakeTwilio()
    made.postman.reports = ("sent", "delivered")
    async with serving(made, host, port) as url:
        if isinstance(made, FakeTelnyx):
            account = {"api_url": f"{url}/v2", "api_key": made.api_key, "signing_key": made.public_key}
        else:
            account = {"api_url": url, "account_sid": made.account_sid, "api_key": made.auth_token}
        sys.stdout.write(json.dumps({"event": "ready", "kind": kind.value, **account}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
