"""Two servers doing the same work one after the other: what each unit of it costs them, and the ratio."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass

from janus_peer import Janus
from media_peers import Ours, Party, Rtpengine, cpu_seconds


@dataclass(frozen=True, slots=True)
class Cost:
    us: float
    """CPU of a unit: what one port is sent, and sends, in 20 ms."""
    packets_per_s: float
    cpu_share: float
    lost: float


async def measure(
    server: Ours | Rtpengine | Janus, ports_for: Callable[[int], Awaitable[list[int]]], seconds: float
) -> Cost:
    """`ports_for` sets the work up, for a party that is heard at the given port; the ports that it sends to."""
    party = Party()
    try:
        async with server:
            ports = await ports_for(party.port)
            party.send_to(ports)
            await asyncio.sleep(4.0)  # our source lock settles in 3 s, and peers have filled their buffers by then
            cpu, heard, begin = cpu_seconds(server.pid), party.heard(), time.monotonic()
            await asyncio.sleep(seconds)
            cpu, heard, took = cpu_seconds(server.pid) - cpu, party.heard() - heard, time.monotonic() - begin
            print(f"{server.name}: {await server.lateness()}")
    finally:
        party.close()
    due = len(ports) * took * 50
    return Cost(cpu / due * 1e6, heard / took, cpu / took, max(0.0, 1 - heard / due))


def tell(what: str, costs: Mapping[str, Cost], *, minimum: float, aim: float) -> None:
    """Ours and, where it was there, the peer's; the last line as JSON."""
    print(f"\n{what}")
    print(f"{'':12}{'us':>11}{'packets/s':>11}{'of a core':>11}{'missing':>9}")
    for name, cost in costs.items():
        print(f"{name:12}{cost.us:11.2f}{cost.packets_per_s:11.0f}{cost.cpu_share:11.1%}{cost.lost:9.2%}")
    ratio = None
    for name, cost in costs.items():
        if name != Ours.name:
            ratio = costs[Ours.name].us / cost.us
            print(f"ratio {ratio:.3f}; at least {minimum:.2f}, aim {aim:.2f}")
    figures = {name: asdict(cost) for name, cost in costs.items()}
    print(json.dumps({"bench": what, "ratio": ratio, "minimum": minimum, "aim": aim, "figures": figures}))
