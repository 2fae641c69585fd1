"""Lines for a terminal that do what a page has just done, by the native API."""

import json
import shlex
from collections.abc import Mapping

from dialplane.faces.portal.request import PortalRequest


def json_curl(
    request: PortalRequest, method: str, path: str, body: Mapping[str, object] | None = None, *, body_file: str = ""
) -> str:
    """`curl -X PUT "…?accesskey=$ACCESS_KEY" … -d '{…}'`, or with `-d @body_file`.

    The key stays a variable of the reader's shell, so it stands in double quotes.
    """
    line = f'curl -X {method} "{request.portal.base}{path}?accesskey=$ACCESS_KEY"'
    if body is None and not body_file:
        return line
    data = f"@{body_file}" if body is None else shlex.quote(json.dumps(body, ensure_ascii=False))
    return f"{line} -H 'Content-Type: application/json' -d {data}"
