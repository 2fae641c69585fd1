"""What a release is made of: pinned, hashed, listed, signed (SUP-1, SUP-2)."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from cyclonedx.model.bom import Bom

ROOT = Path(__file__).parents[2]
IDENTITY = "release@example.com"
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


@dataclass(frozen=True)
class Released:
    folder: Path
    signers: Path
    """Whose key is believed to be whose."""

    def copy(self, folder: Path) -> "Released":
        shutil.copytree(self.folder, folder / "copy")
        return Released(folder / "copy", self.signers)

    def part(self, end: str) -> Path:
        (found,) = self.folder.glob(f"*{end}")
        return found

    def verified(self, identity: str = IDENTITY) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "tools/verify_release.py"), str(self.folder)]
        return subprocess.run(
            [*command, "--signers", str(self.signers), "--identity", identity],
            capture_output=True, text=True, check=False,
        )  # fmt: skip


def _key(folder: Path, name: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)], check=True)
    return folder / name


def _release(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Of the commit that is here, whatever else is."""
    here = {name: value for name, value in os.environ.items() if "ID_TOKEN" not in name and "RELEASE_KEY" not in name}
    return subprocess.run(
        [sys.executable, str(ROOT / "tools/release.py"), str(folder), "--commit", "HEAD", *options],
        capture_output=True, text=True, check=False, env=here | variables,
    )  # fmt: skip


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    folder = tmp_path_factory.mktemp("release")
    key = _key(folder, "signer")
    made = _release(folder / "made", "--key", str(key))
    assert made.returncode == 0, made.stderr
    signers = folder / "signers"
    signers.write_text(f"{IDENTITY} {key.with_suffix('.pub').read_text()}")
    return Released(folder / "made", signers)


def test_release_has_its_parts_and_is_what_was_signed(released: Released) -> None:
    """SUP-2: what is built, listed and signed is proved by who has the maker's public key and nothing else."""
    proved = released.verified()

    assert (proved.returncode, proved.stdout.partition(" as ")[0]) == (0, "4 files")
    bill = json.loads(released.part(".sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "dialplane")
    with zipfile.ZipFile(released.part(".whl")) as wheel:
        assert "dialplane/faces/cli/kamailio.cfg" in wheel.namelist()
    with tarfile.open(released.part("-image.tar.gz")) as image:
        parts = {name.partition("/")[2] for name in image.getnames()}
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "deploy/container/Containerfile").read_text(), re.MULTILINE
    )
    assert {part for line in copied for part in line.split()} <= parts


@pytest.mark.parametrize("end", [".whl", ".sbom.cdx.json", "-image.tar.gz", "0.tar.gz"])
def test_altered_part_is_refused_by_name(released: Released, tmp_path: Path, end: str) -> None:
    """SUP-2."""
    copy = released.copy(tmp_path)
    part = copy.part(end)
    part.write_bytes(part.read_bytes().replace(b"a", b"b", 1))

    refused = copy.verified()

    assert (refused.returncode, refused.stderr) == (1, f"not proved: {part.name} is not the file that was released\n")


def test_other_sums_another_signer_or_none_is_refused(released: Released, tmp_path: Path) -> None:
    """SUP-2: sums that fit altered files are nobody's signature, and neither is another's key."""
    copy = released.copy(tmp_path)
    sums = copy.folder / "SHA256SUMS"
    stranger = _key(tmp_path, "stranger")

    assert released.verified("somebody@example.com").returncode == 1
    (copy.folder / "extra.whl").write_text("")
    assert "extra.whl: not part of the release" in copy.verified().stderr
    (copy.folder / "extra.whl").unlink()
    copy.part(".whl").unlink()
    assert "whl is missing" in copy.verified().stderr
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[:-1]))
    assert "the signature by SSH does not hold" in copy.verified().stderr
    Path(f"{sums}.sig").unlink()
    assert "nobody signed by an SSH key" in copy.verified().stderr
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(stranger), "-n", "dialplane-release", str(sums)], check=True
    )
    assert "the signature by SSH does not hold" in copy.verified().stderr


def test_release_that_nobody_can_sign_is_not_made(tmp_path: Path) -> None:
    """SUP-2: without a signer, and with an identity but no way to sigstore."""
    unsigned = _release(tmp_path / "made")
    unreachable = _release(tmp_path / "made", "--python", str(tmp_path / "python"), SIGSTORE_ID_TOKEN="token")

    assert (unsigned.returncode, unreachable.returncode) == (1, 1)
    assert "nobody signs" in unsigned.stderr
    assert "SIGSTORE_ID_TOKEN is an identity for sigstore, which is not installed" in unreachable.stderr
    assert not (tmp_path / "made").exists()
