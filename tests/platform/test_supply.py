"""What a release is made of: pinned, hashed, listed (SUP-1, SUP-2)."""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cyclonedx.model.bom import Bom

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
_ENTRY = re.compile(r"^[A-Za-z0-9._-]+(\[[^]]*\])?==\S+", re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_entry_of_a_lock_is_pinned_and_hashed_and_names_no_index(lock: Path) -> None:
    """SUP-1."""
    text = lock.read_text()
    entries = re.split(r"\n(?=\S)", text.strip())

    assert entries
    for entry in entries:
        assert _ENTRY.match(entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in text


def test_installation_with_one_altered_hash_fails(tmp_path: Path) -> None:
    """SUP-1, with the very options by which the Makefile installs."""
    install = re.search(r"\$\(PIP\) (--require-hashes) -r requirements/runtime.txt", (ROOT / "Makefile").read_text())
    assert install is not None
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")

    assert _install(tmp_path, install[1], right).returncode == 0
    refused = _install(tmp_path, install[1], wrong)
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr


def _install(folder: Path, option: str, digest: str) -> subprocess.CompletedProcess[str]:
    (folder / "lock.txt").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--no-index", "--disable-pip-version-check"]
    return subprocess.run(
        [*pip, option, f"--find-links={folder}", f"--target={folder / digest[-4:]}", "-r", str(folder / "lock.txt")],
        capture_output=True,
        text=True,
        check=False,
    )


def test_bill_of_materials_has_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    """SUP-2: CycloneDX, read by the standard's own library."""
    file = tmp_path / "sbom.json"
    subprocess.run([sys.executable, str(ROOT / "tools/sbom.py"), str(file)], check=True)

    read = Bom.from_json(json.loads(file.read_text()))  # type: ignore[attr-defined]  # made by the library's decorators

    pinned = set(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", _runtime(), re.MULTILINE))
    assert {(part.name, part.version) for part in read.components} >= pinned
    assert all(part.hashes for part in read.components if part.name != "sip.js")
    assert read.metadata.component.name == "dialplane"


def _runtime() -> str:
    return (ROOT / "requirements/runtime.txt").read_text()
