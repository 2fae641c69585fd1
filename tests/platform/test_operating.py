"""What an operator does with a running platform: looks at it, and keeps it from being lost.

The tests share one platform and come in order: the last one destroys it.
"""

import asyncio
import json
import os
import re
import shutil
import sys
import tarfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from dialplane.config.settings import Settings
from dialplane.supervisor import restore
from dialplane.supervisor.archive import ArchiveWriter, BadArchiveError, unpack
from tests.effort import PATIENCE_S
from tests.platform.running import Platform, running

DEPLOY = Path(__file__).parents[2] / "deploy"
ONE_LOOP = pytest.mark.asyncio(loop_scope="module")
_OFFERED = 12


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with running(tmp_path_factory.mktemp("operating") / "data") as started:
        yield started


async def _dialplane(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dialplane", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("DIALPLANE_", "DATABASE"))},
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def _get(url: str, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text()


async def _scrape(platform: Platform) -> dict[str, dict[str, Metric]]:
    """Each role's families by name."""
    places: Mapping[str, str] = json.loads((platform.data / "ready.json").read_text())["metrics"]
    found: dict[str, dict[str, Metric]] = {}
    for role, url in places.items():
        status, text = await _get(url)
        assert status == 200, text
        found[role] = {family.name: family for family in text_string_to_metric_families(text)}
    return found


def _value(family: Metric, name: str, **labels: str) -> float:
    return sum(
        sample.value for sample in family.samples if sample.name == name and labels.items() <= sample.labels.items()
    )


@ONE_LOOP
async def test_call_is_counted_by_the_node_that_carried_it(platform: Platform) -> None:
    """AV-9: calls by the cause of their end; AV-5: the lag of every event loop."""
    before = await _scrape(platform)
    dialled = {"actions": [{"type": "hangup"}], "destinations": [{"type": "tel", "target": "+12025550100"}]}
    bought: list[str] = []
    await _buy(platform, (await _offers(platform))[:1], bought)
    status, said = await platform.customer(
        "POST", "/calls", {**dialled, "source": {"type": "tel", "target": bought[0]}}
    )
    assert status == 200, said

    async with asyncio.timeout(PATIENCE_S):
        while (found := await _scrape(platform))["voice"]["dialplane_calls"].samples == []:
            await asyncio.sleep(0.05)

    calls = found["voice"]["dialplane_calls"]
    assert before["voice"]["dialplane_calls"].samples == []
    assert _value(calls, "dialplane_calls_total", direction="outgoing") >= 1
    for families in found.values():
        assert families["dialplane_build_info"].samples[0].value == 1
        assert families["dialplane_event_loop_lag_seconds"].type == "histogram"
        assert families["process_resident_memory_bytes"].samples[0].value > 1e6
    assert found["voice"]["dialplane_media_up"].samples[0].value == 1
    assert found["api"]["dialplane_workers_connected"].samples[0].value == 1
    for name, family in ((name, family) for role in found.values() for name, family in role.items()):
        assert family.documentation or name.startswith("python_"), name


@ONE_LOOP
async def test_dashboard_and_alerts_name_only_what_is_shown(platform: Platform) -> None:
    shown = {
        sample
        for role in (await _scrape(platform)).values()
        for family in role.values()
        for sample in (family.name, *(f"{family.name}_{end}" for end in ("total", "bucket", "sum", "count")))
    }
    texts = {path: path.read_text() for path in (DEPLOY / "grafana/dialplane.json", DEPLOY / "prometheus/alerts.yml")}

    for path, text in texts.items():
        named = set(re.findall(r"\b(?:dialplane|process)_[a-z_]+[a-z]\b", text))
        assert named - {"dialplane_"} <= shown, path
    assert json.loads(texts[DEPLOY / "grafana/dialplane.json"])["panels"]


@ONE_LOOP
async def test_targets_for_prometheus_are_where_the_metrics_are(platform: Platform) -> None:
    targets = json.loads((platform.data / "metrics.json").read_text())
    ready = json.loads((platform.data / "ready.json").read_text())["metrics"]

    assert {group["labels"]["role"]: f"http://{group['targets'][0]}/metrics" for group in targets} == ready


@ONE_LOOP
async def test_each_role_names_what_it_depends_on_and_tells_strangers_nothing(platform: Platform) -> None:
    """SUP-7: neither figures nor details of health for who comes from elsewhere."""
    places = {role: url.removesuffix("/metrics") for role, url in json.loads(
        (platform.data / "ready.json").read_text()
    )["metrics"].items()}  # fmt: skip

    said = {role: await _get(f"{place}/readyz") for role, place in places.items()}
    alive = {role: await _get(f"{place}/healthz") for role, place in places.items()}

    assert {role: (status, json.loads(text)["dependencies"]) for role, (status, text) in said.items()} == {
        "api": (200, {"database": "ok", "voice": "ok", "worker": "ok"}),
        "voice": (200, {"database": "ok", "media": "ok", "calls": "ok"}),
        "worker": (200, {"database": "ok"}),
    }
    assert {status for status, _ in alive.values()} == {200}
    assert json.loads((await _get(f"{places['api']}/readyz", Forwarded="for=192.0.2.1"))[1]) == {"status": "serving"}
    assert (await _get(f"{places['api']}/metrics", Forwarded="for=192.0.2.1"))[0] == 401
    assert (await _get(f"{places['voice']}/else"))[0] == 404


@ONE_LOOP
async def test_status_says_at_a_glance_that_all_is_well(platform: Platform) -> None:
    shown, text = await _dialplane("status", "--data", str(platform.data), "--plain")
    _, state = await platform.operator("GET", "/status")

    assert shown == 0, text
    assert text.startswith("All is well")
    assert "takes calls" in text
    assert state["problems"] == []
    assert state["live_calls"] == 0


@ONE_LOOP
async def test_no_credential_is_in_what_the_platform_writes_for_others_to_read(platform: Platform) -> None:
    """SUP-4, API-5: neither in its logs nor in its metrics, of all that the tests before have made it write."""
    secret = [
        platform.ready[name]
        for name in ("auth_token", "access_key", "project_token", "portal_password", "operator_key")
    ]
    secret.append((platform.data / "master.key").read_text().strip())
    written = [path.read_text(errors="replace") for path in (platform.data / "logs").iterdir()]
    places = json.loads((platform.data / "ready.json").read_text())["metrics"]
    written += [(await _get(url))[1] for url in places.values()]

    assert len(written) >= 8
    assert [word for word in secret for text in written if word in text] == []


@ONE_LOOP
async def test_line_of_a_call_names_the_call_and_its_account(platform: Platform) -> None:
    lines = [json.loads(line) for line in (platform.data / "logs" / "voice.log").read_text().splitlines()]

    ended = [line for line in lines if line["event"] == "call_ended"]
    assert ended
    assert {line["account_id"] for line in ended} == {platform.ready["customer_id"]}
    assert all(line["call_id"] and line["level"] == "info" for line in ended)


async def _offers(platform: Platform) -> list[str]:
    _, found = await platform.customer("GET", "/available_numbers", country_code="US", page_size=str(_OFFERED))
    assert isinstance(found["result"], list)
    return [str(item["number"]) for item in found["result"]]


async def _buy(platform: Platform, numbers: list[str], bought: list[str]) -> None:
    """One after the other; `bought` has those that were answered with a number."""
    for number in numbers:
        status, _ = await platform.customer("POST", "/numbers", {"number": number})
        if status == 200:
            bought.append(number)


@ONE_LOOP
async def test_backup_under_traffic_gives_back_numbers_money_records_and_files(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    """AV-7: what was answered before the backup began is in it, nothing is there by halves (LED-1), and the copy goes
    on as usual."""
    data, file = platform.data, platform.data.with_name("backup.tar")
    before: list[str] = []
    offers = await _offers(platform)
    await _buy(platform, offers[:2], before)
    (data / "recordings" / "kept.wav").write_bytes(b"RIFF" + bytes(1_000))
    meanwhile: list[str] = []
    buying = asyncio.create_task(_buy(platform, offers[2:], meanwhile))
    status, said = await _dialplane("backup", str(file), "--data", str(data))
    await buying
    _, calls = await platform.customer("GET", "/calls")
    key = platform.ready["access_key"]
    platform.process.kill()
    await platform.process.wait()

    assert status == 0, said
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(before) == 2
    assert meanwhile
    await _until_nobody_uses(data)
    shutil.rmtree(data)

    status, said = await _dialplane("restore", str(file), "--data", str(data))
    assert status == 0, said
    assert "the ledger balances" in said
    assert restore.run(Settings(data=data), file=str(file)) == 1
    assert "holds a platform already" in capsys.readouterr().err

    async with running(data) as again:
        _, numbers = await again.customer("GET", "/numbers", page_size="100")
        _, check = await again.operator("GET", "/ledger/check")
        assert isinstance(numbers["result"], list)
        held = {str(number["number"]) for number in numbers["result"]}
        assert again.ready["access_key"] == key
        assert set(before) <= held
        assert check["balanced"] is True
        assert (await again.customer("GET", "/calls"))[1] == calls
        assert (data / "recordings" / "kept.wav").read_bytes() == b"RIFF" + bytes(1_000)
        more: list[str] = []
        await _buy(again, (await _offers(again))[:1], more)
        assert more


async def _until_nobody_uses(data: Path) -> None:
    """The embedded Postgres ends with its supervisor, a moment later."""
    async with asyncio.timeout(PATIENCE_S):
        while (data / "pg/data/postmaster.pid").exists() and _lives(data):
            await asyncio.sleep(0.05)


def _lives(data: Path) -> bool:
    try:
        pid = (data / "pg/data/postmaster.pid").read_text().split()[0]
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_archive_that_was_changed_cut_or_leads_out_is_refused(tmp_path: Path) -> None:
    source, whole = tmp_path / "part", tmp_path / "whole.tar"
    source.write_bytes(os.urandom(20_000))
    with whole.open("wb") as file:
        writer = ArchiveWriter(file)
        writer.add(source, "recordings/a.wav")
        assert not writer.add(tmp_path / "gone", "recordings/b.wav")
        writer.finish({"facts": {}})
    changed, cut, outside = (tmp_path / name for name in ("changed.tar", "cut.tar", "outside.tar"))
    octets = bytearray(whole.read_bytes())
    cut.write_bytes(octets[:12_000])
    octets[5_000] ^= 1
    changed.write_bytes(octets)
    with tarfile.open(outside, "w") as tar:
        tar.add(source, "../../escaped")

    with whole.open("rb") as file:
        manifest = unpack(file, tmp_path / "good")
    assert manifest["facts"] == {}
    assert (tmp_path / "good/recordings/a.wav").read_bytes() == source.read_bytes()
    for number, (broken, reason) in enumerate(
        [(changed, "damaged or changed"), (cut, "cannot be read|cut off"), (outside, "leads out of the folder")]
    ):
        with broken.open("rb") as file, pytest.raises(BadArchiveError, match=reason):
            unpack(file, tmp_path / f"bad{number}")
    assert not (tmp_path.parent / "escaped").exists()
