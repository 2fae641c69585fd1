"""A REFER within a call, as whoever decides about it sees it (RFC 3515)."""

from typing import TYPE_CHECKING

from dialplane.sip.message import REASONS, Request
from dialplane.sip.refer import ReferTarget, notify_fields, sipfrag
from dialplane.sip.transaction import Transaction
from dialplane.voice.useragent.reason import reason_field

if TYPE_CHECKING:
    from dialplane.voice.useragent.calls import SipCall


class IncomingRefer:
    """To be accepted or refused once; after that the transferor may be told how it goes."""

    def __init__(self, call: "SipCall", transaction: Transaction, request: Request, target: ReferTarget) -> None:
        self.call = call
        self.request = request
        self.target = target
        self._transaction = transaction
        self._is_over = False

    def accept(self) -> None:
        """202, and a NOTIFY that it is being tried."""
        self.call.answer_refer(self._transaction, self.request, 202, (("Event", "refer"),))
        self.tell(100)

    def refuse(self, status: int, why: str) -> None:
        """A final answer with a Reason field that says why."""
        self._is_over = True
        self.call.answer_refer(self._transaction, self.request, status, (("Reason", reason_field(status, why)),))

    def tell(self, status: int) -> None:
        """Tell the transferor what the target answered; nothing after a final status, or where it wants no word."""
        if self._is_over or not self.target.wants_notify:
            return
        self._is_over = status >= 200
        self.call.notify(notify_fields(is_final=self._is_over), sipfrag(status, REASONS.get(status, "")))
