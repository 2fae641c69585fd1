"""Purchases a second, with all checks, ledger and outbox, against pgbench TPC-B on the same Postgres in the same run.

The embedded Postgres runs with fsync on, as `dialplane up` runs it. Both sides have the same number of clients.

    .venv/bin/python bench/purchases.py [--seconds 5] [--clients 8] [--check 0.25]
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import asyncpg
import uvloop

from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.carriers.sandbox import SandboxCarrier
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres, binaries
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.ids import AccountId, new_id, utc_now
from dialplane.domain.money import Micros
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.domain.supply.inventory import OWNED, SANDBOX, NewItem
from dialplane.services.charging.billing import check_ledger
from dialplane.services.charging.ledger import credit
from dialplane.services.numbering.purchase import buy_number
from dialplane.services.supply.inventory import import_items

SEAL = Seal(bytes(32))
ACCOUNTS = 1000
"""Fewer would fit on a page or two, which Postgres then reads from end to end for every lock."""
SCALE = 10
"""pgbench's: ten branches for eight clients, so that its own row locks do not hold it back."""


def tpcb(server: EmbeddedPostgres, seconds: int, clients: int) -> float:
    """Transactions a second of pgbench's TPC-B with prepared statements."""
    said = pgbench(server, "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds))
    found = re.search(r"tps = ([0-9.]+)", said)
    assert found is not None, said
    return float(found[1])


def pgbench(server: EmbeddedPostgres, *arguments: str) -> str:
    """What pgbench said about the database `tpcb`."""
    command = [str(binaries() / "pgbench"), *arguments, server.dsn("tpcb")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def make_accounts(database: PostgresDatabase) -> list[AccountId]:
    now = utc_now()
    accounts = []
    for _ in range(ACCOUNTS):
        account_id = AccountId(new_id(now))
        async with database.transaction() as tx:
            await tx.connection.execute("insert into organizations values ($1, 'bench', $2)", account_id, now)
            await tx.connection.execute(
                "insert into accounts (id, organization_id, status, identity_status, plan, auth_token, project_token,"
                " created_at) values ($1, $1, 'active', 'verified', 'free', '', '', $2)",
                account_id,
                now,
            )
            await credit(tx, account_id, Micros(10**12), "bench", key=f"bench:{account_id}", now=now)
        accounts.append(account_id)
    return accounts


async def make_stock(database: PostgresDatabase, carrier: str, start: int, count: int) -> list[str]:
    numbers = [f"+1{start + n}" for n in range(count)]
    for first in range(0, count, 5000):
        items = [
            NewItem(number, NumberKind.LOCAL, "US", setup_micros=Micros(500_000), monthly_micros=Micros(1_000_000))
            for number in numbers[first : first + 5000]
        ]
        await import_items(database, items, utc_now(), carrier=carrier)
    return numbers


async def purchases(
    database: PostgresDatabase,
    accounts: list[AccountId],
    supply: Iterator[tuple[int, str]],
    seconds: float,
    clients: int,
) -> float:
    """Purchases a second by `clients` buyers at once, each its own account of the moment."""
    registry = CarrierRegistry({OWNED: OwnedCarrier(), SANDBOX: SandboxCarrier(database, late=timedelta(0))})
    begun = perf_counter()
    sold = 0

    async def client() -> None:
        nonlocal sold
        for n, number in supply:
            if perf_counter() - begun > seconds:
                return
            await buy_number(database, registry, accounts[n % ACCOUNTS], NumberOrder(number), utc_now())
            sold += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return sold / (perf_counter() - begun)


async def run(seconds: int, clients: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "pg")
        await server.start()
        try:
            return await measure(server, seconds, clients)
        finally:
            await server.stop()


async def measure(server: EmbeddedPostgres, seconds: int, clients: int) -> dict[str, float]:
    admin = await asyncpg.connect(server.dsn())
    await admin.execute("create database tpcb")
    await admin.execute("create database dialplane")
    await admin.close()
    await asyncio.to_thread(pgbench, server, "-i", "-q", "-s", str(SCALE))
    await migrate(server.dsn("dialplane"))
    database = await connect(server.dsn("dialplane"), SEAL, min_size=clients, max_size=clients)
    accounts = await make_accounts(database)
    owned = await make_stock(database, OWNED, 2_000_000_000, 3_000 * (seconds + 1))
    outside = await make_stock(database, SANDBOX, 3_000_000_000, 2_000 * seconds)
    await database.pool.execute("vacuum analyze")
    own, by_carrier = iter(enumerate(owned)), iter(enumerate(outside))
    await purchases(database, accounts, own, 1, clients)  # plans and caches
    rounds = []
    for _ in range(seconds):  # turn by turn, so that a busy machine is busy for all
        peer = await asyncio.to_thread(tpcb, server, 1, clients)
        rounds.append(
            (
                peer,
                await purchases(database, accounts, own, 1, clients),
                await purchases(database, accounts, by_carrier, 1, clients),
            )
        )
    assert (await check_ledger(database)).balanced
    await database.close()
    return {
        "tpcb_per_second": round(median(peer for peer, _, _ in rounds)),
        "purchases_per_second": round(median(mine for _, mine, _ in rounds)),
        "ratio": round(median(mine / peer for peer, mine, _ in rounds), 3),
        "carrier_purchases_per_second": round(median(saga for _, _, saga in rounds)),
        "carrier_ratio": round(median(saga / peer for peer, _, saga in rounds), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--check", type=float, default=0.25, help="fail below this ratio")
    asked = parser.parse_args()
    result = uvloop.run(run(asked.seconds, asked.clients))
    print(json.dumps(result))
    sys.exit(0 if result["ratio"] >= asked.check else 1)


if __name__ == "__main__":
    main()
