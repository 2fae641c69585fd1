"""Where the trunks' gateways are, kept as long as DNS says and asked for anew beside the calls: no call waits for a
name that was known before."""

from collections.abc import Iterable, Sequence

from dialplane.domain.calling.trunk_terms import Gateway
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.ids import TrunkId
from dialplane.sip.transaction_peer import Source
from dialplane.voice.trunking.kept_places import KeptPlaces, key_of


class Places:
    """Those of one node's trunks, and of no other names: that bounds them."""

    def __init__(self, kept: KeptPlaces) -> None:
        self._kept = kept
        self._trunks: Sequence[Trunk] = ()

    def set_trunks(self, trunks: Sequence[Trunk]) -> None:
        self._trunks = trunks
        wanted = {key_of(gateway) for gateway in self._named()}
        for key in self._kept.found():
            if key not in wanted:
                self._kept.forget(key)

    def refresh(self) -> None:
        """Ask for what does not hold any more. Call it about once a second."""
        for gateway in self._named():
            if not self._kept.holds(gateway):
                self._kept.ask_beside(gateway)

    async def targets(self, gateway: Gateway) -> list[Source]:
        """Where a call goes, the first first; none where the name is not known now."""
        if not self._kept.is_asked(gateway):
            await self._kept.wait(gateway)
        return self._kept.targets(gateway)

    def known(self, gateway: Gateway) -> frozenset[Source]:
        """Wherever calls by the gateway may go, as far as that is known."""
        return frozenset(self._kept.targets(gateway))

    def is_asked(self, gateway: Gateway) -> bool:
        """Whether what is known of it was found out."""
        return self._kept.is_asked(gateway)

    def callers(self) -> dict[str, TrunkId]:
        """The addresses that trunks' names lead to: what comes from there is the trunk's. Of several trunks at one
        address it is the first's."""
        found: dict[str, TrunkId] = {}
        for trunk in self._trunks:
            for gateway in trunk.gateways:
                for target in self.known(gateway) if gateway.is_named else ():
                    found.setdefault(target.host, trunk.id)
        return found

    def _named(self) -> Iterable[Gateway]:
        return (gateway for trunk in self._trunks for gateway in trunk.gateways if gateway.is_named)
