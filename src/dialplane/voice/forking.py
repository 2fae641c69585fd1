"""One leg that rings several phones at once: an extension that is registered from several places (RFC 3261 16.7).

Each phone gets an INVITE of its own with the same offer. The first that answers is the leg's from then on, the others
are cancelled; where nobody answers, the leg ends as the phone did that was the last to refuse.
"""

from collections.abc import Callable

from dialplane.sip.message import Request, Response
from dialplane.voice.leg import Leg
from dialplane.voice.useragent.agent import CallEnd, SipCall


class Forks:
    """Watches the calls to the phones of one leg until one of them answers. `leg.sip` is always one that lives."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._ringing: list[SipCall] = []
        self._is_settled = False
        """The leg has one of them, or none is wanted any more."""

    def ring(self, invite: Callable[[], SipCall]) -> None:
        """Call one more phone."""
        self._ringing.append(invite())

    def on_provisional(self, call: SipCall, response: Response) -> None:
        """It rings somewhere. What one of several phones plays before the answer is not let through."""
        if not self._is_settled:
            self._leg.on_ringing(response.status)

    def on_answered(self, call: SipCall, sdp: bytes) -> None:
        if self._is_settled:  # two answered in the same moment
            call.hangup()
            return
        leg, others = self._leg, [each for each in self._ringing if each is not call]
        self._is_settled = True
        call.watcher = leg
        leg.sip = call
        leg.update(sip_call_id=call.id)
        leg.on_answered(call, sdp)
        for each in others:
            each.hangup()

    def on_ended(self, call: SipCall, end: CallEnd) -> None:
        self._ringing = [each for each in self._ringing if each is not call]
        if self._is_settled:
            return
        if self._leg.wanted_reason or end.status >= 600:  # given up, or refused for all: no phone is wanted any more
            self._is_settled = True
            for each in self._ringing:
                each.hangup()
            self._leg.on_ended(call, end)
        elif self._ringing:
            self._leg.sip = self._ringing[0]
        else:
            self._is_settled = True
            self._leg.on_ended(call, end)

    def on_renegotiated(self, call: SipCall, sdp: bytes) -> None:
        """Nothing was negotiated yet."""

    def on_offer(self, call: SipCall, sdp: bytes) -> bytes | int:
        return 491

    def on_info(self, call: SipCall, request: Request) -> None:
        """A digit before anything listens is nobody's."""
