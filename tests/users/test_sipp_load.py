"""sipp as the carrier: it rings a bought number two hundred times a second for five seconds.

What is asserted is that nothing is lost, not how fast it is: sipp counts no failed call, every call is on record as
answered and hung up by the caller, each is charged once, and the ledger balances without an open hold.
"""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.supervisor.database import DATABASE
from tests.platform.running import running
from tests.users.acting import STAY_ON_THE_LINE, place, until

RATE = 200
CALLS = 1_000
ONE_MINUTE_MICROS = 10_000

pytestmark = pytest.mark.peer("sipp")


async def sipp(*arguments: str) -> tuple[int | None, str]:
    """Exit status (0: every call went as it should) and what it printed."""
    process = await asyncio.create_subprocess_exec(
        "sipp", *arguments, "-i", "127.0.0.1", "-nostdin", stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(90):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode(errors="replace")


async def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_carrier_rings_two_hundred_times_a_second_and_every_call_is_kept_and_charged(tmp_path: Path) -> None:
    """LED-4, LED-5 under load."""
    data = tmp_path / "data"
    async with running(data) as platform, place(platform) as at:
        number = await at.buy_with_flow(STAY_ON_THE_LINE)
        server = platform.ready["sip"].removeprefix("sip:")

        status, output = await sipp(
            *("-sn", "uac", server, "-s", number, "-r", str(RATE), "-m", str(CALLS), "-l", str(CALLS), "-d", "20")
        )

        dsn = EmbeddedPostgres(data / "pg").dsn(DATABASE)

        async def all_is_written() -> bool:
            """A run is closed after its call, so it is the last that is written."""
            return (await rows(dsn, "select count(*) from runs where status = 'ended'")) == [(CALLS,)]

        await until(all_is_written)
        _, check = await platform.operator("GET", "/ledger/check")
        ends = await rows(
            dsn,
            "select status, hangup_by, hangup_reason, progressing_at between created_at and ended_at, count(*)"
            " from calls group by 1, 2, 3, 4",
        )
        charges = await rows(
            dsn,
            "select calls.id is not null, amount_micros, units, count(*), count(distinct reference_id)"
            " from ledger_entries left join calls on calls.id = reference_id"
            " where reference_type = 'call' group by 1, 2, 3",
        )
        told = await rows(
            dsn,
            "select type, count(*) from events where type in ('call_created', 'call_progressing', 'call_hangup')"
            " group by 1 order by 1",
        )

    assert status == 0, output[-2000:]
    assert ends == [("hangup", "remote", "normal", True, CALLS)]
    assert charges == [(True, -ONE_MINUTE_MICROS, 1, CALLS, CALLS)]
    assert told == [("call_created", CALLS), ("call_hangup", CALLS), ("call_progressing", CALLS)]
    assert (check["balanced"], check["holds_open"]) == (True, 0)
