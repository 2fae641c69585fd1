"""`/openapi.json`, which Litestar derives from the handlers themselves, and a page at `/docs` that people can read.

The page is made from the same document on the server: it needs no JavaScript and asks no other host for anything.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from jinja2 import Environment, StrictUndefined
from litestar import MediaType, Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response import Redirect

from dialplane import __version__
from dialplane.domain.flows.schema import action_schema

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes a repetition safe: the first answer is kept for a day and given again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

_DESCRIPTION = """\
Numbers, flows, calls and messages. The paths, fields and errors are those of VoIPBIN's API; reservations, orders,
route explanation, dry runs and the webhook log are Dialplane's own. The operator's API has a page of its own at
/operator/v1/docs.

Three paths are websockets and not in the list below. `/v1.0/ws` tells of events as they happen: send
`{"type": "subscribe", "topics": ["customer_id:<id>:call"]}` and get webhook bodies with the event's `id`; with
`"after": "<event id>"` those that came since are told first. `/v1.0/calls/{call_id}/media_stream` carries the audio of
a call that is going on, both ways, in binary messages of 20 ms; `encapsulation` is `rtp`, `sln` or `audiosocket`.
`/sip` is SIP itself (RFC 7118, subprotocol `sip`) for phones in browsers, which register as extensions and talk by
WebRTC.

Lists take `page_size` and `page_token` and answer `result` and `next_page_token`. Times are UTC in RFC 3339.
Ids are UUIDs; the nil UUID means none. Every answer carries `X-Request-Id`."""

ACTION_LIST = "The steps in order: `{id?, type, option?, next_id?}`"
"""What a field that holds a flow's actions says of itself, and is known by."""
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a page says about credentials, and commands that use them."""

    text: str
    example: str


_CREDENTIALS = Credentials(
    "The first of these that is not empty counts: cookie `token`, query `token`, header `Authorization: Bearer`, "
    "cookie `accesskey`, query `accesskey`.",
    "curl 'http://HOST/v1.0/numbers?accesskey=vb_…'\ncurl -H 'Authorization: Bearer vb_…' http://HOST/v1.0/numbers",
)


class ReadablePage(OpenAPIRenderPlugin):
    """The document as one page of HTML."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        # Litestar's plugin interface is untyped at this point; the document itself is plain JSON.
        document = msgspec.json.encode(complete(openapi_schema, "/v1.0/"))
        return render_page(document, "/openapi.json", _CREDENTIALS)


@cache
def render_page(document: bytes, source: str, credentials: Credentials) -> bytes:
    """An OpenAPI document, which is also at the path `source`, as HTML."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(resources.files(__package__).joinpath("documentation.html").read_text())
    return template.render(
        document=msgspec.json.decode(document), source=source, credentials=credentials, resolve=_name_of
    ).encode()


def _name_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string`, `list of Number`, `Flow or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return " or ".join(_name_of(each) for each in schema[union])
    if schema.get("type") == "array":
        return f"list of {_name_of(schema.get('items', {}))}"
    kind = schema.get("type", "anything")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words} ({schema['format']})" if "format" in schema else words


def operation_id(handler: HTTPRouteHandler, method: str, path: Sequence[object]) -> str:
    return handler.handler_name


OPENAPI = OpenAPIConfig(
    title="Dialplane",
    version=__version__,
    description=_DESCRIPTION,
    use_handler_docstrings=True,
    operation_id_creator=operation_id,
    path="/docs",
    render_plugins=[ReadablePage(path="/", media_type=MediaType.HTML)],
    security=[{"token": []}, {"bearer": []}, {"accesskey": []}],
    components=Components(
        security_schemes={
            "token": SecurityScheme(type="apiKey", name="token", security_scheme_in="query"),
            "accesskey": SecurityScheme(type="apiKey", name="accesskey", security_scheme_in="query"),
            "bearer": SecurityScheme(type="http", scheme="bearer", description="A token, or an access key (`vb_…`)"),
        }
    ),
)


def complete(document: dict[str, Any], below: str) -> dict[str, Any]:
    """Add to the POSTs `below` a path what layers around the handlers take, to the native API the actions of flows, and
    call a list's page `NumberPage`.

    Litestar names the page after the generic class and the whole module of its items.
    """
    text = re.sub(rb"Paged_[\w.]*?(\w+)_(?=\")", rb"\1Page", msgspec.json.encode(document))
    completed: dict[str, Any] = msgspec.json.decode(text)
    if below == "/v1.0/":
        schemas = completed["components"]["schemas"]
        _name_actions(schemas)
        schemas["FlowAction"] = action_schema()
    for path, item in completed["paths"].items():
        if "post" in item and path.startswith(below):
            item["post"].setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return completed


def _name_actions(node: object) -> None:
    """Let each list of actions say what its items are: Litestar takes no reference that it has not made itself."""
    if isinstance(node, dict):
        if node.get("description") == ACTION_LIST:
            node["items"] = {"$ref": "#/components/schemas/FlowAction"}
        for each in node.values():
            _name_actions(each)
    elif isinstance(node, list):
        for each in node:
            _name_actions(each)


@get("/openapi.json", include_in_schema=False)
async def openapi_document(request: Request[object, object, Any]) -> Response[dict[str, Any]]:
    """The OpenAPI 3.1 document."""
    return Response(complete(request.app.openapi_schema.to_schema(), "/v1.0/"), media_type=MediaType.JSON)


@get(["/swagger", "/swagger/{rest:path}", "/redoc", "/redoc/{rest:path}"], include_in_schema=False)
async def voipbins_pages() -> Redirect:
    """Where VoIPBIN has its pages (reference 1.1)."""
    return Redirect("/docs")


router = Router("/", route_handlers=[openapi_document, voipbins_pages])
