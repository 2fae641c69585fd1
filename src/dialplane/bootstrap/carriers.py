"""The carriers of this installation, the same for every process."""

from dialplane.adapters.carriers.accounts import CarrierAccounts
from dialplane.adapters.carriers.messages import RoutedMessages
from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.carriers.sandbox import SandboxCarrier
from dialplane.adapters.carriers.sandbox_messages import SandboxMessageCarrier
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.supply.inventory import OWNED, SANDBOX


def carriers(database: PostgresDatabase, client: GuardedClient, *, sandbox: bool) -> CarrierRegistry:
    """The operator's own ranges, the operator's accounts at real carriers, and the simulated carrier; without a
    `sandbox`, that one has nothing to show."""
    simulated = SandboxCarrier(database)
    return CarrierRegistry(
        {OWNED: OwnedCarrier(), SANDBOX: simulated},
        searches={SANDBOX: simulated} if sandbox else {},
        accounts=CarrierAccounts(database, client),
    )


def message_carrier(database: PostgresDatabase, client: GuardedClient) -> RoutedMessages:
    """Each message goes by the carrier of the number that sends it."""
    return RoutedMessages(database, CarrierAccounts(database, client), SandboxMessageCarrier(database))
