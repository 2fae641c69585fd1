"""The carriers that are set up, by name."""

from collections.abc import Mapping

from dialplane.services.supply.carriers import Carrier, CarrierSearch


class CarrierRegistry:
    """Fulfils `services.supply.carriers.Carriers`."""

    def __init__(self, carriers: Mapping[str, Carrier], *, searches: Mapping[str, CarrierSearch] | None = None) -> None:
        self._carriers = dict(carriers)
        self._searches = dict(searches or {})

    def names(self) -> list[str]:
        return sorted(self._carriers)

    def carrier(self, name: str) -> Carrier:
        return self._carriers[name]

    def searches(self) -> Mapping[str, CarrierSearch]:
        return self._searches
