"""Lines for a terminal that do what a page has just done, by the native API."""

import json
import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from dialplane.faces.portal.request import PortalRequest

Query = Sequence[tuple[str, str]]


def json_curl(
    request: PortalRequest,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    body_file: str = "",
    query: Query = (),
) -> str:
    """`curl -X PUT "…?accesskey=$ACCESS_KEY" … -d '{…}'`, or with the content of `body_file`.

    The key stays a variable of the reader's shell, so it stands in double quotes.
    """
    more = f"&{urlencode(query)}" if query else ""
    line = f'curl -X {method} "{request.portal.base}{path}?accesskey=$ACCESS_KEY{more}"'
    return line + _data(body, body_file)


def operator_curl(
    request: PortalRequest,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    body_file: str = "",
    query: Query = (),
) -> str:
    """The same by the operator's API; `path` begins below `/operator/v1`."""
    asked = f"?{urlencode(query)}" if query else ""
    address = f'"{request.portal.base}/operator/v1{path}{asked}"'
    return f'curl -X {method} {address} -H "Authorization: Bearer $OPERATOR_KEY"' + _data(body, body_file)


def _data(body: Mapping[str, object] | None, file: str) -> str:
    if file:
        kind = "text/csv" if file.endswith(".csv") else "application/json"
        return f" -H 'Content-Type: {kind}' --data-binary @{file}"
    if body is None:
        return ""
    return f" -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body, ensure_ascii=False))}"
