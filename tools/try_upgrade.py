"""Upgrades a running platform role by role, under requests and calls, as docs/howto/upgrading.md says (AV-1, AV-7):
`python tools/try_upgrade.py --old REF`.

The old version is the code of a commit, the new one that of this tree. Passes where no request failed, no call was
dropped, the drained node ended by itself, and the ledger balances. Takes two minutes, and needs sipp and git.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

from dialplane.adapters.postgres.embedded import EmbeddedPostgres

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "bench"))
from call_load import Load, ring  # noqa: E402 - the load of the benchmarks

RATE, CALLS_S, TALK_MS = 4, 12, 15_000
RTP = {"a": "43800-43999", "b": "44000-44199"}


class Role:
    """A role of one version in a process of its own."""

    def __init__(self, tree: Path, program: str, **settings: str) -> None:
        environment = {name: text for name, text in os.environ.items() if not name.startswith(("DIALPLANE_", "DATA"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dialplane", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, "PYTHONPATH": str(tree / "src"), **settings},
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if program != "migrate" and not line:
            raise RuntimeError(f"{program} of {tree} did not start")
        self.ready: dict[str, Any] = json.loads(line) if line else {}

    def stop(self, timeout_s: float = 120) -> int:
        """In order; the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)

    def wait(self) -> int:
        return self._process.wait(120)


class Requests:
    """Asks one API after the other, without a pause, as a proxy would that knows which ones are in rotation."""

    def __init__(self, key: str) -> None:
        self.rotation: list[str] = []
        self.answered = 0
        self.failed: list[str] = []
        self._key = key
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        for turn in count():
            if self._is_over.is_set():
                return
            base = self.rotation[turn % len(self.rotation)]
            flow = {"name": f"upgrade {turn}", "actions": [{"type": "hangup"}]}
            try:
                ask(base, "GET" if turn % 2 else "POST", "/flows", self._key, None if turn % 2 else flow)
            except OSError as fault:
                self.failed.append(f"{base}: {fault}")
            self.answered += 1


def ask(base: str, method: str, path: str, key: str, body: object = None) -> Any:
    request = urllib.request.Request(
        f"{base}/v1.0{path}{'&' if '?' in path else '?'}accesskey={key}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A database of its own, which outlives every role."""
    loop = asyncio.new_event_loop()
    server = EmbeddedPostgres(folder)
    loop.run_until_complete(server.start())

    async def create() -> None:
        connection = await asyncpg.connect(server.dsn())
        await connection.execute("create database upgrade")
        await connection.close()

    try:
        loop.run_until_complete(create())
        yield server.dsn("upgrade")
    finally:
        loop.run_until_complete(server.stop())
        loop.close()


@contextmanager
def tree_of(ref: str, folder: Path) -> Iterator[Path]:
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(folder), ref], check=True, cwd=ROOT)
    try:
        yield folder
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(folder)], check=True, cwd=ROOT)


def prepare(old: Path, shared: dict[str, str]) -> tuple[dict[str, str], str]:
    """The first start, by the old version: credentials, and a number that answers and waits."""
    up = Role(old, "up", DIALPLANE_HTTP="127.0.0.1:0", DIALPLANE_SIP="127.0.0.1:0", DIALPLANE_RTP=RTP["a"], **shared)
    ready, base, key = up.ready, up.ready["http"], up.ready["access_key"]
    number = ask(base, "GET", "/available_numbers?country_code=US&page_size=1", key)["result"][0]["number"]
    actions = [{"type": "answer"}, {"type": "sleep", "option": {"duration": 60_000}}]
    flow = ask(base, "POST", "/flows", key, {"name": "wait", "actions": actions})
    bought = ask(base, "POST", "/numbers", key, {"number": number})
    ask(base, "PUT", f"/numbers/{bought['id']}", key, {"name": "wait", "call_flow_id": flow["id"]})
    up.stop()
    return ready, number


def voice(tree: Path, node: str, folder: Path, shared: dict[str, str]) -> tuple[Role, Role]:
    own = {**shared, "DIALPLANE_DATA": str(folder / node), "DIALPLANE_NODE": node, "DIALPLANE_DRAIN_S": "60"}
    own |= {"DIALPLANE_SIP": "127.0.0.1:0", "DIALPLANE_RTP": RTP[node], "DIALPLANE_MASTER_KEY": ""}
    return Role(tree, "media", **own), Role(tree, "voice", **own)


class Calls(threading.Thread):
    def __init__(self, role: Role, number: str) -> None:
        super().__init__()
        self._server, self._number = role.ready["sip"].removeprefix("sip:"), number
        self.load: Load | None = None

    def run(self) -> None:
        self.load = ring(self._server, self._number, RATE, CALLS_S, pause_ms=TALK_MS)


def upgrade(old: Path, folder: Path, dsn: str) -> bool:
    shared = {"DATABASE_URL": dsn, "DIALPLANE_DATA": str(folder / "data")}
    ready, number = prepare(old, shared)
    http = {**shared, "DIALPLANE_HTTP": "127.0.0.1:0"}
    worker, apis = Role(old, "worker", **shared), [Role(old, "api", **http) for _ in range(2)]
    old_media, old_voice = voice(old, "a", folder, shared)
    requests = Requests(ready["access_key"])
    requests.rotation = [api.ready["http"] for api in apis]
    requests.start()
    first = Calls(old_voice, number)
    first.start()
    time.sleep(CALLS_S + 1)  # all are up, none is over

    Role(ROOT, "migrate", **shared).wait()
    worker.stop()
    worker = Role(ROOT, "worker", **shared)
    for place, api in enumerate(apis):
        requests.rotation = [other.ready["http"] for other in apis if other is not api]
        api.stop()
        apis[place] = Role(ROOT, "api", **http)
        requests.rotation = [each.ready["http"] for each in apis]
    new_media, new_voice = voice(ROOT, "b", folder, shared)
    second = Calls(new_voice, number)
    second.start()
    drained = old_voice.stop()
    old_media.stop()
    first.join()
    second.join()
    requests.stop()
    check = urllib.request.Request(
        f"{apis[0].ready['http']}/operator/v1/ledger/check",
        headers={"Authorization": f"Bearer {ready['operator_key']}"},
    )
    with urllib.request.urlopen(check) as answer:
        balanced = json.load(answer)["balanced"]
    for role in (*apis, worker, new_voice, new_media):
        role.stop()
    print(f"requests: {requests.answered}, failed {len(requests.failed)} {requests.failed[:3]}")
    print(f"calls on the old node: {first.load}\ncalls on the new node: {second.load}")
    print(f"the drained node ended with {drained}; the ledger balances: {balanced}")
    is_whole = [load is not None and load.failed == 0 for load in (first.load, second.load)]
    return not requests.failed and all(is_whole) and drained == 0 and balanced


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--old", default="HEAD~1", help="the commit that is upgraded")
    chosen = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialplane-upgrade-")))
        dsn = stack.enter_context(postgres(folder / "pg"))
        old = stack.enter_context(tree_of(chosen.old, folder / "old"))
        return 0 if upgrade(old, folder, dsn) else 1


if __name__ == "__main__":
    sys.exit(main())
