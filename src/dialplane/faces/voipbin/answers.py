"""How an endpoint documents what it answers, so that the OpenAPI document is true.

Handlers return what the shapes in `services/shapes` make (the same that webhooks carry); the structs beside them say
to a reader and to `schemathesis` what that is.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from dialplane.faces.answers import Answers, answer
from dialplane.faces.voipbin.errors import ErrorEnvelope

_WHEN = {
    400: "The request is malformed; `details` names the field",
    401: "No credential, or a bad one",
    402: "The account cannot pay for it",
    403: "The credential is good but may not do this, or the account is frozen",
    404: "No such thing, or somebody else's",
    409: "It exists already, or its state does not allow this",
    422: "The Idempotency-Key came before with another request",
    429: "A rate or plan limit is reached; `Retry-After` says when to try again",
    503: "Something that we depend on does not answer; trying again may help",
}

ALWAYS = (400, 401, 403, 429, 503)
"""Every operation of `/v1.0` may answer these."""


Item = TypeVar("Item")


class Paged(msgspec.Struct, Generic[Item]):
    """One page of a list, newest first. `next_page_token` is empty on the last page."""

    result: list[Item]
    next_page_token: str


class Address(msgspec.Struct):
    """A party; empty fields are left out."""

    type: str = ""
    target: str = ""
    target_name: str = ""
    name: str = ""
    detail: str = ""


Name = Annotated[str, msgspec.Meta(max_length=255)]
Detail = Annotated[str, msgspec.Meta(max_length=4096)]


def answers(
    shape: type[Any],
    *refusals: int,
    status: int = 200,
    says: str = "Done",
    media_type: str = "application/json",
) -> Answers:
    """The `responses` of a route: `shape` on success, the error envelope for each status in `refusals` and ALWAYS."""
    found = Answers({status: answer(shape, says=says, media_type=media_type)})
    for code in sorted({*ALWAYS, *refusals}):
        found[code] = answer(ErrorEnvelope, says=_WHEN[code])
    return found


def empty(*refusals: int) -> Answers:
    """`answers` where success has no body."""
    return Answers({**answers(object, *refusals), 200: answer(None)})


def posted(shape: type[Any], *refusals: int, status: int = 200) -> Answers:
    """`answers` for a POST, which takes an Idempotency-Key."""
    return answers(shape, 409, 422, *refusals, status=status)


Fields = Mapping[str, object]
"""A resource as its shape shows it."""


class JsonAnswer(ASGIResponse):
    """JSON bytes, sent as they are: for the reads that come most often.

    Litestar's own response builds two header maps and a cookie list first, a fifth of the CPU of reading one number.
    """

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = str(len(self.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
