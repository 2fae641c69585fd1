"""Shared parts of the tests: one Postgres cluster for all workers, and an empty database for each test that asks.

The first worker that arrives makes the cluster and a template database with the schema; every worker has a copy of it,
which is emptied after each test (tests/databases.py).
"""

import asyncio
import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from dialplane import compiled
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.ledger import PostgresLedgerStore
from tests import known_types
from tests.cluster import FAST_AND_LOOSE
from tests.databases import Database, make
from tests.effort import PATIENCE_S
from tests.sealing import SEAL

pytest_plugins = ["tests.peers"]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> "ByPlatform":
    return ByPlatform(config, log)


_SHARING = ("tests/users/", "tests/nodes/", "tests/platform/test_operating.py")
"""Modules whose tests follow each other on one platform, or on one site of several machines."""
_ON_ONE_PLATFORM = frozenset(f"tests/users/test_{name}.py" for name in ("balance", "dead_receiver", "stranger"))
"""Modules whose tests take `common`."""


class ByPlatform(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Each test by itself, but those of a module that share a running platform on one worker, and these first: on two
    workers there would be two platforms, and at the end the others would wait for them.

    Every second worker takes its tests from the end of the list, where calls are tried, which mostly wait: that half of
    the workers leaves the processors to the platforms and browsers of the other half.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        if int(node.gateway.id.removeprefix("gw")) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        module, _, _ = nodeid.partition("::")
        if module in _ON_ONE_PLATFORM:
            return "tests/users on one platform"
        return module if module.startswith(_SHARING) else nodeid


_LONG = (
    "tests/nodes/",
    "tests/users/",
    "tests/platform/",
    "tests/examples/",
    "tests/services/test_imports.py",
    "tests/portal/test_browser",
    "tests/faces/test_openapi.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs a whole platform or a browser comes first: at the end a single long test would keep one worker, and all
    others would wait for it."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process owns the cluster; workers find it through the environment."""
    known_types.remember()
    if os.environ.get("DIALPLANE_REQUIRE_COMPILED") == "1" and not compiled.compiled_modules():
        pytest.exit(f"the core is to be tested compiled, and is {compiled.state()}", returncode=4)
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


_AT_HAND: list[Database] = []
"""This worker's database, while no test uses it."""


@pytest.fixture
async def dsn(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a database with the schema and nothing in it. What a test leaves there is balanced (LED-1)."""
    mine = _AT_HAND.pop() if _AT_HAND else await make(cluster)
    yield mine.dsn
    connection = await asyncpg.connect(mine.dsn)
    balanced = (await PostgresLedgerStore(connection).totals()).balanced
    is_empty = await mine.empty(connection)
    await connection.close()
    if is_empty:
        _AT_HAND.append(mine)
    else:
        await mine.drop()
    assert balanced


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[PostgresDatabase]:
    """The platform's store on a fresh database."""
    opened = await connect(dsn, SEAL, max_size=20)
    yield opened
    try:
        async with asyncio.timeout(PATIENCE_S):
            await opened.close()
    except TimeoutError:  # the test was cut off by its own time limit, in the middle of a use
        opened.pool.terminate()
        raise
