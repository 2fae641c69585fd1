"""What a client writes: form bodies, read once and within limits, and their parameters as typed values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.types import ASGIApp, Receive, Scope, Send

from dialplane.domain.errors import Invalid
from dialplane.faces.bodies import BODY
from dialplane.services.eventing.webhooks import check_url

LARGEST_BODY = 10_000_000
MOST_PARAMETERS = 1000
LONGEST_TEXT = 4096
LONGEST_URL = 2048

_LONGEST_NAME = 64
"""Of a parameter, as far as a refusal repeats it."""
_PARAMETERS = "dialplane.parameters"
_FORM = b"application/x-www-form-urlencoded"
_PATH = re.compile(r"/[^\s\x00-\x20\x7f]*")

Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of a body or a query. Names are case-sensitive (reference 1.1); each method raises Invalid."""

    values: Mapping[str, tuple[str, ...]]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, *, longest: int = LONGEST_TEXT) -> str:
        """The first value; "" where there is none."""
        value = self.values.get(name, ("",))[0]
        if len(value) > longest:
            raise invalid(name, f"has {longest} characters at most")
        return value

    def find(self, name: str, *, longest: int = LONGEST_TEXT) -> str | None:
        """The first value; None where the parameter is left out."""
        return self.text(name, longest=longest) if name in self.values else None

    def without(self, name: str) -> "Parameters":
        return Parameters({each: values for each, values in self.values.items() if each != name})

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter that may be repeated."""
        return self.values.get(name, ())

    def flag(self, name: str) -> bool | None:
        """`true` or `false` in any case; None where it is left out or empty."""
        match self.text(name).strip().lower():
            case "":
                return None
            case "true":
                return True
            case "false":
                return False
        raise invalid(name, "is true or false")

    def method(self, name: str) -> Method | None:
        """GET or POST in any case, "" is POST; None where it is left out."""
        if name not in self.values:
            return None
        match self.text(name).upper():
            case "" | "POST":
                return "POST"
            case "GET":
                return "GET"
        raise invalid(name, "is GET or POST")

    def url(self, name: str, *, reason: str = "URL_INVALID") -> str | None:
        """An http or https URL, or a path on this server (Restcomm's demos); "" takes it away; None: left out."""
        value = self.find(name, longest=LONGEST_URL)
        if not value:
            return value
        if not is_url(value := value.strip()):
            raise invalid(name, "is an http or https URL", reason=reason)
        return value

    def number(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number; None where it is left out or empty."""
        value = self.text(name).strip()
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and least <= int(value) <= most):
            raise invalid(name, f"is a whole number from {least} to {most}")
        return int(value)


def is_url(text: str) -> bool:
    """The form only: where it leads is checked each time by the client that connects."""
    if text.startswith("/"):
        return _PATH.fullmatch(text) is not None
    try:
        check_url(text)
    except Invalid:
        return False
    return True


def invalid(name: str, says: str, *, reason: str = "INVALID_ARGUMENT") -> Invalid:
    return Invalid(f"{name} {says}", reason=reason, field=name)


def read_parameters(encoded: bytes) -> Parameters:
    """Parameters of `a=b&c=d`. Raises Invalid where it is not UTF-8, holds a NUL or too many parameters."""
    try:
        pairs = parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError as fault:
        raise Invalid("The parameters are not UTF-8") from fault
    except ValueError as fault:
        raise Invalid(f"There are more than {MOST_PARAMETERS} parameters") from fault
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if "\0" in value or "\0" in name:
            raise invalid(name.replace("\0", "")[:_LONGEST_NAME] or "A parameter", "holds a NUL character")
        values[name] = (*values.get(name, ()), value)
    return Parameters(values)


class FormBodies:
    """An ASGI layer that reads the body, refuses what is no form, and keeps the parameters for the handlers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        if scope["type"] == ScopeType.HTTP and scope["method"] in ("POST", "PUT"):
            body = await _read(receive)
            if body and not _is_form(scope):
                raise ClientException("The body must be application/x-www-form-urlencoded", status_code=415)
        scope[BODY] = body  # type: ignore[literal-required]  # our own key
        scope[_PARAMETERS] = read_parameters(body)  # type: ignore[literal-required]  # our own key
        await self._app(scope, receive, send)


def parameters_of(scope: Scope) -> Parameters:
    """The body's parameters."""
    parameters: Parameters = scope[_PARAMETERS]  # type: ignore[literal-required]  # our own key
    return parameters


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Invalid("The request was given up")
        body += message["body"]
        if len(body) > LARGEST_BODY:
            raise ClientException(f"The body is larger than {LARGEST_BODY} bytes", status_code=413)
        if not message["more_body"]:
            return bytes(body)


def _is_form(scope: Scope) -> bool:
    types = (value.partition(b";")[0] for name, value in scope["headers"] if name == b"content-type")
    return any(each.strip().lower() == _FORM for each in types)
