"""`dialplane up` as DESIGN section 9 promises it: ready, private, the same again, restarted, ended in order."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL
from pathlib import Path

import pytest

from tests.effort import PATIENCE_S
from tests.platform.running import END_TIMEOUT_S, Platform, forked_by, launch, running

CREDENTIALS = {
    "account_sid", "auth_token", "customer_id", "access_key", "project_id", "project_token", "portal_email",
    "portal_password",
}  # fmt: skip
_CAN_START_ITSELF = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import dialplane'], check=True)"
ROLES = {"api", "voice", "media", "worker", "smpp", "sandbox-carrier"}


async def _wait_for_new(platform: Platform, role: str, old: int) -> int:
    async with asyncio.timeout(PATIENCE_S):
        while platform.children().get(role, old) == old:
            await asyncio.sleep(0.05)
    return platform.children()[role]


async def _wait_until_healthy(platform: Platform) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                status, _ = await platform.customer("GET", "/numbers")
            except OSError:
                status = 0
            if status == 200:
                return
            await asyncio.sleep(0.05)


async def test_start_after_a_stop_or_a_kill_finds_everything_as_it_was(tmp_path: Path) -> None:
    """AV-1 (the order of the end), SUP-4 (nothing readable by others); a killed supervisor leaves nobody behind."""
    data = tmp_path / "data"
    async with running(data, "--sip-domain", "pbx.example.com") as platform:
        first = platform.ready
        kept = json.loads((data / "ready.json").read_text())
        mode = (data / "ready.json").stat().st_mode & 0o777
        status, bought = await platform.customer("POST", "/numbers", {"number": await _any_number(platform)})
        _, organizations = await platform.operator("GET", "/organizations")
        roles = set(platform.children())
        ended = await platform.stop()

    assert first == kept
    assert first.keys() == CREDENTIALS | {"event", "http", "sip", "sip_tls", "smpp", "metrics", "operator_key"}
    assert first["event"] == "ready"
    assert mode == 0o600
    assert status == 200
    assert roles == ROLES
    assert "pbx.example.com" in str(organizations)
    assert ended == 0
    assert not (data / "ready.json").exists()

    async with running(data) as platform:
        again = platform.ready
        _, numbers = await platform.customer("GET", "/numbers")
        _, check = await platform.operator("GET", "/ledger/check")
        pids = [*platform.children().values(), int((data / "pg/data/postmaster.pid").read_text().split()[0])]
        platform.process.kill()
        await platform.process.wait()
        async with asyncio.timeout(END_TIMEOUT_S):
            while any(_is_alive(pid) for pid in pids):
                await asyncio.sleep(0.02)

    places = {"http", "sip", "sip_tls", "smpp", "metrics"}
    assert {name: again[name] for name in again.keys() - places} == {
        name: first[name] for name in first.keys() - places
    }
    assert numbers["result"] == [bought]
    assert check["balanced"] is True

    async with running(data, "--sip", again["sip"].removeprefix("sip:")) as platform:
        assert platform.ready["access_key"] == first["access_key"]
        assert platform.ready["sip"] == again["sip"]
        assert (await platform.customer("GET", "/numbers"))[1] == numbers


async def _any_number(platform: Platform) -> str:
    _, found = await platform.customer("GET", "/available_numbers", country_code="US", page_size="1")
    result = found["result"]
    assert isinstance(result, list)
    return str(result[0]["number"])


async def test_two_platforms_side_by_side_each_keep_to_themselves(tmp_path: Path) -> None:
    """AV-2 (a dead process is started again on its port), AV-1 (the second signal does not wait)."""
    long = tmp_path / ("two" * 40)  # its sockets would have no room there
    async with running(tmp_path / "one") as one, running(long, "--no-sandbox") as two:
        third = await launch(tmp_path / "one")
        _, said = await third.communicate()

        assert third.returncode == 3
        assert f"process {one.process.pid}" in said.decode()
        assert one.ready["http"] != two.ready["http"]
        assert two.ready.keys() == {
            "event",
            "http",
            "sip",
            "smpp",
            "metrics",
            "operator_key",
            "portal_email",
            "portal_password",
        }
        assert str(two.ready["portal_email"]) in str((await two.operator("GET", "/operators"))[1])
        assert (await two.operator("GET", "/organizations"))[1] == {"organizations": []}
        assert set(two.children()) == ROLES - {"sandbox-carrier"}

        before = one.children()
        os.kill(before["api"], signal.SIGKILL)
        os.kill(before["media"], signal.SIGKILL)
        await _wait_for_new(one, "api", before["api"])
        await _wait_for_new(one, "media", before["media"])
        await _wait_until_healthy(one)

        two.process.send_signal(signal.SIGINT)
        two.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(END_TIMEOUT_S):
            assert await two.process.wait() == 0
        assert await one.stop() == 0


async def test_roles_outlive_the_nursery_and_one_that_dies_later_is_started_by_a_new_nursery(tmp_path: Path) -> None:
    """AV-2: whatever single process dies, the others serve; and who fell to nobody does not stay as a dead entry."""
    async with running(tmp_path / "data") as platform:
        before = platform.children()
        nursery = platform.nursery()
        os.kill(nursery, signal.SIGKILL)
        while _is_alive(nursery):
            await asyncio.sleep(0.02)
        assert platform.children() == before

        (recorder,) = forked_by(before["media"])
        os.kill(before["media"], signal.SIGKILL)
        await _wait_for_new(platform, "media", before["media"])

        assert platform.nursery() != nursery
        assert {role for role, pid in platform.children().items() if pid != before[role]} == {"media"}
        async with asyncio.timeout(PATIENCE_S):
            while Path(f"/proc/{recorder}").exists():
                await asyncio.sleep(0.1)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_busy_port_is_named_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        process = await launch(tmp_path / "data", "--http", f"127.0.0.1:{port}")
        _, said = await process.communicate()

    assert process.returncode == 3
    assert said.decode() == f"dialplane: The HTTP port 127.0.0.1:{port} is in use by another program\n"


async def test_sip_domain_that_cannot_be_one_is_refused_before_anything_serves(tmp_path: Path) -> None:
    process = await launch(tmp_path / "data", "--sip-domain", "no/name")
    _, said = await process.communicate()

    assert process.returncode == 1
    assert "dialplane: The SIP domains of the sandbox cannot be these: 'no/name' is no host name" in said.decode()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_ordinary_user_runs_it_as_well_as_root(tmp_path: Path) -> None:
    """As root the tests above ran below a folder that only root may enter; here without any right."""
    nobody = pwd.getpwnam("nobody")
    data = Path(f"/tmp/dialplane-nobody-{os.getpid()}")
    data.mkdir(mode=0o700)
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    prefix = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--no-new-privs"]
    probe = await asyncio.create_subprocess_exec(*prefix, sys.executable, "-c", _CAN_START_ITSELF, stderr=DEVNULL)
    if await probe.wait() != 0:
        shutil.rmtree(data)
        pytest.skip(f"{sys.executable} lies where only root may go")
    try:
        async with running(data, prefix=prefix) as platform:
            await _wait_until_healthy(platform)
            owner = (data / "ready.json").stat().st_uid
            ended = await platform.stop()
    finally:
        shutil.rmtree(data)

    assert owner == nobody.pw_uid
    assert ended == 0
