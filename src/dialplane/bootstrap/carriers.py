"""The carriers of this installation, the same for every process."""

from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.carriers.sandbox import SandboxCarrier
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.supply.inventory import OWNED, SANDBOX


def carriers(database: PostgresDatabase, *, sandbox: bool) -> CarrierRegistry:
    """The operator's own ranges, and the simulated carrier; without a `sandbox`, that one has nothing to show."""
    simulated = SandboxCarrier(database)
    return CarrierRegistry(
        {OWNED: OwnedCarrier(), SANDBOX: simulated}, searches={SANDBOX: simulated} if sandbox else {}
    )
