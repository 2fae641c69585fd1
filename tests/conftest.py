"""Shared parts of the tests: one Postgres cluster for all workers, and a fresh database for each test that asks.

The first worker that arrives makes the cluster and a template database with the schema; every test's database is a
copy of the template (`create database … template …`), which takes some 30 ms and shares nothing with other tests.
"""

import asyncio
import fcntl
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.migrate import migrate

TEMPLATE = "dialplane_template"

FAST_AND_LOOSE = {"fsync": "off", "full_page_writes": "off", "max_connections": "300"}
"""The tests' cluster need not survive a power cut; the tests about crashes start clusters of their own."""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process owns the cluster; workers find it through the environment."""
    if not hasattr(config, "workerinput") and "DIALPLANE_TEST_CLUSTER" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="dialplane-tests-")
        os.environ["DIALPLANE_TEST_CLUSTER"] = folder.name
        config.add_cleanup(folder.cleanup)
        config.add_cleanup(lambda: _stop_cluster(Path(folder.name)))


def _stop_cluster(folder: Path) -> None:
    """End the cluster, if any test started it."""
    pid_file = folder / "pg" / "data" / "postmaster.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text().split()[0])
        os.kill(pid, 2)
        with suppress(OSError):  # the entry goes away between two looks
            while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                os.sched_yield()


@pytest.fixture(scope="session")
def cluster() -> EmbeddedPostgres:
    """The tests' one Postgres cluster, with the template database on it."""
    folder = Path(os.environ["DIALPLANE_TEST_CLUSTER"])
    server = EmbeddedPostgres(folder / "pg", settings=FAST_AND_LOOSE)
    with _locked(folder / "lock"):
        if not (folder / "ready").exists():
            asyncio.run(_make_cluster(server))
            (folder / "ready").touch()
    return server


async def _make_cluster(server: EmbeddedPostgres) -> None:
    await server.start(outlive_parent=True)
    connection = await asyncpg.connect(server.dsn())
    await connection.execute(f"create database {TEMPLATE}")
    await connection.close()
    await migrate(server.dsn(TEMPLATE))


@pytest.fixture
async def dsn(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a fresh database with the schema and nothing in it."""
    name = f"test_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(cluster.dsn())
    await admin.execute(f"create database {name} template {TEMPLATE}")
    yield cluster.dsn(name)
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[PostgresDatabase]:
    """The platform's store on a fresh database."""
    opened = await connect(dsn, max_size=20)
    yield opened
    await opened.close()
