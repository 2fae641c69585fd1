"""Whether a trunk's peer answers, asked on demand."""

from dataclasses import dataclass
from typing import Protocol

from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import Invalid, NotFound
from dialplane.domain.ids import TrunkId
from dialplane.services.calling.trunks import list_trunks
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of asking. Any final answer shows that the peer is there, whatever it thinks of the question."""

    status: int | None
    """Of SIP; None: no answer."""
    took_ms: int = 0
    said: str = ""
    """Why there is none."""

    @property
    def is_well(self) -> bool:
        return self.status is not None and self.status != 503


class Prober(Protocol):
    """Port."""

    async def probe(self, trunk: Trunk) -> Probe:
        """Within two seconds or so for each place that its host is at; what goes wrong is told in the result."""
        ...


async def probe_trunk(database: Database, prober: Prober, trunk_id: TrunkId) -> tuple[Trunk, Probe]:
    """Raises NotFound; Invalid for a trunk that takes no calls, and so has no address."""
    trunk = next((each for each in await list_trunks(database) if each.id == trunk_id), None)
    if trunk is None:
        raise NotFound("There is no such trunk", reason="TRUNK_NOT_FOUND")
    if not trunk.host:
        raise Invalid("The trunk only brings calls: there is no address to ask", field="host")
    return trunk, await prober.probe(trunk)
