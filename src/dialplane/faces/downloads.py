"""Files that are sent while they are written."""

import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

from litestar import Response
from litestar.response import Stream

from dialplane.domain.numbering.documents import Document

_CSV = "text/csv; charset=utf-8"
_JSON = "application/json"


def csv_download(parts: AsyncIterator[str] | Iterator[str], name: str) -> Stream:
    """CSV under a file's name. What can be refused must have been refused before."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Type": _CSV,  # a route that answers JSON too would say that it is JSON
    }
    return Stream(parts, media_type=_CSV, headers=headers)


def json_download(parts: AsyncIterator[str] | Iterator[str], name: str) -> Stream:
    """The same of JSON."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": _JSON}
    return Stream(parts, media_type=_JSON, headers=headers)


def document_download(document: Document, content: bytes) -> Response[bytes]:
    """The file to be kept, not shown: what a stranger handed in never runs in a browser's window of ours (WEB-9)."""
    ending = document.media_type.rpartition("/")[2]
    return file_download(f"{document.id}.{ending}", content)


def file_download(name: str, content: bytes) -> Response[bytes]:
    """The same of any file; `name` may hold what a header cannot (RFC 6266 section 4.3)."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        if re.search(r'[^ -~]|["\\]', name)
        else f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)
