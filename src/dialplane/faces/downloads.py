"""Files that are sent while they are written."""

from collections.abc import AsyncIterator, Iterator

from litestar.response import Stream


def csv_download(parts: AsyncIterator[str] | Iterator[str], name: str) -> Stream:
    """CSV under a file's name. What can be refused must have been refused before."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(parts, media_type="text/csv; charset=utf-8", headers=headers)
