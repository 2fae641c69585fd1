"""The portal's pages with 100,000 charged numbers in the account: what each page takes, and the steps of a job.

The portal runs in this process on a real socket, on an embedded Postgres with the settings of `dialplane up`; a browser
without a picture signs in and asks for each page many times, one after the other. What is measured is the time from the
request to the end of the answer, and the CPU that portal, browser and Postgres used for it, which does not depend on
what else the machine does and is what is judged. `portal_account.py` says what is in the account; one job has all of
its numbers in it. The pages are the application's own routes (`tests/portal/every_page.py`), each asked for by who may;
beside them stand addresses with filters, and the dry run of a flow.

    .venv/bin/python -m bench.portal_numbers [--numbers 100000] [--times 15]
"""

import argparse
import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

import aiohttp
import uvloop
from bench.media_peers import cpu_seconds
from bench.portal_account import FIRST, fill
from tests.faces.conftest import CheapHasher, dependencies
from tests.fakes.numbers import add_credit
from tests.portal.conftest import COOKIE, NO_LIMITS, Surfer, portal_ports, sign_in
from tests.portal.every_page import PAGES, one_of_each

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.sealing import Seal
from dialplane.bootstrap.api import Server, server_config
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.money import usd
from dialplane.domain.numbering.history import SYSTEM
from dialplane.domain.numbering.number_jobs import JobChange, JobKind
from dialplane.domain.numbering.numbers import NumberFilter
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.app import create_app
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.portal.routing import Access
from dialplane.services.numbering.number_jobs import STEP, go_on, start_job
from dialplane.services.tenancy.provisioning import AccountDraft, Provisioned, create_account, create_organization

SEAL = Seal(bytes(32))
MOST_MS = 100.0
FILTERED = (
    "/numbers/usage?after=%2B12125600000",
    "{next}",
    "/numbers?q=55512",
    "/numbers?q=99999999",
    "/numbers?name=nobody",
    "/numbers?tag=sales",
    "/numbers?tag=nobody",
    "/numbers?status=suspended",
    "/numbers?expand={number}",
    "/numbers/patterns?dialled=7712345",
    "/numbers/selected?all=yes",
    "/numbers/jobs/{job}?outcome=problem",
    "/numbers/buy?country=US&type=did&digits=5512",
    "/calls?number=%2B12125560000",
)
"""Below the project's path."""

DESK_FILTERED = (
    "/stock?locality=San+Francisco",
    "/stock?locality=Nowhere",
    "/stock?state=held",
    "/stock?carrier=nobody",
    "/stock?starts_with=99",
    "/stock?account={account}",
)
"""Below the desk's."""


def cpu_ms(postgres: int) -> float:
    """Of this process and of those of Postgres that serve it."""
    used = cpu_seconds(os.getpid())
    for pid in Path(f"/proc/{postgres}/task/{postgres}/children").read_text().split():
        with suppress(OSError):  # one that cleans up, and has just ended
            if b"[local]" in Path(f"/proc/{pid}/cmdline").read_bytes():
                used += cpu_seconds(int(pid))
    return used * 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as `visitor`'s browser makes it."""

    name: str
    path: str
    visitor: Surfer
    form: Mapping[str, str] | None = None


async def measure(asked: Asked, times: int, postgres: int) -> tuple[float, float]:
    """Milliseconds, and those of CPU, each the median of `times`."""
    visitor, method = asked.visitor, "GET" if asked.form is None else "POST"
    headers = {"Cookie": f"{COOKIE}={visitor.cookie}"} if visitor.cookie else {}
    taken = []
    for _ in range(times + 2):
        began, used = perf_counter(), cpu_ms(postgres)
        async with visitor.session.request(
            method, visitor.base + asked.path, data=asked.form, headers=headers, allow_redirects=False
        ) as answer:
            await answer.read()
            assert answer.status == 200, f"{asked.path}: {answer.status}"
        taken.append(((perf_counter() - began) * 1000, cpu_ms(postgres) - used))
    return median(wall for wall, _ in taken[2:]), median(cpu for _, cpu in taken[2:])


async def requests(ports: Dependencies, owner: Surfer, at: str, job: str) -> list[Asked]:
    """Every page, the addresses with filters, and a dry run."""
    every = await one_of_each(ports, owner, at, *FIRST)
    things = {**every.things, "job": job}
    listed = await owner.get(f"{at}/numbers")
    further = next(link for link in listed.links() if "/numbers?after=" in link)
    things["next"] = further.removeprefix(at)
    desk = every.visitors[Access.OPERATOR]
    editor = f"{at}/flows/{things['flow']}"
    written = (await owner.get(editor)).form("/draft")
    form = {name: text for name, text in written.items() if not name.startswith("_")}
    return [
        *(Asked(each.path, each.address(things), every.visitors[each.access]) for each in PAGES),
        *(Asked(path, at + path.format(**things), owner) for path in FILTERED),
        *(Asked(f"desk {path}", f"/portal/operator{path.format(**things)}", desk) for path in DESK_FILTERED),
        Asked("a flow's dry run", f"{editor}/dry-run", owner, form),
    ]


async def job_of_all(database: PostgresDatabase, account_id: AccountId, postgres: int) -> tuple[str, float, float]:
    """Its id, and what it took to begin it and to take a step, in ms of CPU."""
    change, now = JobChange(add_tags=("pool",)), utc_now()
    used = cpu_ms(postgres)
    job = await start_job(database, account_id, JobKind.TAG, change, NumberFilter(), now, by=SYSTEM)
    begun = cpu_ms(postgres)
    await go_on(database, account_id, job.id, now)
    gathered = cpu_ms(postgres)
    for _ in range(5):
        await go_on(database, account_id, job.id, now)
    return str(job.id), begun - used, (cpu_ms(postgres) - gathered) / 5


async def run(folder: Path, count: int, times: int) -> None:
    postgres = EmbeddedPostgres(folder / "pg")
    await postgres.start()
    try:
        dsn = postgres.dsn()
        await migrate(dsn)
        database = await connect(dsn, SEAL, min_size=4, max_size=8)
        organization = await create_organization(database, "bench", (), now=utc_now())
        draft = AccountDraft("bench", "bench@example.org", organization.id, Plan.UNLIMITED, verified=True)
        made = await create_account(database, CheapHasher(), draft, now=utc_now())
        await add_credit(database, made.account.id, usd(100), utc_now())
        await fill(dsn, made, count)
        assert postgres.process is not None
        pid = postgres.process.pid
        job, begin_ms, step_ms = await job_of_all(database, made.account.id, pid)
        figures = await ask(database, folder, made, job, times, pid)
        await database.close()
    finally:
        await postgres.stop()
    print(f"{'':60}{'ms':>8}{'CPU ms':>9}")
    for name, (wall, cpu) in figures.items():
        print(f"{name.removeprefix('/portal'):60}{wall:8.1f}{cpu:9.1f}{'' if cpu <= MOST_MS else '  over the limit'}")
    print(f"a job with all numbers, ms of CPU: begun in {begin_ms:.0f}, a step of {STEP} in {step_ms:.0f}")
    slowest = max(cpu for _, cpu in figures.values())
    answer = {"ratio": MOST_MS / slowest, "minimum": 1.0, "aim": 2.0, "slowest_cpu_ms": slowest, "step_cpu_ms": step_ms}
    print(json.dumps({"bench": "portal, every page", **answer, "figures": figures}))


async def ask(
    database: PostgresDatabase, folder: Path, made: Provisioned, job: str, times: int, postgres: int
) -> dict[str, tuple[float, float]]:
    ports = replace(dependencies(database, folder, rate_limits=NO_LIMITS), portal=portal_ports(), access_log=False)
    server = Server(server_config(create_app(ports)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        async with aiohttp.ClientSession() as session:
            owner = Surfer(f"http://127.0.0.1:{listener.getsockname()[1]}", session)
            await sign_in(owner, made.credentials.portal_email, made.credentials.portal_password)
            asked = await requests(ports, owner, f"/portal/projects/{made.account.id}", job)
            found = {each.name: await measure(each, times, postgres) for each in asked}
        server.should_exit = True
        await serving
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--numbers", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dialplane-bench-") as folder:
        uvloop.run(run(Path(folder), options.numbers, options.times))


if __name__ == "__main__":
    main()
