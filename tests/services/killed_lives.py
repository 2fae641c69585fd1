"""Processes that live through everything that costs money, and are killed amid it: `python -m … DSN ACCOUNT DEATHS`.

Each is a fork, which kills itself where it waits for the n-th time, n drawn from its own number: most die while the
server carries out what they asked for. Prints how many were begun, once so many have died.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Generator
from dataclasses import dataclass, replace
from random import Random
from uuid import UUID

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.domain.addresses import tel
from dialplane.domain.calling.calls import CallStatus
from dialplane.domain.calling.routing import Origin
from dialplane.domain.ids import AccountId, CallId, new_id
from dialplane.domain.supply.inventory import OWNED, SANDBOX
from dialplane.services.calling.admission import Admitted, admit
from dialplane.services.calling.arrivals import Arrival
from dialplane.services.calling.call_records import CallChanged, CallEnded, write_changes
from dialplane.services.messaging.message_sending import Accepted, claim_targets, record_answer
from dialplane.services.messaging.message_store import QueuedTarget
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.outbound_messages import send_message
from dialplane.services.numbering.number_life import release_number
from tests.sealing import SEAL
from tests.services.buying import NOW, bought, stock

OWN, PEER = "+12025550100", "+12025550199"
AT_ONCE = 4
LONGEST_LIFE = 100
"""Waits of a life that nobody ends, about."""


@dataclass
class Killed:
    """Await it to run `life`; the process is killed where that waits for the `last`-th time."""

    life: Coroutine[None, None, None]
    last: int

    def __await__(self) -> Generator[object, None, None]:
        life = self.life.__await__()
        for _ in range(self.last):
            try:
                waits_for = next(life)
            except StopIteration:
                return
            yield waits_for
        os.kill(os.getpid(), signal.SIGKILL)


async def live(database: PostgresDatabase, account_id: AccountId, n: int) -> None:
    """Each of the three once; another one first in each life, because few live to see the last one."""
    acts = (
        lambda: have_a_number(database, account_id, n),
        lambda: take_a_call(database, f"node-{n}"),
        lambda: send_a_text(database, account_id, n),
    )
    for turn in range(len(acts)):
        await acts[(n + turn) % len(acts)]()


async def have_a_number(database: PostgresDatabase, account_id: AccountId, n: int) -> None:
    """Bought, and given up again."""
    number = f"+1415{n:07}"
    await stock(database, number, carrier=SANDBOX if n % 2 else OWNED)
    held = await bought(database, account_id, number)
    await release_number(database, account_id, held.id, NOW)


async def take_a_call(database: PostgresDatabase, node: str) -> None:
    arrival = Arrival(CallId(new_id(NOW)), Origin.PSTN, PEER, "", OWN, "127.0.0.1", "127.0.0.1", "x@y", node)
    (admitted,) = await admit(database, [arrival], NOW)
    assert isinstance(admitted, Admitted)
    answered = replace(admitted.call, status=CallStatus.PROGRESSING, progressing_at=NOW)
    await write_changes(database, [CallChanged(answered, "call_progressing")], NOW)
    ended = replace(answered, status=CallStatus.HANGUP, ended_at=NOW)
    await write_changes(database, [CallEnded(ended, admitted.billing)], NOW)


async def send_a_text(database: PostgresDatabase, account_id: AccountId, n: int) -> None:
    await send_message(database, account_id, MessageRequest(tel(OWN), (tel(PEER),), f"text {n}"), NOW)
    for queued in await claim_targets(database, n + 1, limit=1, sweep=False, now=NOW):
        await record_answer(database, queued, carried(queued), NOW)


def carried(queued: QueuedTarget) -> Accepted:
    """What the carrier says of it, however often it is asked."""
    return Accepted(f"carrier-{queued.message_id}-{queued.position}")


async def _until_killed(dsn: str, account_id: AccountId, n: int) -> None:
    database = await connect(dsn, SEAL, max_size=2)
    await Killed(live(database, account_id, n), Random(n).randrange(1, LONGEST_LIFE))
    await database.close()


def _begin(dsn: str, account_id: AccountId, n: int) -> int:
    pid = os.fork()
    if pid == 0:
        asyncio.run(_until_killed(dsn, account_id, n))
        os._exit(0)
    return pid


def main(dsn: str, account_id: AccountId, deaths: int) -> int:
    begun = died = 0
    while died < deaths:
        running = [_begin(dsn, account_id, begun + n) for n in range(AT_ONCE)]
        begun += AT_ONCE
        for pid in running:
            _, status = os.waitpid(pid, 0)
            assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
            died += os.WIFSIGNALED(status)
    return begun


if __name__ == "__main__":
    print(main(sys.argv[1], AccountId(UUID(sys.argv[2])), int(sys.argv[3])))
