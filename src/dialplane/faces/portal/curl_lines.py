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
    return line + _data(body, body_file)


def operator_curl(
    request: PortalRequest, method: str, path: str, body: Mapping[str, object] | None = None, *, body_file: str = ""
) -> str:
    """The same by the operator's API; `path` begins below `/operator/v1`."""
    line = f'curl -X {method} "{request.portal.base}/operator/v1{path}" -H "Authorization: Bearer $OPERATOR_KEY"'
    return line + _data(body, body_file)


def _data(body: Mapping[str, object] | None, file: str) -> str:
    if body is None and not file:
        return ""
    data = f"@{file}" if body is None else shlex.quote(json.dumps(body, ensure_ascii=False))
    return f" -H 'Content-Type: application/json' -d {data}"
