"""`dialplane listen` and `dialplane webhook`: a developer's view of an account's webhooks."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import typer
from rich.console import Console
from rich.markup import escape

from dialplane.domain.eventing.webhooks import Endpoint, EndpointKind, new_secret
from dialplane.domain.ids import AccountId, EndpointId
from dialplane.faces.cli.listening import Forwarded, ListeningRefused, Place, Relay
from dialplane.faces.cli.remote import Api, AsJson, Data, Key, Platform, fail, find_platform

HERE = Path("var")
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "healthy": "green", "unused": "dim"}
_LOCAL = ("localhost", "127.0.0.1", "::1")

app = typer.Typer(name="webhook", no_args_is_help=True, help="Understand an account's webhooks.")


def listen(
    to: Annotated[str, typer.Argument(help="Port or address of the program here.", metavar="PORT|URL")],
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
    endpoint: Annotated[
        str, typer.Option("--endpoint", help="Sign with this endpoint's secret; else the account's own webhook's.")
    ] = "",
    secret: Annotated[str, typer.Option("--secret", help="Sign with this secret.", metavar="whsec_…")] = "",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type, or call_*; may be given again.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="Keep the place in this file, to go on after a restart.")
    ] = None,
) -> None:
    """Forward an account's webhooks to a program on this machine, and show each.

    Events come from the platform's feed, so the machine needs no public address. Each is posted with the headers and
    the signature of a webhook, in order, once; while the program does not answer, or the platform cannot be reached,
    they wait. Redirects are not followed. Status callbacks and messages for hooks come along, each to its own path
    unless you name one, with X-Twilio-Signature or the hook's own signature for the address here.

    Examples:

      dialplane listen 3000

      dialplane listen http://localhost:3000/hooks/voice --type 'call_*'

      dialplane listen 3000 --api https://dialplane.example.com --key vb_… --state ./listen.json
    """
    platform = find_platform(api, key, data)
    signer = _signer(platform, endpoint, secret)
    console = Console(file=sys.stdout, highlight=False)
    url = _local_url(to)
    try:
        place = Place.read(state)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise fail(f"{state} keeps no place of a relay: {fault}") from None
    console.print(f"{platform.api} → {escape(url)}, signed with {signer.secret}", soft_wrap=True)

    def tell(word: str) -> None:
        console.print(f"[yellow]{escape(word)}[/]", soft_wrap=True)

    relay = Relay(platform.api, platform.key, url, signer, place, _wanted(types or []), tell)
    try:
        for attempt in relay.run():
            console.print(_line(attempt), soft_wrap=True)
    except ListeningRefused as refusal:
        raise fail(str(refusal)) from None
    except KeyboardInterrupt:
        raise typer.Exit from None


def _local_url(text: str) -> str:
    """`3000` is the port; an address must be of this machine: events of a live account go nowhere else by mistake."""
    url = f"http://localhost:{text}/" if text.isdigit() else text
    try:
        parts = urlsplit(url)
        good = parts.scheme == "http" and parts.hostname in _LOCAL and (parts.port or 80) > 0
    except ValueError:
        good = False
    if not good:
        raise fail(f"{text} is neither a port nor an http address of this machine, such as http://localhost:3000/hook")
    return url


def _signer(platform: Platform, endpoint_id: str, secret: str) -> Endpoint:
    """Whose secret signs; a new one where the account has no webhook."""
    if secret:
        return _endpoint({"secret": secret})
    if endpoint_id:
        return _endpoint(platform.ask("GET", f"/webhook_endpoints/{endpoint_id}"))
    found = platform.ask("GET", "/webhook_endpoints")["result"]
    return _endpoint(next((each for each in found if each["kind"] == EndpointKind.CUSTOMER), {"secret": new_secret()}))


def _endpoint(shown: dict[str, Any]) -> Endpoint:
    account_id = AccountId(UUID(shown.get("customer_id", str(UUID(int=0)))))
    method, secret = str(shown.get("method", "POST")), str(shown["secret"])
    return Endpoint(EndpointId(uuid4()), account_id, EndpointKind.CUSTOMER, "", method, secret, datetime.now(UTC))


def _wanted(types: list[str]) -> Callable[[str], bool]:
    def fits(wish: str, name: str) -> bool:
        return name.startswith(wish[:-1]) if wish.endswith("*") else name == wish

    return lambda name: not types or any(fits(wish, name) for wish in types)


def _line(attempt: Forwarded) -> str:
    if attempt.status is None:
        said = f"[red]{escape(attempt.error)}[/], waiting for it"
    else:
        said = f"[{'green' if attempt.status < 300 else 'red'}]{attempt.status}[/] in {attempt.duration_ms} ms"
    path = urlsplit(attempt.url).path if attempt.event.request is not None else ""
    return f"{datetime.now(UTC):%H:%M:%S} {attempt.event.type:<32} {attempt.event.id} {escape(path)} {said}"


@app.command("health")
def health(api: Api = "", key: Key = "", data: Data = HERE, as_json: AsJson = False) -> None:
    """Show how each endpoint fares: its state, since when it fails, how fast it answers.

    Examples:

      dialplane webhook health

      dialplane webhook health --json
    """
    platform = find_platform(api, key, data)
    endpoints = platform.ask("GET", "/webhook_endpoints")["result"]
    found = [
        {"url": each["url"]} | platform.ask("GET", f"/webhook_endpoints/{each['id']}/health") for each in endpoints
    ]
    if as_json:
        typer.echo(json.dumps(found))
        return
    console = Console(file=sys.stdout, highlight=False)
    for each in found:
        colour = _COLOURS.get(each["state"], "red")
        times = f"p50 {each['p50_ms']} ms, p99 {each['p99_ms']} ms" if each["p50_ms"] is not None else "no answer"
        since = f" since {each['failing_since']}: {each['last_error']}" if each["failing_since"] else ""
        console.print(
            f"[{colour}]{each['state']:<9}[/] {escape(each['url'])}  {times}, {each['attempts']} attempts, "
            f"{each['failed_attempts']} failed, {each['waiting']} waiting{escape(since)}",
            soft_wrap=True,
        )


@app.command("replay")
def replay(
    status: Annotated[str, typer.Option("--status", help="failed, delivered, pending or any.")] = "failed",
    endpoint: Annotated[str, typer.Option("--endpoint", help="Only of this endpoint.")] = "",
    event_type: Annotated[str, typer.Option("--type", help="Only this type, or call_*.")] = "",
    since: Annotated[str, typer.Option("--from", help="Only from this time on.", metavar="TIME")] = "",
    until: Annotated[str, typer.Option("--until", help="Only before this time.", metavar="TIME")] = "",
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
) -> None:
    """Send deliveries once more: a job that goes on by itself; `dialplane webhook replays` shows how far it is.

    Examples:

      dialplane webhook replay

      dialplane webhook replay --status any --type 'call_*' --from 2026-01-15T09:00:00Z --until 2026-01-15T10:00:00Z
    """
    asked = {
        "status": None if status == "any" else status,
        "webhook_endpoint_id": endpoint or None,
        "event_type": event_type,
        "tm_from": since or None,
        "tm_until": until or None,
    }
    typer.echo(_progress(find_platform(api, key, data).ask("POST", "/webhook_replays", asked)))


@app.command("replays")
def replays(api: Api = "", key: Key = "", data: Data = HERE) -> None:
    """Show the jobs that send deliveries again, newest first.

    Example:

      dialplane webhook replays
    """
    for each in find_platform(api, key, data).ask("GET", "/webhook_replays")["result"]:
        typer.echo(_progress(each))


def _progress(job: dict[str, Any]) -> str:
    return f"{job['id']} {job['state']}: {job['replayed']} of {job['total']} sent again, {job['skipped']} left out"


@app.command("check")
def check(
    file: Annotated[
        Path, typer.Argument(help="The request as it came: first line, headers, an empty line, body; - is the input.")
    ],
    url: Annotated[str, typer.Option("--url", help="The address that the receiver's check used.")] = "",
    secret: Annotated[str, typer.Option("--secret", help="The secret that the receiver checks with.")] = "",
    received: Annotated[str, typer.Option("--received", help="The receiver's clock then.", metavar="TIME")] = "",
    endpoint: Annotated[str, typer.Option("--endpoint", help="The endpoint that it was for.")] = "",
    api: Api = "",
    key: Key = "",
    data: Data = HERE,
    as_json: AsJson = False,
) -> None:
    """Say why a receiver refuses a webhook's signature: which header, address, body or clock. Ends with 1 where it
    must.

    Examples:

      dialplane webhook check request.txt --url https://example.com/hook --received 2026-01-15T09:30:00Z

      nc -l 3000 | tee request.txt; dialplane webhook check request.txt
    """
    text = (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode("utf-8", "replace")
    asked = _read_request(text, url) | {"secret": secret, "tm_receive": received or None}
    found = find_platform(api, key, data).ask(
        "POST", "/webhook_signature_checks", asked | {"webhook_endpoint_id": endpoint or None}
    )
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _show_findings(found)
    raise typer.Exit(0 if found["is_valid"] else 1)


def _read_request(text: str, url: str) -> dict[str, object]:
    """An HTTP request as text; without a first line it is the headers and the body."""
    head, _, body = text.replace("\r\n\r\n", "\n\n", 1).partition("\n\n")
    lines = head.splitlines()
    first = lines[0].split() if lines else []
    method, path = "POST", ""
    if len(first) == 3 and first[2].startswith("HTTP/"):
        method, path = first[:2]
        lines = lines[1:]
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    host = next((value for name, value in headers.items() if name.lower() == "host"), "")
    return {
        "method": method,
        "url": url or (f"http://{host}{path}" if host else path),
        "headers": headers,
        "body": body,
    }


def _show_findings(found: dict[str, Any]) -> None:
    console = Console(file=sys.stdout, highlight=False)
    for each in found["findings"]:
        colour = _COLOURS.get(each["verdict"], "dim")
        console.print(f"{each['part']:<26} [{colour}]{each['verdict']:<8}[/] {escape(each['says'])}", soft_wrap=True)
        if each["advice"] and each["verdict"] != "ok":
            console.print(f"{'':<26} → {escape(each['advice'])}", soft_wrap=True)
    console.print("[green]valid[/]" if found["is_valid"] else "[red]not valid[/]")
