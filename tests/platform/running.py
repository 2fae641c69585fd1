"""Starts the whole platform as a person would, for the tests: `dialplane up` in a process of its own."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import aiohttp

START_TIMEOUT_S = 180.0
END_TIMEOUT_S = 90.0
_NURSERY = "nursery"
_NO_ROLES = (_NURSERY, "recorder")
"""A recorder whose media process is gone falls to the supervisor for the moment before it dies of it."""


class Platform:
    """A running `dialplane up`, its `ready.json` and its HTTP interface."""

    def __init__(self, process: asyncio.subprocess.Process, data: Path, ready: dict[str, str]) -> None:
        self.process = process
        self.data = data
        self.ready = ready

    async def operator(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        """A request with the operator's key: status and body."""
        headers = {"Authorization": f"Bearer {self.ready['operator_key']}"}
        return await self._request(method, f"/operator/v1{path}", headers, body)

    async def customer(
        self, method: str, path: str, body: object = None, **query: str
    ) -> tuple[int, dict[str, object]]:
        """A request with the sandbox account's access key."""
        return await self._request(method, f"/v1.0{path}", {}, body, accesskey=self.ready["access_key"], **query)

    async def _request(
        self, method: str, path: str, headers: dict[str, str], body: object, **query: str
    ) -> tuple[int, dict[str, object]]:
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, self.ready["http"] + path, json=body, params=query) as response,
        ):
            answered: dict[str, object] = await response.json(content_type=None)
            return response.status, answered

    def children(self) -> dict[str, int]:
        """Process id by role."""
        return {title: pid for title, pid in self._titled() if title not in _NO_ROLES}

    def nursery(self) -> int:
        """The process id of that which forks the others."""
        return dict(self._titled())[_NURSERY]

    def _titled(self) -> Iterator[tuple[str, int]]:
        for pid in forked_by(self.process.pid):
            with contextlib.suppress(FileNotFoundError):  # it ended between two looks
                program, _, title = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").partition(" ")
                if program == "dialplane":
                    yield title, pid

    async def stop(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(END_TIMEOUT_S):
            return await self.process.wait()


async def launch(data: Path, *options: str, prefix: Sequence[str] = ()) -> asyncio.subprocess.Process:
    """`dialplane up` on free ports, not waited for."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DIALPLANE_", "DATABASE"))}
    ports = () if "--http" in options else ("--http", "127.0.0.1:0")
    return await asyncio.create_subprocess_exec(
        *prefix,
        *(sys.executable, "-m", "dialplane", "up", "--data", str(data), *ports, "--sip", "127.0.0.1:0", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )


def forked_by(pid: int) -> list[int]:
    """The process ids of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextlib.asynccontextmanager
async def running(data: Path, *options: str, prefix: Sequence[str] = ()) -> AsyncIterator[Platform]:
    """The platform from its ready line to its end, which the test may bring about itself."""
    process = await launch(data, *options, prefix=prefix)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await process.stdout.readline()
        if not line:
            raise AssertionError((await process.stderr.read()).decode())
        yield Platform(process, data, json.loads(line))
    finally:
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_TIMEOUT_S):
                    await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
