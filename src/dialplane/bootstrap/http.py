"""HTTP/1.1 on the wire: uvicorn with httptools, and no client that holds a connection by silence (API-11)."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PatientHttp(HttpToolsProtocol):
    """Closes a connection whose request's head does not come within `timeout_keep_alive` seconds, or whose body rests
    for as long. Between requests uvicorn itself closes it after that time.

    The head's time runs from the connection's or the head's first byte on, so a byte now and then does not help.
    A request that comes in one piece, as nearly all do, costs no timer.
    """

    _in_head = True
    _in_message = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_message:
            self._stop_clock()
        elif not (self._in_head and self._deadline):
            self._stop_clock()
            self._start_clock()

    def on_message_begin(self) -> None:
        self._in_head = self._in_message = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_message = False
        super().on_message_complete()

    def _start_clock(self) -> None:
        if not self.transport.is_closing():
            self._deadline = self.loop.call_later(self.timeout_keep_alive, self.transport.close)

    def _stop_clock(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None
