"""The limits of a request's body, before anything reads it: size, depth, characters (API-8).

The body is read once here and handed on whole, so that the layers further in see the same bytes.
"""

import asyncio
import re
from collections.abc import Iterator

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

from dialplane.domain.errors import Invalid

LARGEST_BODY = 1 << 20
DEEPEST_JSON = 32

BODY = "dialplane.body"

_TURN = 10_000
"""Strings and brackets that are looked at in a stretch: some five milliseconds."""

_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]')


class BodyLimits:
    """An ASGI layer that refuses bodies that no endpoint wants. With `takes_files` a form may hold any bytes."""

    def __init__(self, app: ASGIApp, *, largest: int = LARGEST_BODY, takes_files: bool = False) -> None:
        self._app = app
        self._largest = largest
        self._takes_files = takes_files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        body = await _read(receive, self._largest)
        if not (self._takes_files and is_form(scope)):
            await _check(body)
        scope[BODY] = body  # type: ignore[literal-required]  # our own key
        handed_over = False

        async def receive_again() -> HTTPReceiveMessage:
            nonlocal handed_over
            if handed_over:
                return await receive()  # type: ignore[return-value]  # only disconnects come after the body
            handed_over = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_again, send)


def is_form(scope: Scope) -> bool:
    """Whether the body is a form that may hold files."""
    return content_type(scope).lower().startswith(b"multipart/form-data")


def content_type(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"content-type"), b"")


def body_of(scope: Scope) -> bytes:
    """The body that this layer read."""
    body: bytes = scope.get(BODY, b"")  # type: ignore[assignment]  # our own key
    return body


async def _read(receive: Receive, largest: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Invalid("The request was given up")
        chunks.append(message["body"])
        size += len(message["body"])
        if size > largest:
            raise Invalid(f"The body is larger than {largest >> 20} MiB")
        if not message["more_body"]:
            return b"".join(chunks)


async def _check(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as fault:
        raise Invalid("The body is not UTF-8", reason="INVALID_JSON_BODY") from fault
    if body.count(b"[") + body.count(b"{") > DEEPEST_JSON and await _depth(body) > DEEPEST_JSON:
        raise Invalid("The body's JSON is nested deeper than 32 levels", reason="INVALID_JSON_BODY")
    if b"\\u0000" in body or b"\0" in body:
        _refuse_nul(body)


async def _depth(body: bytes) -> int:
    """How deep the brackets outside of strings nest. Others have their turn between: a file of 100,000 objects takes a
    second."""
    deepest = depth = 0
    for count, token in enumerate(_STRUCTURE.finditer(body), start=1):
        if not count % _TURN:
            await asyncio.sleep(0)
        first = token[0][:1]
        depth += (first in b"[{") - (first in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _refuse_nul(body: bytes) -> None:
    """Postgres holds no NUL in a text; what cannot be kept is refused by name."""
    try:
        tree = msgspec.json.decode(body)
    except msgspec.DecodeError as fault:
        raise Invalid(f"The body is not JSON: {fault}", reason="INVALID_JSON_BODY") from fault
    for path, text in _texts(tree, ""):
        if "\0" in text:
            raise Invalid(f"{path or 'body'} holds a NUL character", field=path or "body")


def _texts(tree: object, path: str) -> Iterator[tuple[str, str]]:
    """Every string of a JSON value, keys too, with the path to it."""
    match tree:
        case str():
            yield path, tree
        case list():
            for index, item in enumerate(tree):
                yield from _texts(item, f"{path}[{index}]")
        case dict():
            for key, item in tree.items():
                yield path, key
                yield from _texts(item, f"{path}.{key}" if path else key)
