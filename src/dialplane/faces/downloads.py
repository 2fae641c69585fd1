"""Files that are sent while they are written."""

from collections.abc import AsyncIterator, Iterator

from litestar.response import Stream

_CSV = "text/csv; charset=utf-8"


def csv_download(parts: AsyncIterator[str] | Iterator[str], name: str) -> Stream:
    """CSV under a file's name. What can be refused must have been refused before."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Type": _CSV,  # a route that answers JSON too would say that it is JSON
    }
    return Stream(parts, media_type=_CSV, headers=headers)
