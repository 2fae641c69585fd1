"""Whose packets count (RTP-1): the address of the SDP is preferred, else the first source within 3 s; then strict.

Without it anyone who sends a packet to an open port gets, or is put into, somebody else's call ("RTP bleed").
"""

Address = tuple[str, int]

LEARNING_S = 3.0


class SourceLock:
    """The source of one leg since its last SDP. Made anew for every new SDP.

    A sender from the SDP's host but another port ranks above a stranger's host: it is most likely the party behind
    an address translation that keeps the host.
    """

    __slots__ = ("_best", "_deadline", "_sdp", "is_settled", "source")

    def __init__(self, sdp: Address, now: float) -> None:
        self._sdp = sdp
        self._deadline = now + LEARNING_S
        self._best = 0
        self.source = sdp
        """Where to send to: the SDP's address until somebody better known has sent (symmetric RTP)."""
        self.is_settled = False

    def accept(self, source: Address, now: float) -> bool:
        """Whether a packet from there counts."""
        if self.settle(now):
            return source == self.source
        rank = 3 if source == self._sdp else 2 if source[0] == self._sdp[0] else 1
        if rank > self._best:
            self._best, self.source = rank, source
        self.is_settled = self._best == 3
        return source == self.source

    def settle(self, now: float) -> bool:
        """Whether the source is final by now."""
        if now >= self._deadline:
            self.is_settled = True
        return self.is_settled
