"""Several who look on at every message, where there is more than one."""

from dialplane.voice.useragent.agent import Source
from dialplane.voice.useragent.events import Tap


class Taps:
    """Fulfils the user agent's `Tap`."""

    def __init__(self, *taps: Tap) -> None:
        self._taps = taps

    def received(self, data: bytes, peer: Source) -> None:
        for tap in self._taps:
            tap.received(data, peer)

    def sent(self, data: bytes, peer: Source) -> None:
        for tap in self._taps:
            tap.sent(data, peer)


def together(*taps: Tap | None) -> Tap | None:
    """Those that are there as one; a single one as itself."""
    found = [tap for tap in taps if tap is not None]
    return Taps(*found) if len(found) > 1 else next(iter(found), None)
