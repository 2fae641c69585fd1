"""The roles run alone too, on a Postgres of the operator's own; and how long a dead one is waited for."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import pytest

from dialplane.supervisor.child import HEALTHY_AFTER_S, LONGEST_PAUSE_S, Pauses


async def _dialplane(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dialplane", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )


async def test_schema_and_api_come_up_alone_on_a_database_of_yours(dsn: str, tmp_path: Path) -> None:
    migrated = await _dialplane("migrate", DATABASE_URL=dsn)
    _, said = await migrated.communicate()
    assert (migrated.returncode, json.loads(said)["applied"]) == (0, [])

    api = await _dialplane("api", "--http", "127.0.0.1:0", "--data", str(tmp_path), DATABASE_URL=dsn)
    assert api.stdout is not None
    ready = json.loads(await api.stdout.readline())
    async with aiohttp.ClientSession() as session, session.get(ready["http"] + "/readyz") as response:
        status = response.status
    api.send_signal(signal.SIGTERM)
    await api.communicate()

    assert (ready["event"], ready["role"]) == ("ready", "api")
    assert status == 200
    assert api.returncode == 0


async def test_role_without_a_database_says_what_it_needs() -> None:
    worker = await _dialplane("worker", DATABASE_URL="")
    _, said = await worker.communicate()

    assert worker.returncode == 2
    assert said.decode().startswith("dialplane: DATABASE_URL is not set")


@pytest.mark.parametrize("role", ["api", "voice", "worker", "smpp", "migrate"])
async def test_role_names_the_setting_when_the_database_cannot_be_reached(role: str, tmp_path: Path) -> None:
    process = await _dialplane(role, DATABASE_URL=f"postgresql://nobody@/none?host={tmp_path}")
    _, said = await process.communicate()

    assert process.returncode == 2
    assert said.decode().startswith("dialplane: The Postgres of DATABASE_URL cannot be used: ")


async def test_role_on_an_empty_database_says_that_it_is_to_be_migrated(dsn: str, tmp_path: Path) -> None:
    worker = await _dialplane("worker", DATABASE_URL=_beside(dsn, "postgres"), DIALPLANE_DATA=str(tmp_path))
    _, said = await worker.communicate()

    assert worker.returncode == 2
    assert said.decode() == (
        "dialplane: The database of DATABASE_URL has no tables yet: run `dialplane migrate` first\n"
    )


def _beside(dsn: str, name: str) -> str:
    """The address of another database of the same server."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{name}"))


def test_pauses_grow_while_a_process_keeps_dying_and_start_over_when_it_lived() -> None:
    pauses = Pauses()

    grown = [pauses.after(0.1) for _ in range(8)]
    fresh = pauses.after(HEALTHY_AFTER_S)

    assert grown == sorted(grown)
    assert (grown[0], grown[-1], fresh) == (0.2, LONGEST_PAUSE_S, 0.2)
