"""The README is true: its tour runs as pasted, its tables are those of the code. ARCHITECTURE.md names what exists."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest

from dialplane.config.environment import to_environment
from dialplane.config.settings import Settings
from dialplane.phone.carrier import BEHAVIOURS
from tests.platform.running import running
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
SOURCE = ROOT / "src" / "dialplane"
WEBHOOK_PORT = "8090"
TOUR_TIMEOUT_S = 240.0


def _tour() -> str:
    """The blocks that a reader pastes, in order."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL))


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_every_command_of_the_tour_succeeds_when_pasted_in_order(tmp_path: Path) -> None:
    """Addresses and credentials come from `ready.json`, as in the README; only the receiver's port is replaced."""
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    script = tmp_path / "tour.sh"
    script.write_text("set -eEu -o pipefail\n" + _tour().replace(WEBHOOK_PORT, str(free_port())))
    said = tmp_path / "said.txt"

    async with running(tmp_path / "var"):
        with said.open("wb") as file:
            shell = await asyncio.create_subprocess_exec(
                "bash", "-x", str(script), cwd=tmp_path, stdout=file, stderr=file, start_new_session=True
            )
            try:
                async with asyncio.timeout(TOUR_TIMEOUT_S):
                    status = await shell.wait()
            except TimeoutError:
                status = -1
            finally:
                _end_group(shell.pid)

    words = said.read_text()
    assert status == 0, words[-4000:]
    assert '"balanced":true' in words
    assert (tmp_path / "var" / "heard.wav").stat().st_size > 8000  # half a second of speech at the very least
    assert (tmp_path / "var" / "desk.log").read_text().count("ended") == 2


def _end_group(leader: int) -> None:
    """End what the tour left running, if it failed on its way."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGTERM)


def test_table_of_the_simulated_carrier_is_what_the_carrier_does() -> None:
    section = README.read_text().split("## Simulated carrier", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", section, re.MULTILINE)

    assert rows == [(behaviour.digits, behaviour.says) for behaviour in BEHAVIOURS]


def test_table_of_settings_names_every_variable_and_no_other() -> None:
    section = README.read_text().split("## Settings", 1)[1].split("\n## ", 1)[0]

    assert set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)) == set(to_environment(Settings()))


def test_architecture_names_files_that_exist() -> None:
    named = set(
        re.findall(r"`((?:[a-z0-9_]+/)+[a-z0-9_]*(?:\.(?:py|sql))?)[:`]", (ROOT / "ARCHITECTURE.md").read_text())
    )

    missing = {name for name in named if not ((SOURCE / name).exists() or (ROOT / name).exists())}

    assert named
    assert missing == set()
