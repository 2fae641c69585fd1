"""`kill -9` at 200 random points of purchases, calls and texts (LED-7): everything once, nothing left set aside."""

import asyncio
import sys
from datetime import timedelta

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType
from dialplane.services.calling.call_records import close_orphans
from dialplane.services.messaging.message_sending import claim_targets, record_answer
from dialplane.services.numbering.reconcile import reconcile_orders
from tests.effort import PATIENCE_S
from tests.services.buying import NOW, PRICE, bought, buyer, carriers, credit_of, stock
from tests.services.killed_lives import OWN, carried
from tests.services.life import assert_life_is_whole

DEATHS = 200
CREDIT = 1_000_000_000
LATER = NOW + timedelta(minutes=5)
"""By then every reservation is settled or released."""


async def test_processes_killed_at_200_points_leave_everything_charged_once(
    database: PostgresDatabase, dsn: str
) -> None:
    """LED-7, NUM-3, LED-1."""
    account_id = await buyer(database, CREDIT)
    await stock(database, OWN)
    await bought(database, account_id, OWN)
    lives = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.services.killed_lives", dsn, str(account_id), str(DEATHS)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await lives.communicate()
    assert lives.returncode == 0

    await come_by(database, nodes=int(said))

    await assert_life_is_whole(database)
    paid = {
        row["cost_type"]: (row["count"], row["sum"])
        for row in await database.pool.fetch(
            "select cost_type, count(*), sum(amount_micros)::bigint as sum from ledger_entries where amount_micros < 0"
            " group by cost_type"
        )
    }
    sold = await database.pool.fetchval("select count(*) from numbers where item_id is not null")
    answered = await database.pool.fetchval("select count(*) from calls where progressing_at is not null")
    sent = await database.pool.fetchval("select count(*) from message_targets")
    texts = DEFAULT_RATES[CostType.SMS].micros
    calls = [kind for kind in paid if kind.startswith("call")]
    assert min(sold, answered, sent) > 20
    assert paid["number"] == (sold, -sold * PRICE)
    assert sum(paid[kind][0] for kind in calls) == answered
    assert paid["sms"] == (sent, -sent * texts)
    assert await credit_of(database, account_id) == (CREDIT + sum(total for _, total in paid.values()), 0)


async def come_by(database: PostgresDatabase, *, nodes: int) -> None:
    """What workers and voice nodes do when they are started again."""
    async with asyncio.timeout(PATIENCE_S):  # the server ends what the dead were at
        while await database.pool.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and state <> 'idle'"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        ):
            await asyncio.sleep(0)
    while await reconcile_orders(database, carriers(database), LATER):
        pass
    for n in range(nodes):
        await close_orphans(database, f"node-{n}", LATER)
    while queued := await claim_targets(database, 1, limit=100, sweep=True, now=LATER):
        for target in queued:
            await record_answer(database, target, carried(target), LATER)
