"""Makes a release and signs it: `python tools/release.py FOLDER` (SUP-2).

In FOLDER: source distribution and wheel, what the image is built from, the bill of materials (CycloneDX), SHA256SUMS
over all of them, and a signature over that: by an SSH key where one is named (`--key FILE`, or DIALPLANE_RELEASE_KEY),
else by sigstore, where there is an identity (an OpenID Connect token, as CI has one). Everything comes from one commit
and bears its time, so that the same commit gives the same files again. Nothing is left where nothing could be signed.

`tools/verify_release.py` is the other end. Exit status 0: the release is there. 1: not, and standard error says why.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from verify_release import BUNDLE, NAMESPACE, SSH_SIGNATURE, SUMS, digest, fault_in, wide

ROOT = Path(__file__).parents[1]
SIGNER = ROOT / ".venv-release" / "bin" / "python"
"""That has sigstore, from requirements/release.txt."""
IMAGE_PARTS = (
    ".containerignore", "LICENSE", "README.md", "deploy", "pyproject.toml", "requirements/build.txt",
    "requirements/runtime.txt", "src", "tools/compile_core.py",
)  # fmt: skip
"""What deploy/container/Containerfile copies, and the files beside it."""
IDENTITIES = ("SIGSTORE_IDENTITY_TOKEN", "SIGSTORE_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
"""Where a token is, or where one is to be had: ours, GitLab's, GitHub's."""


class Failed(Exception):
    """The text says at what."""


def run(command: list[str], what: str, *, cwd: Path = ROOT, env: Mapping[str, str] = os.environ) -> str:
    """Standard output. Raises Failed."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)
    except FileNotFoundError as fault:
        raise Failed(f"{what}: {command[0]} is not there") from fault
    if ran.returncode:
        raise Failed(f"{what}: {fault_in(ran.stderr or ran.stdout)}")
    return ran.stdout


def git(*words: str) -> str:
    return run(["git", *words], f"git {words[0]}").strip()


def check_clean() -> None:
    """Raises Failed where something here is in no commit."""
    if changed := git("status", "--porcelain"):
        raise Failed(f"what is not committed would be missing: {', '.join(changed.splitlines()[:5])}")


def build(commit: str, folder: Path) -> None:
    """All files of the release but their sums. Raises Failed."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": git("log", "-1", "--format=%ct", commit)}
    with tempfile.TemporaryDirectory(prefix="dialplane-release-") as name:
        archive, tree = Path(name) / "tree.tar", Path(name) / "tree"
        tree.mkdir()
        git("archive", "--format=tar", "-o", str(archive), commit)
        run(["tar", "-xf", str(archive), "-C", str(tree)], "the commit's tree")
        project = tomllib.loads((tree / "pyproject.toml").read_text())["project"]
        released = f"{project['name']}-{project['version']}"
        run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], "the wheel", cwd=tree, env=environment)
        bill = str(folder / f"{released}.sbom.cdx.json")
        run([sys.executable, str(tree / "tools/sbom.py"), bill], "the bill of materials", env=environment)
    image = str(folder / f"{released}-image.tar.gz")
    git("archive", "--format=tar.gz", f"--prefix={released}/", "-o", image, commit, *IMAGE_PARTS)


def add_up(folder: Path) -> None:
    lines = [f"{digest(file)}  {file.name}\n" for file in sorted(folder.iterdir())]
    (folder / SUMS).write_text("".join(lines))


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and into which file beside the sums."""

    signature: str
    command: tuple[str, ...]
    """Without the sums, which come last."""
    fault: str

    def sign(self, folder: Path) -> None:
        """Raises Failed."""
        bundle = ("--bundle", str(folder / BUNDLE)) if self.signature == BUNDLE else ()
        environment = wide()
        if token := os.environ.get("SIGSTORE_ID_TOKEN"):
            environment.setdefault("SIGSTORE_IDENTITY_TOKEN", token)
        run([*self.command, *bundle, str(folder / SUMS)], self.fault, env=environment)


def find_signer(key: Path | None, python: Path) -> Signer:
    """An SSH key that is named, else the identity that is here. Raises Failed."""
    if key is not None:
        command = ("ssh-keygen", "-Y", "sign", "-f", str(key), "-n", NAMESPACE)
        return Signer(SSH_SIGNATURE, command, "the key could not sign")
    token = next((name for name in IDENTITIES if os.environ.get(name)), None)
    if token is None:
        raise Failed("nobody signs: give an SSH key by --key or DIALPLANE_RELEASE_KEY, or an OpenID Connect token")
    if not python.exists():
        raise Failed(f"{token} is an identity for sigstore, which is not installed in {python}: make release does that")
    return Signer(BUNDLE, (str(python), "-m", "sigstore", "sign"), "sigstore could not sign")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, help="must not be there yet")
    options.add_argument("--commit", help="whose tree is released, whatever is here; by default the one that is here")
    key = os.environ.get("DIALPLANE_RELEASE_KEY")
    options.add_argument(
        "--key", type=Path, default=key and Path(key), help="private key of SSH, or a public one of an agent"
    )
    options.add_argument("--python", type=Path, default=SIGNER, help="a Python that has sigstore")
    chosen = options.parse_args()
    try:
        if chosen.folder.exists():
            raise Failed(f"{chosen.folder} is there already")
        signer = find_signer(chosen.key, chosen.python)
        if chosen.commit is None:
            check_clean()
        with tempfile.TemporaryDirectory(prefix="dialplane-release-") as name:
            made = Path(name) / "release"
            made.mkdir()
            build(chosen.commit or "HEAD", made)
            add_up(made)
            signer.sign(made)
            shutil.copytree(made, chosen.folder)
    except Failed as fault:
        print(f"no release: {fault}", file=sys.stderr)
        return 1
    print(f"{chosen.folder}: {', '.join(sorted(file.name for file in chosen.folder.iterdir()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
