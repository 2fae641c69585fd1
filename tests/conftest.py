"""Shared parts of the tests: one Postgres cluster for all workers, and a fresh database for each test that asks.

The first worker that arrives makes the cluster and a template database with the schema; every test's database is a
copy of the template (`create database … template …`), which takes some 30 ms and shares nothing with other tests.
"""

import fcntl
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from tests.cluster import FAST_AND_LOOSE, TEMPLATE

pytest_plugins = ["tests.peers"]


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
            _make_cluster(folder / "pg")
            (folder / "ready").touch()
    return server


def _make_cluster(folder: Path) -> None:
    """In a process of its own, which ends: the cluster belongs to no event loop and no worker."""
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, "-m", "tests.cluster", str(folder)], check=True, cwd=root)


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
