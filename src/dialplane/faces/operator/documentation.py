"""`/operator/v1/openapi.json` and its page `/operator/v1/docs`: this face's own document, derived from its handlers."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Response, Router, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from dialplane import __version__
from dialplane.faces.documentation import PAGE_HEADERS, Credentials, complete, operation_id, render_page
from dialplane.faces.operator.request import OperatorRequest
from dialplane.faces.voipbin.paging import read_page

_DESCRIPTION = """\
What only the installation's operator does: organizations, accounts and their credit, stock, trunks, rates, and the
sandbox's strings.

Failures are problems (RFC 9457). Times are UTC in RFC 3339, ids are UUIDs, money is in millionths of a US dollar.
Every answer carries `X-Request-Id`."""

_CREDENTIALS = Credentials(
    "The operator's key, which the first start writes into ready.json, on every request.",
    "curl -H 'Authorization: Bearer OPERATOR_KEY' http://HOST/operator/v1/accounts",
)

CONFIG = OpenAPIConfig(
    title="Dialplane operator",
    version=__version__,
    description=_DESCRIPTION,
    use_handler_docstrings=True,
    operation_id_creator=operation_id,
    security=[{"operator": []}],
    components=Components(security_schemes={"operator": SecurityScheme(type="http", scheme="bearer")}),
)


def router(resources: Sequence[Router]) -> Router:
    """The document of `resources`, for whoever asks: it holds no secret."""

    @cache
    def document() -> dict[str, Any]:
        # Litestar makes one document for an application; this one is never served.
        described = Litestar(
            [Router("/operator/v1", route_handlers=resources, request_class=OperatorRequest)],
            dependencies={"page": Provide(read_page, sync_to_thread=False)},
            openapi_config=CONFIG,
            logging_config=None,
        )
        return complete(described.openapi_schema.to_schema(), "/operator/v1/")

    @get("/openapi.json", include_in_schema=False)
    async def openapi_document() -> Response[dict[str, Any]]:
        """The OpenAPI 3.1 document."""
        return Response(document(), media_type=MediaType.JSON)

    @get("/docs", include_in_schema=False)
    async def page() -> Response[bytes]:
        """The document as one page of HTML."""
        html = render_page(msgspec.json.encode(document()), "/operator/v1/openapi.json", _CREDENTIALS)
        return Response(html, media_type=MediaType.HTML, headers=PAGE_HEADERS)

    return Router("/operator/v1", route_handlers=[openapi_document, page])
