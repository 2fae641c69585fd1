"""What a worker counts, read when its metrics are."""

from collections import Counter
from dataclasses import dataclass, field

from dialplane.domain.eventing.webhooks import Reply
from dialplane.domain.operating.figures import ANSWER_BOUNDS_S, Spread


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """Since the process began."""

    deliveries: Counter[str] = field(default_factory=Counter)
    """Attempts at webhooks: `succeeded` or `failed` (AV-9)."""
    delivery: Spread = field(default_factory=lambda: Spread(ANSWER_BOUNDS_S))
    """Seconds that an attempt took."""

    def delivered(self, reply: Reply, seconds: float) -> None:
        self.deliveries["succeeded" if reply.is_success else "failed"] += 1
        self.delivery.add(seconds)
