"""Exact route among a million numbers: our look-up, as admission makes it for a batch, against one lone Postgres query.

The peer is asyncpg with one prepared statement that reads four columns by the number. Ours reads the whole number with
its targets, through the store, for all calls of a batch at once: at 200 calls a second a batch holds some eight calls.

    .venv/bin/python bench/route.py [--numbers 1000000] [--seconds 3]
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import uvloop

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.ids import new_id, utc_now
from media_peers import cpu_seconds

SEAL = Seal(bytes(32))
BATCHES = (1, 8, 50)
FIRST = 12_000_000_000
_LONE = """
select id, account_id, status, voice_target from numbers
where number = $1 and status <> 'released' and kind in ('local', 'toll_free', 'mobile', 'virtual')
"""
_LOAD = """
insert into numbers (
    id, account_id, organization_id, number, kind, status, voice_target, country, capabilities, created_at
)
select gen_random_uuid(), $1, $1, '+' || n, 'local', 'active',
       json_build_object('type', 'flow', 'flow_id', gen_random_uuid()), 'US', '{voice,sms}', now()
from generate_series($2::bigint, $3::bigint) as n
"""
_LOAD_AT_ONCE = 250_000


async def load(database: PostgresDatabase, count: int) -> None:
    account_id, now = new_id(utc_now()), utc_now()
    await database.pool.execute("insert into organizations values ($1, 'bench', $2)", account_id, now)
    await database.pool.execute(
        "insert into accounts (id, organization_id, status, identity_status, plan, auth_token, project_token,"
        " created_at) values ($1, $1, 'active', 'verified', 'free', '', '', $2)",
        account_id,
        now,
    )
    async with database.pool.acquire() as connection:
        await connection.execute("set statement_timeout = 0; set synchronous_commit = off")
        for first in range(FIRST, FIRST + count, _LOAD_AT_ONCE):
            await connection.execute(_LOAD, account_id, first, min(first + _LOAD_AT_ONCE, FIRST + count) - 1)
        await connection.execute("vacuum analyze numbers")


async def measure(
    name: str, find: Callable[[list[str]], Awaitable[int]], batch: int, count: int, seconds: float, server: list[int]
) -> dict[str, float]:
    """CPU a route on both sides, and routes a second. `find` gives how many it found: all of them must be there."""
    dice = random.Random(1)
    client, postgres, begun = cpu_seconds(os.getpid()), sum(map(cpu_seconds, server)), time.monotonic()
    routes = 0
    while time.monotonic() - begun < seconds:
        wanted = [f"+{FIRST + dice.randrange(count)}" for _ in range(batch)]
        found = await find(wanted)
        if found != len(set(wanted)):
            raise RuntimeError(f"{found} of {batch} numbers found")
        routes += batch
    took = time.monotonic() - begun
    figures = {
        "client_us": (cpu_seconds(os.getpid()) - client) / routes * 1e6,
        "postgres_us": (sum(map(cpu_seconds, server)) - postgres) / routes * 1e6,
        "queries_per_route": 1 / batch,
        "routes_per_s": routes / took,
    }
    print(
        f"{name:32}{figures['queries_per_route']:9.2f}{figures['client_us']:11.1f}{figures['postgres_us']:13.1f}"
        f"{figures['routes_per_s']:11.0f}",
        flush=True,
    )
    return figures


async def compare(server: EmbeddedPostgres, count: int, seconds: float) -> dict[str, dict[str, float]]:
    await migrate(server.dsn())
    database = await connect(server.dsn(), SEAL, max_size=4, plans_once=True)  # as the voice process does
    begun = time.monotonic()
    await load(database, count)
    print(f"{count} numbers loaded in {time.monotonic() - begun:.0f} s")
    print(f"{'':32}{'queries':>9}{'client us':>11}{'Postgres us':>13}{'routes/s':>11}")
    lone = await asyncpg.connect(server.dsn())
    statement = await lone.prepare(_LONE)

    async def by_peer(wanted: list[str]) -> int:
        return int(await statement.fetchrow(wanted[0]) is not None)

    async def by_us(wanted: list[str]) -> int:
        async with database.reading() as tx:
            return len(await tx.numbers.find_live(wanted))

    peer_pid = [lone.get_server_pid()]
    figures = {"lone query": await measure("lone query", by_peer, 1, count, seconds, peer_pid)}
    our_pid = [await database.pool.fetchval("select pg_backend_pid()")]
    for batch in BATCHES:
        name = f"ours, batches of {batch}"
        figures[name] = await measure(name, by_us, batch, count, seconds, our_pid)
    await lone.close()
    await database.close()
    return figures


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--numbers", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "pg")
        await server.start()
        try:
            figures = await compare(server, options.numbers, options.seconds)
        finally:
            await server.stop()
    ours, peer = figures["ours, batches of 8"], figures["lone query"]
    ratio = (ours["client_us"] + ours["postgres_us"]) / (peer["client_us"] + peer["postgres_us"])
    print(f"CPU a route in batches of 8, both sides: {ratio:.2f} of a lone query's; at least 1 query a call, aim 0")
    print(json.dumps({"bench": "exact route", "ratio": ratio, "minimum": 1, "aim": 0, "figures": figures}))


if __name__ == "__main__":
    uvloop.run(main())
