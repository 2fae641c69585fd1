"""The operator's own ranges: nobody has to be asked."""

from dialplane.services.supply.carriers import Answer, Ordered


class OwnedCarrier:
    """Fulfils `services.supply.carriers.Carrier`: whatever is in stock is ours already."""

    is_local = True

    async def order(self, number: str, reference: str) -> Answer:
        return Ordered()

    async def find_order(self, reference: str) -> Answer | None:
        return Ordered()

    async def owns(self, number: str) -> bool:
        return True

    async def release(self, number: str) -> None:
        """It stays the operator's."""
