"""The port to what is kept of webhooks: endpoints, deliveries and their attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.eventing.webhooks import Delivery, DeliveryStatus, Endpoint, EndpointOutcome, Outcome
from dialplane.domain.ids import AccountId, DeliveryId, EndpointId, EventId


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this worker may send until its lease ends."""

    id: DeliveryId
    endpoint: Endpoint
    event_id: EventId
    event_type: str
    event_data: str
    """The resource as JSON text, byte for byte as it was published."""
    resource_seq: int
    attempts: int
    """Attempts made before this one."""
    worker: int


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """A delivery to be, to a hook or a callback; the endpoint counts where the address is not known yet."""

    endpoint: Endpoint
    delivery_id: DeliveryId
    event_id: EventId
    ordered_by: UUID


class WebhookStore(Protocol):
    """Port."""

    async def add_endpoint(self, endpoint: Endpoint) -> None: ...

    async def save_endpoint(self, endpoint: Endpoint) -> None:
        """Write what may change: address, method, name, event types, secrets, standing, times."""
        ...

    async def find_endpoint(
        self, account_id: AccountId, endpoint_id: EndpointId, *, lock: bool = False
    ) -> Endpoint | None: ...

    async def find_customer_endpoint(self, account_id: AccountId) -> Endpoint | None:
        """Locks the row: it is about to be changed."""
        ...

    async def list_endpoints(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> Sequence[Endpoint]: ...

    async def count_extra_endpoints(self, account_id: AccountId) -> int: ...

    async def fail_open_deliveries(self, endpoint_id: EndpointId, now: datetime) -> None:
        """Nothing more is sent to a deleted endpoint."""
        ...

    async def find_delivery(self, account_id: AccountId, delivery_id: DeliveryId) -> Delivery | None: ...

    async def list_deliveries(
        self,
        account_id: AccountId,
        *,
        before: datetime | None,
        limit: int,
        endpoint_id: EndpointId | None,
        status: DeliveryStatus | None,
    ) -> Sequence[Delivery]: ...

    async def find_claimed(self, account_id: AccountId, delivery_id: DeliveryId) -> ClaimedDelivery | None:
        """What a worker got, or would get, to send; the endpoint of a deleted address too."""
        ...

    async def add_hook_deliveries(self, deliveries: Sequence[HookDelivery]) -> None:
        """Deliver written events to the accounts' hooks of these addresses, made where there are none.

        Deliveries that are `ordered_by` the same go out one after the other. Nothing is sent to a disabled hook.
        """
        ...

    async def add_callback_deliveries(self, deliveries: Sequence[HookDelivery]) -> None:
        """As above, for status callbacks."""
        ...

    async def add_replay(self, delivery_id: DeliveryId, new: DeliveryId, now: datetime) -> None:
        """A new delivery of the same event to the same endpoint, due now."""
        ...

    async def hasten(self, delivery_id: DeliveryId, now: datetime) -> None:
        """Make an open delivery due now."""
        ...

    async def claim(self, worker: int, *, now: datetime, until: datetime, limit: int) -> Sequence[ClaimedDelivery]:
        """Lease at most `limit` deliveries that are due, to `worker`.

        Per resource and endpoint the first open one only; per endpoint never more than MAX_IN_FLIGHT at once among
        all workers; none for an endpoint whose breaker is open, and one for an endpoint that is being tried again.
        """
        ...

    async def free_leases(self, *, now: datetime) -> None:
        """Give back what is leased beyond its time or to a worker that is gone."""
        ...

    async def settle(self, outcomes: Sequence[Outcome], endpoints: Sequence[EndpointOutcome]) -> None:
        """Write attempts and what follows them. An outcome whose lease another worker has taken over is dropped."""
        ...
