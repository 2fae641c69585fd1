"""Three voice nodes behind Kamailio, two API processes, two workers, one Postgres; what is killed, cut and replaced."""

import pytest

from dialplane.domain.calling.calls import CallStatus
from dialplane.services.charging.billing import check_ledger
from tests.nodes.site import Site
from tests.users.acting import until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.peer("kamailio"),
    pytest.mark.peer("sipp"),
    pytest.mark.timeout(300),
]

NUMBER = "+12025550143"
LONG = ({"type": "answer"}, {"type": "sleep", "option": {"duration": 120_000}})


async def test_calls_of_carriers_are_spread_and_known_by_their_own_addresses(site: Site) -> None:
    await site.number(NUMBER, *LONG)

    one = await site.carrier(NUMBER, calls=20, rate=20, talk_ms=500)
    two = await site.carrier(NUMBER, calls=10, rate=10, talk_ms=500, carrier=2)
    stranger = await site.carrier(NUMBER, calls=1, rate=1, talk_ms=500, carrier=3)

    assert (await one)[0] == 0
    assert (await two)[0] == 0
    assert (await stranger)[0] == 1  # whatever it says of itself in the header of the edge
    calls = await until(lambda: site.ended(30))
    assert len({call.node for call in calls}) == 3
    assert all(call.status is CallStatus.HANGUP and call.progressing_at for call in calls)
    assert (await check_ledger(site.database)).balanced
