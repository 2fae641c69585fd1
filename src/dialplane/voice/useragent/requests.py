"""Requests outside calls: those that came (REGISTER, MESSAGE, ...) and those that we send and wait for."""

import asyncio

from dialplane.sip.message import Request, Response
from dialplane.sip.transaction import Transaction
from dialplane.sip.transaction_peer import Source
from dialplane.voice.useragent.station import Fields, Station


class IncomingRequest:
    """A request outside any dialog, to be answered once by `respond`, now or within 32 s."""

    def __init__(
        self, station: Station, request: Request, source: Source, transaction: Transaction, hop: Source
    ) -> None:
        self.request = request
        self.source = source
        """Who sent it."""
        self.hop = hop
        """Who handed it to us: the same, or the edge before it."""
        self._station = station
        self._transaction = transaction

    def respond(self, status: int, reason: str | None = None, headers: Fields = (), body: bytes = b"") -> None:
        """Answer; a second final answer is not sent. `headers` say the Content-Type of a `body`."""
        response = self._station.response(self.request, status, reason, fields=headers, body=body)
        self._station.respond(self._transaction, response)

    def send(self, response: Response) -> None:
        """Answer with a response made from the request elsewhere: a challenge, the registrar's list."""
        self._station.respond(self._transaction, self._station.tagged(response, self.request))


class PendingAnswer:
    """The user of a client transaction that somebody awaits."""

    def __init__(self) -> None:
        self.future: asyncio.Future[Response | int] = asyncio.get_running_loop().create_future()

    def on_response(self, transaction: Transaction, response: Response) -> None:
        if response.is_final and not self.future.done():
            self.future.set_result(response)

    def on_no_answer(self, transaction: Transaction, status: int) -> None:
        if not self.future.done():
            self.future.set_result(status)
