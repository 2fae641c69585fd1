"""Our answers to digest challenges: to the right realm at the right address, or none (CVE-11)."""

from dataclasses import dataclass, field
from secrets import token_hex

from dialplane.sip.digest import answer_challenge
from dialplane.sip.message import Request, Response
from dialplane.sip.transaction_peer import Source


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and password of ours at somebody's server."""

    username: str
    password: str = field(repr=False)
    realm: str | None = None
    """Only challenges of this realm are answered; None: of any, which fits a server that names none beforehand."""
    host: str | None = None
    """Only challenges from this address are answered; None: from wherever the request was sent to."""


def authorized(request: Request, response: Response, credentials: Credentials | None, peer: Source) -> Request | None:
    """`request` again, without Via, with the answer to the challenge in `response`; None: do not try."""
    if credentials is None or credentials.host not in (None, peer.host):
        return None
    answer = answer_challenge(
        response,
        request.method,
        request.uri,
        credentials.username,
        credentials.password,
        realm=credentials.realm,
        cnonce=token_hex(8),
    )
    if answer is None:
        return None
    headers = request.headers.copy()
    headers.remove("Via")
    headers.set("CSeq", f"{request.cseq.number + 1} {request.method}")
    headers.set(*answer)
    return Request(request.method, request.uri, headers, request.body)
