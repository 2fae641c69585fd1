"""What came back: an answer's body within its limits, the document that it is, and why there was none."""

import zlib

import aiohttp

from dialplane.adapters.http.destinations import RefusedError
from dialplane.adapters.http.encodings import text_of
from dialplane.domain.programs.commands import Fetched

MOST_X_HEADERS, LONGEST_X_HEADER = 20, 512
"""Of an answer, that a document's messages may carry on."""


class TooLargeError(Exception):
    """The body is over its limit."""


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body, decompressed.

    Raises TooLargeError where it is longer than `limit` on the wire or decompressed, zlib.error where it is broken.
    """
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "deflate"):
        raise ValueError(f"the answer is encoded as {encoding[:40]}")
    unpacker = None if encoding == "identity" else zlib.decompressobj(wbits=47)  # 47: gzip or zlib by its header
    body = bytearray()
    received = 0
    async for chunk in response.content.iter_any():
        received += len(chunk)
        body += chunk if unpacker is None else unpacker.decompress(chunk, limit + 1 - len(body))
        if received > limit or len(body) > limit:
            raise TooLargeError
    return bytes(body)


async def read_document(response: aiohttp.ClientResponse, url: str, limit: int) -> Fetched:
    """The answer; of audio, which is not for reading, only its type."""
    kind = response.headers.get("Content-Type", "")
    if kind.startswith("audio/"):
        response.close()
        body = b""
    else:
        body = await read_body(response, limit)
    # A name is of a type of the HTTP library's own, which nothing writes as JSON.
    headers = ((str(name), value) for name, value in response.headers.items())
    extra = [(name, value[:LONGEST_X_HEADER]) for name, value in headers if name[:2].upper() == "X-"]
    text = text_of(body, response.charset)
    return Fetched(response.status, text, kind, url, tuple(extra[:MOST_X_HEADERS]))


def words_of(fault: BaseException) -> str:
    """Why there was no answer, for the tenant: no addresses and no paths of ours."""
    if isinstance(fault, RefusedError):
        return str(fault)
    cause = fault.os_error if isinstance(fault, aiohttp.ClientConnectorError) else None
    if isinstance(cause, RefusedError):
        return str(cause)
    if isinstance(fault, aiohttp.ClientConnectorDNSError):
        return "the name does not resolve"
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    if isinstance(fault, aiohttp.ClientSSLError):
        return "the TLS handshake failed"
    if isinstance(fault, aiohttp.ClientConnectorError):
        return "the connection was refused or failed"
    if isinstance(fault, aiohttp.ServerDisconnectedError | ConnectionError):
        return "the server closed the connection"
    return f"the exchange failed ({type(fault).__name__})"
