"""All transactions of a user agent: which message belongs to which (RFC 3261 17.1.3, 17.2.3), and who is due when.

No I/O: what is to be sent goes to the `send` that the owner gave, times come in as arguments. One heap holds the
deadlines of all transactions. An entry is left in the heap when its transaction's deadline moves back; it is looked
at when it comes up, so that the usual call costs few heap operations.
"""

import heapq
from collections.abc import Callable, Iterator
from itertools import count
from math import inf
from secrets import token_hex

from dialplane.sip.headers import Headers
from dialplane.sip.message import Request, Response
from dialplane.sip.transaction import (
    CLIENT,
    INVITE_CLIENT,
    INVITE_SERVER,
    SERVER,
    Do,
    Input,
    State,
    Timers,
    Transaction,
    TransactionUser,
)
from dialplane.sip.transaction_peer import Source

MAGIC_COOKIE = "z9hG4bK"

Send = Callable[[bytes, Source], None]
Key = tuple[object, ...]


def new_branch() -> str:
    """A branch that nobody can guess, so that nobody can forge an answer (8.1.1.7)."""
    return MAGIC_COOKIE + token_hex(8)


def server_key(request: Request, method: str | None = None) -> Key:
    """What makes two requests the same transaction (17.2.3). `method` INVITE finds what an ACK or CANCEL is about."""
    via = request.top_via
    branch = via.parameters.get("branch") or ""
    method = method or request.method
    if branch.startswith(MAGIC_COOKIE):
        return branch, via.host, via.port, method
    # RFC 2543. The To tag is left out: it is the answer's in an ACK, and absent in the INVITE.
    return request.uri, request.call_id, request.cseq.number, request.from_.tag, str(via), method


def client_key(response: Response) -> Key:
    """What ties a response to our request (17.1.3)."""
    return response.top_via.branch, response.cseq.method


def merge_key(request: Request) -> Key:
    """Equal for one request that came on two ways (8.2.2.2)."""
    parsed = request.headers.parsed
    key = parsed.get("merge")
    if key is None:
        key = parsed["merge"] = (request.call_id, request.from_.tag, request.cseq.number, request.method)
    return key  # type: ignore[return-value]  # only this function writes it


def failure_ack(invite: Request, response: Response) -> bytes:
    """The ACK of a final answer other than 2xx (17.1.1.3): the INVITE's own branch, the answer's To."""
    fields = [("Via", invite.headers.get("Via") or ""), ("Max-Forwards", "70")]
    fields += [("Route", route) for route in invite.headers.get_all("Route")]
    fields += [
        ("From", invite.headers.get("From") or ""),
        ("To", response.headers.get("To") or ""),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} ACK"),
    ]
    return bytes(Request("ACK", invite.uri, Headers.of_canonical(fields)))


class TransactionLayer:
    """Makes, finds and drives transactions. A transaction's user is told of what happened inside these calls."""

    def __init__(self, send: Send, timers: Timers) -> None:
        self.timers = timers
        self._send = send
        self._servers: dict[Key, Transaction] = {}
        self._clients: dict[Key, Transaction] = {}
        self._invites: dict[Key, Request] = {}
        """Our INVITEs without a final answer: their ACK is built from them."""
        self._merge: dict[Key, Key] = {}
        self._heap: list[tuple[float, int, Transaction]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    def find_server(self, key: Key) -> Transaction | None:
        return self._servers.get(key)

    def is_merged(self, request: Request, key: Key) -> bool:
        """Whether `request`, new by its `key`, came on another way before (8.2.2.2)."""
        return self._merge.get(merge_key(request), key) != key

    def is_ours(self, request: Request) -> bool:
        """Whether we sent `request` ourselves and it came back: a loop (8.2.2.2, RFC 5393)."""
        if not self._clients:  # nothing of ours is on its way: no need to read every Via
            return False
        return any((via.branch, request.method) in self._clients for via in request.vias)

    def open_server(self, request: Request, key: Key, peer: Source, now: float) -> Transaction:
        """Begin the server side of `request`, which `find_server` does not know. Answers go to `peer`."""
        table = INVITE_SERVER if request.method == "INVITE" else SERVER
        transaction = Transaction(table, key=key, peer=peer, timers=self.timers)
        self._servers[key] = transaction
        if request.to.tag is None:
            transaction.merge_key = merge_key(request)
            self._merge[transaction.merge_key] = key
        self.step(transaction, Input.START, now)
        return transaction

    def open_client(self, request: Request, peer: Source, user: TransactionUser | None, now: float) -> Transaction:
        """Send `request`, whose top Via holds a new branch, and take care of it until its final answer."""
        key = (request.top_via.branch, request.method)
        is_invite = request.method == "INVITE"
        table = INVITE_CLIENT if is_invite else CLIENT
        transaction = Transaction(table, key=key, peer=peer, timers=self.timers, octets=bytes(request))
        transaction.user = user
        self._clients[key] = transaction
        if is_invite:
            self._invites[key] = request
        self.step(transaction, Input.START, now)
        return transaction

    def respond(self, transaction: Transaction, response: Response, now: float) -> None:
        """Send `response`; nothing happens where a final one left already."""
        if transaction.state in (State.COMPLETED, State.ACCEPTED, State.CONFIRMED, State.TERMINATED):
            return
        transaction.octets = bytes(response)
        status = response.status
        if status >= 300:
            transaction.user = None  # nothing that still comes concerns it, and a flood of calls must not stay
        self.step(transaction, _sending(status), now)

    def receive_response(self, response: Response, now: float) -> bool:
        """False: it belongs to no request of ours."""
        transaction = self._clients.get(client_key(response))
        if transaction is None or len(response.vias) > 1:  # of more than one hop: it was for somebody else (8.1.3.3)
            return False
        status = response.status
        what = Input.RECEIVE_1XX if status < 200 else Input.RECEIVE_2XX if status < 300 else Input.RECEIVE_FAILURE
        if status >= 200 and (invite := self._invites.pop(transaction.key, None)) and status >= 300:
            transaction.ack = failure_ack(invite, response)
        self.step(transaction, what, now, response)
        return True

    def step(self, transaction: Transaction, what: Input, now: float, response: Response | None = None) -> None:
        """Feed `what` to the machine and carry out what it says."""
        self._carry_out(transaction, transaction.step(what, now), response)

    def fail_peer(self, peer: Source, now: float) -> None:
        """End every request of ours that waits for `peer`, which cannot be reached."""
        for transaction in [one for one in self._clients.values() if one.peer == peer]:
            self.step(transaction, Input.UNREACHABLE, now)

    def next_deadline(self) -> float:
        """When `expire` wants to be called, `inf` for never. It may find nothing to do then."""
        return self._heap[0][0] if self._heap else inf

    def expire(self, now: float) -> None:
        """Do what is due at `now`."""
        for transaction in self._due(now):
            self._carry_out(transaction, transaction.expire(now), None)

    def _due(self, now: float) -> Iterator[Transaction]:
        while self._heap and self._heap[0][0] <= now:
            at, _, transaction = heapq.heappop(self._heap)
            if at != transaction.scheduled_at:
                continue  # an earlier look was put into the heap since
            transaction.scheduled_at = inf
            if transaction.deadline <= now:
                yield transaction
            else:
                self._look_at(transaction, transaction.deadline)

    def _carry_out(self, transaction: Transaction, orders: tuple[Do, ...], response: Response | None) -> None:
        for order in orders:
            if order is Do.SEND:
                self._send(transaction.octets, transaction.peer)
            elif order is Do.ACKNOWLEDGE:
                self._send(transaction.ack, transaction.peer)
            elif transaction.user is not None:
                self._tell(transaction, transaction.user, order, response)
        if transaction.state is State.TERMINATED:
            self._forget(transaction)
        elif (deadline := transaction.deadline) < transaction.scheduled_at:
            self._look_at(transaction, deadline)

    def _tell(self, transaction: Transaction, user: TransactionUser, order: Do, response: Response | None) -> None:
        if order is Do.TIME_OUT:
            user.on_no_answer(transaction, 408)
        elif order is Do.FAIL:
            user.on_no_answer(transaction, 503)
        elif response is not None:
            user.on_response(transaction, response)

    def _look_at(self, transaction: Transaction, deadline: float) -> None:
        if deadline < inf:
            transaction.scheduled_at = deadline
            heapq.heappush(self._heap, (deadline, next(self._order), transaction))

    def _forget(self, transaction: Transaction) -> None:
        transaction.user = None
        if transaction.is_client:
            self._clients.pop(transaction.key, None)
            self._invites.pop(transaction.key, None)
        else:
            self._servers.pop(transaction.key, None)
            self._merge.pop(transaction.merge_key, None)


def _sending(status: int) -> Input:
    if status in (401, 407):
        return Input.SEND_CHALLENGE
    return Input.SEND_1XX if status < 200 else Input.SEND_2XX if status < 300 else Input.SEND_FAILURE
