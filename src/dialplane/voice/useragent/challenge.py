"""Our answers to digest challenges: to the right realm at the right address, or none (CVE-11)."""

from dataclasses import dataclass, field, replace
from secrets import token_hex

from dialplane.sip.dialog import Dialog
from dialplane.sip.digest import answer_challenge, realm_of
from dialplane.sip.message import Request, Response
from dialplane.sip.transaction import Transaction, TransactionUser
from dialplane.sip.transaction_peer import Source
from dialplane.voice.useragent.station import Station


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and password of ours at somebody's server."""

    username: str
    password: str = field(repr=False)
    realm: str | None = None
    """Only challenges of this realm are answered; None: of any, which fits a server that names none beforehand. Within
    a dialog that is none: there the realm is the one that its first request was challenged by (`pinned`)."""
    host: str | None = None
    """Only challenges from this address are answered; None: from wherever the request was sent to."""


def pinned(credentials: Credentials, answered: Request) -> Credentials:
    """For the rest of a call, of which `answered` has answered a challenge. Whoever is behind a proxy can challenge us
    through it: in another realm than the proxy's own, whose password it is."""
    return credentials if credentials.realm is not None else replace(credentials, realm=realm_of(answered))


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


class ChallengedInDialog:
    """The user of a request inside a dialog: answers one challenge by itself, hands everything else to `user`.

    `user` knows the request by its first transaction, whichever one the answer belongs to.
    """

    def __init__(
        self,
        station: Station,
        dialog: Dialog,
        request: Request,
        peer: Source,
        *,
        credentials: Credentials,
        user: TransactionUser | None,
    ) -> None:
        self._station = station
        self._dialog = dialog
        self._request = request
        self._peer = peer
        self._credentials: Credentials | None = credentials
        self._user = user
        self._first: Transaction | None = None

    def on_response(self, transaction: Transaction, response: Response) -> None:
        self._first = self._first or transaction
        if response.status in (401, 407) and self._send_again(response):
            return
        if self._user is not None:
            self._user.on_response(self._first, response)

    def on_no_answer(self, transaction: Transaction, status: int) -> None:
        if self._user is not None:
            self._user.on_no_answer(self._first or transaction, status)

    def _send_again(self, response: Response) -> bool:
        again = authorized(self._request, response, self._credentials, self._peer)
        if again is None:
            return False
        self._credentials = None
        self._dialog.local_cseq += 1
        again.headers.set("CSeq", f"{self._dialog.local_cseq} {again.method}")
        self._station.send_request(again, self._peer, self)
        return True
