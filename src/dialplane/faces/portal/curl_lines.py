"""Lines for a terminal that do what a page has just done, by the native API."""

import json
import shlex
from collections.abc import Mapping

from dialplane.faces.portal.request import PortalRequest


def json_curl(request: PortalRequest, method: str, path: str, body: Mapping[str, object] | None = None) -> str:
    """`curl -X PUT '…?accesskey=$ACCESS_KEY' … -d '{…}'`: the key stays a variable of the reader's shell."""
    line = f'curl -X {method} "{request.portal.base}{path}?accesskey=$ACCESS_KEY"'
    if body is None:
        return line
    return f"{line} -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body, ensure_ascii=False))}"
