"""A running platform, as the commands that look at it reach it: by `ready.json`, or by address and key."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

Api = Annotated[
    str, typer.Option("--api", help="Address of the API; else DIALPLANE_API, else that of --data.", metavar="URL")
]
Key = Annotated[str, typer.Option("--key", help="Access key; else DIALPLANE_KEY, else that of --data.")]
OperatorApi = Api
OperatorKey = Annotated[str, typer.Option("--operator-key", help="Else DIALPLANE_OPERATOR_KEY, else that of --data.")]
Data = Annotated[Path, typer.Option("--data", help="Folder of a platform on this machine.", metavar="DIR")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]

TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Platform:
    """The native API with one account's access key."""

    api: str
    key: str

    def ask(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """The decoded answer; a refusal ends the command with its words."""
        return json.loads(self._exchange(method, path, body, query))

    def download(self, path: str) -> bytes:
        return self._exchange("GET", path, None, {})

    def _exchange(self, method: str, path: str, body: object, query: Mapping[str, str]) -> bytes:
        url = f"{self.api}/v1.0{path}?{urlencode({**query, 'accesskey': self.key})}"
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                raw: bytes = answer.read()
        except urllib.error.HTTPError as refusal:
            raise fail(_reason(refusal)) from None
        except OSError as fault:
            raise fail(f"{self.api} does not answer: {fault}") from None
        return raw


def find_platform(api: str, key: str, data: Path) -> Platform:
    """Ends the command where neither options nor folder say where the platform is."""
    api, key = api or os.environ.get("DIALPLANE_API", ""), key or os.environ.get("DIALPLANE_KEY", "")
    if not (api and key):
        ready = read_ready(data / "ready.json")
        api, key = api or ready.get("http", ""), key or ready.get("access_key", "")
    if not api.startswith(("http://", "https://")):
        raise fail(f"no platform is known: give --api and --key, or --data of one that runs ({data} is none)")
    return Platform(api.rstrip("/"), key)


def ask_operator(method: str, path: str, api: str, key: str, data: Path, body: object = None) -> Any:
    """The decoded answer of the operator's API; a refusal ends the command with its words."""
    api, key = api or os.environ.get("DIALPLANE_API", ""), key or os.environ.get("DIALPLANE_OPERATOR_KEY", "")
    if not (api and key):
        ready = read_ready(data / "ready.json")
        api, key = api or ready.get("http", ""), key or ready.get("operator_key", "")
    if not api.startswith(("http://", "https://")):
        raise fail(f"no platform is known: give --api and --operator-key, or --data of one that runs ({data} is none)")
    request = urllib.request.Request(
        f"{api.rstrip('/')}/operator/v1{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        raise fail(_problem(refusal)) from None
    except OSError as fault:
        raise fail(f"{api} does not answer: {fault}") from None


def fail(text: str) -> typer.Exit:
    typer.echo(f"dialplane: {text}", err=True)
    return typer.Exit(1)


def read_ready(path: Path) -> Mapping[str, str]:
    """What `up` wrote of itself; nothing where it runs not there."""
    try:
        found: Mapping[str, str] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found


def _reason(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refusal.read())["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"the API answers {refusal.code}"


def _problem(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(refusal.read())["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the API answers {refusal.code}"
