"""The carriers that are set up, by name."""

from collections.abc import Mapping

from dialplane.services.carriers import Carrier


class CarrierRegistry:
    """Fulfils `services.carriers.Carriers`."""

    def __init__(self, carriers: Mapping[str, Carrier]) -> None:
        self._carriers = dict(carriers)

    def names(self) -> list[str]:
        return sorted(self._carriers)

    def carrier(self, name: str) -> Carrier:
        return self._carriers[name]
