"""The portal's pages with 100,000 charged numbers in the account: what each page takes, and the steps of a job.

The portal runs in this process on a real socket, on an embedded Postgres with the settings of `dialplane up`; a browser
without a picture signs in and asks for each page many times, one after the other. What is measured is the time from the
request to the end of the answer, and the CPU that portal, browser and Postgres used for it, which does not depend on
what else the machine does and is what is judged. `portal_account.py` says what is in the account; one job has all of
its numbers in it. The operator's desk is asked by an operator.

    .venv/bin/python bench/portal_numbers.py [--numbers 100000] [--times 15]
"""

import argparse
import asyncio
import json
import os
import re
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter

import aiohttp
import uvloop

from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.hints import EVENT_CHANNEL, PostgresHints
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.passkeys import PortalWebAuthn
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.sealing import Seal
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.adapters.sip.probe import SipProber
from dialplane.bootstrap.api import Server, server_config
from dialplane.domain.errors import Unavailable
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.numbering.history import SYSTEM
from dialplane.domain.numbering.number_jobs import JobChange, JobKind
from dialplane.domain.numbering.numbers import NumberFilter
from dialplane.domain.programs.commands import Failed, Fetched
from dialplane.domain.supply.inventory import OWNED
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.app import create_app
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.portal_ports import PortalPorts
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.eventing.event_feed import EventFeed
from dialplane.services.identity.operators import make_operator
from dialplane.services.messaging.media import MediaLinks
from dialplane.services.numbering.number_jobs import STEP, go_on, start_job
from dialplane.services.programs.api_runs import RunWish
from dialplane.services.recording.recording_links import RecordingLinks
from dialplane.services.tenancy.provisioning import AccountDraft, Provisioned, create_account, create_organization
from dialplane.voice.streaming.gate_client import NodeGates
from media_peers import cpu_seconds
from portal_account import fill

SEAL = Seal(bytes(32))
MOST_MS = 100.0
OPEN = RateLimits(*[Rate(1e6, 10**6)] * 5)
PAGES = {
    "dashboard": "",
    "overview": "/numbers/overview",
    "usage history": "/numbers/usage",
    "usage, further on": "/numbers/usage?after=%2B12125600000",
    "purchased numbers": "/numbers",
    "a page further on": "{next}",
    "by digits, found": "/numbers?q=55512",
    "by digits, none": "/numbers?q=99999999",
    "by name, none": "/numbers?name=nobody",
    "by tag": "/numbers?tag=sales",
    "by tag, none": "/numbers?tag=nobody",
    "suspended, none": "/numbers?status=suspended",
    "one number": "/numbers/{number}",
    "one number's history": "/numbers/{number}/history",
    "expanded in the list": "/numbers?expand={number}",
    "released numbers": "/numbers/released",
    "ordered numbers": "/numbers/ordered",
    "documents": "/numbers/documents",
    "patterns": "/numbers/patterns",
    "a pattern tried": "/numbers/patterns?dialled=7712345",
    "porting": "/numbers/ports",
    "leaving": "/numbers/port-outs",
    "all selected": "/numbers/selected?all=yes",
    "work": "/numbers/jobs",
    "one job of all": "/numbers/jobs/{job}",
    "its problems": "/numbers/jobs/{job}?outcome=problem",
    "import": "/numbers/import",
    "settings": "/numbers/settings",
    "sms settings": "/sms/settings",
    "app users": "/app-users",
    "buy": "/numbers/buy",
    "bought from": "/numbers/buy?country=US&type=did&digits=5512",
    "documents, a new one": "/numbers/documents/new",
    "port, a new one": "/numbers/ports/new",
    "call log": "/calls",
    "calls of one number": "/calls?number=%2B12125560000",
    "live calls": "/calls/live",
    "one call": "/calls/{call}",
    "recordings": "/recordings",
    "queues, conferences": "/rooms",
    "flows": "/flows",
    "flow, a new one": "/flows/new",
    "phone": "/phone",
    "conversations": "/conversations",
    "one conversation": "/conversations/{conversation}",
    "messages": "/messages",
    "one message": "/messages/{message}",
    "webhooks": "/webhooks",
    "one webhook": "/webhooks/{webhook}",
    "deliveries": "/deliveries",
    "one delivery": "/deliveries/{delivery}",
    "keys": "/keys",
    "users": "/people",
    "credits": "/credits",
    "pricing": "/pricing",
}
"""Below the project's path."""

DESK_PAGES = {
    "desk: system": "",
    "desk: unusual": "/unusual",
    "desk: accounts": "/accounts",
    "desk: one account": "/accounts/{account}",
    "desk: outgoing traffic": "/accounts/{account}/outbound",
    "desk: a new account": "/accounts/new",
    "desk: organizations": "/organizations",
    "desk: operators": "/operators",
    "desk: stock": "/stock",
    "desk: stock by place": "/stock?locality=San+Francisco",
    "desk: imports": "/stock/imports",
    "desk: documents": "/documents",
    "desk: orders": "/orders",
    "desk: porting": "/ports",
    "desk: carriers": "/carriers",
    "desk: rate decks": "/rates",
    "desk: one deck": "/rates/default",
    "desk: plans": "/plans",
    "desk: audit log": "/audit",
}
"""Below the desk's."""

OUTSIDE_PAGES = {
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    "forgotten password": "/forgot-password",
    "terms": "/terms",
    "projects": "/projects",
    "project, a new one": "/projects/new",
    "profile": "/profile",
    "security": "/profile/security",
}
"""Below the portal's."""

LINKS = {
    "call": "/calls",
    "conversation": "/conversations",
    "message": "/messages",
    "webhook": "/webhooks",
    "delivery": "/deliveries",
}
"""The list that names each of them."""


class NoWeb:
    async def fetch(self, url: str, method: str = "POST", *_: object, **__: object) -> Fetched | Failed:
        return Failed("the benchmark fetches nothing")


class NoRuns:
    async def start(self, account_id: AccountId, wish: RunWish) -> Run:
        raise Unavailable("the benchmark runs no flows")


def dependencies(dsn: str, database: PostgresDatabase, folder: Path) -> Dependencies:
    return Dependencies(
        database=database,
        signer=JwtSigner("secret of the benchmark, long enough"),
        hasher=Argon2Hasher(),
        carriers=(registry := CarrierRegistry({OWNED: OwnedCarrier()})),
        inboxes=registry,
        port_carriers=registry,
        runs=NoRuns(),
        events=EventFeed(database, PostgresHints(dsn, EVENT_CHANNEL)),
        gates=NodeGates(),
        objects=FolderObjects(folder),
        sounds=RecordedSounds(folder),
        links=RecordingLinks(b"secret of the benchmark"),
        media=FolderObjects(folder),
        media_links=MediaLinks(b"secret of the benchmark"),
        web=NoWeb(),
        check_recognition=lambda language, provider: None,
        rate_limits=OPEN,
        portal=PortalPorts(
            "http://localhost", b"secret", PortalWebAuthn.at("http://localhost"), SipProber(), shortest_form_s=0.0
        ),
        access_log=False,
    )


async def sign_in(session: aiohttp.ClientSession, base: str, email: str, password: str) -> str:
    """The cookie. It is `Secure`, so aiohttp would not send it by itself."""
    async with session.get(f"{base}/portal/sign-in") as shown:
        cookie = _cookie(shown)
        csrf = re.search(r'name="csrf" value="([^"]+)"', await shown.text())
    assert csrf is not None
    given = {"email": email, "password": password, "csrf": csrf[1]}
    headers = {"Cookie": cookie}
    async with session.post(f"{base}/portal/sign-in", data=given, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return _cookie(answer)


def _cookie(answer: aiohttp.ClientResponse) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def cpu_ms(postgres: int) -> float:
    """Of this process and of those of Postgres that serve it."""
    used = cpu_seconds(os.getpid())
    for pid in Path(f"/proc/{postgres}/task/{postgres}/children").read_text().split():
        with suppress(OSError):  # one that cleans up, and has just ended
            if b"[local]" in Path(f"/proc/{pid}/cmdline").read_bytes():
                used += cpu_seconds(int(pid))
    return used * 1000


async def measure(
    session: aiohttp.ClientSession, url: str, cookie: str, times: int, postgres: int
) -> tuple[float, float]:
    """Milliseconds, and those of CPU, each the median of `times`."""
    taken = []
    for _ in range(times + 2):
        began, used = perf_counter(), cpu_ms(postgres)
        async with session.get(url, headers={"Cookie": cookie}) as answer:
            await answer.read()
            assert answer.status == 200, url
        taken.append(((perf_counter() - began) * 1000, cpu_ms(postgres) - used))
    return median(wall for wall, _ in taken[2:]), median(cpu for _, cpu in taken[2:])


async def facts(session: aiohttp.ClientSession, at: str, cookie: str) -> dict[str, str]:
    """What the addresses of pages name: a number, a later page of the list, one of each that `LINKS` has."""

    async def text_of(path: str) -> str:
        async with session.get(at + path, headers={"Cookie": cookie}) as shown:
            return await shown.text()

    text = await text_of("/numbers")
    number = re.search(r'name="number" value="([0-9a-f-]+)"', text)
    further = re.search(r'rel="next" href="[^"]*(/numbers\?[^"]+)"', text)
    assert number is not None
    assert further is not None
    found = {"number": number[1], "next": further[1].replace("&amp;", "&")}
    for name, path in LINKS.items():
        link = re.search(rf'href="[^"]*{path}/([0-9a-f-]{{36}})"', await text_of(path))
        assert link is not None, f"{path} shows none"
        found[name] = link[1]
    return found


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
        made = await create_account(database, Argon2Hasher(), draft, now=utc_now())
        await fill(dsn, made, count)
        assert postgres.process is not None
        pid = postgres.process.pid
        job, begin_ms, step_ms = await job_of_all(database, made.account.id, pid)
        figures = await ask(dsn, database, folder, made, job, times, pid)
        await database.close()
    finally:
        await postgres.stop()
    print(f"{'':24}{'ms':>8}{'CPU ms':>9}")
    for name, (wall, cpu) in figures.items():
        print(f"{name:24}{wall:8.1f}{cpu:9.1f}{'' if cpu <= MOST_MS else '  over the limit'}")
    print(f"a job with all numbers, ms of CPU: begun in {begin_ms:.0f}, a step of {STEP} in {step_ms:.0f}")
    slowest = max(cpu for _, cpu in figures.values())
    answer = {"ratio": MOST_MS / slowest, "minimum": 1.0, "aim": 2.0, "slowest_cpu_ms": slowest, "step_cpu_ms": step_ms}
    print(json.dumps({"bench": "portal, every page", **answer, "figures": figures}))


async def ask(
    dsn: str, database: PostgresDatabase, folder: Path, made: Provisioned, job: str, times: int, postgres: int
) -> dict[str, tuple[float, float]]:
    server = Server(server_config(create_app(dependencies(dsn, database, folder))))
    operator = await make_operator(database, Argon2Hasher(), "operator@example.org", utc_now())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        while not server.started:
            await asyncio.sleep(0.01)
        async with aiohttp.ClientSession() as session:
            known = made.credentials
            cookie = await sign_in(session, base, known.portal_email, known.portal_password)
            at = f"{base}/portal/projects/{made.account.id}"
            named = await facts(session, at, cookie) | {"job": job, "account": str(made.account.id)}
            asked = [(name, at + path, cookie) for name, path in PAGES.items()]
            asked += [(name, f"{base}/portal{path}", cookie) for name, path in OUTSIDE_PAGES.items()]
            staff = await sign_in(session, base, operator.person.email, operator.password)
            asked += [(name, f"{base}/portal/operator{path}", staff) for name, path in DESK_PAGES.items()]
            found = {}
            for name, url, who in asked:
                found[name] = await measure(session, url.format(**named), who, times, postgres)
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
