"""Whether a release is what its makers signed: `python tools/verify_release.py FOLDER …` (SUP-2).

Every file must be the one that SHA256SUMS names, and SHA256SUMS must be signed: by an SSH key that you trust
(`--signers FILE --identity NAME`, as `ssh-keygen -Y verify` has them), or by an identity that sigstore vouches for
(`--identity NAME --issuer URL`, with the package `sigstore` installed). Needs nothing but Python 3.11 and ssh-keygen.

Exit status 0: all of it is. 1: not, and standard error says what.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

SUMS = "SHA256SUMS"
SSH_SIGNATURE, BUNDLE = f"{SUMS}.sig", f"{SUMS}.sigstore.json"
NAMESPACE = "dialplane-release"
"""A key that signs other things too has not signed a release with them (sshsig)."""
_BLOCK = 1 << 20


class Unproved(Exception):
    """The release, or its signature, is not what it should be; the text says which part."""


def digest(file: Path) -> str:
    """SHA-256 in hexadecimal."""
    sum_ = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            sum_.update(block)
    return sum_.hexdigest()


def check_files(folder: Path) -> list[str]:
    """The names of the release's files, each of which is what SHA256SUMS says. Raises Unproved."""
    named = {}
    for line in _read(folder / SUMS).splitlines():
        expected, _, name = line.partition("  ")
        if not name or "/" in name or name in (SUMS, SSH_SIGNATURE, BUNDLE, ".", ".."):
            raise Unproved(f"{SUMS} has a line that names no file of a release: {line[:80]!r}")
        named[name] = expected
    if not named:
        raise Unproved(f"{SUMS} names no file")
    for name, expected in named.items():
        if not (folder / name).is_file():
            raise Unproved(f"{name} is missing")
        if digest(folder / name) != expected:
            raise Unproved(f"{name} is not the file that was released")
    others = {file.name for file in folder.iterdir()} - {*named, SUMS, SSH_SIGNATURE, BUNDLE}
    if others:
        raise Unproved(f"{', '.join(sorted(others))}: not part of the release")
    return list(named)


def check_ssh(folder: Path, signers: Path, identity: str) -> None:
    """Raises Unproved where no key that `signers` has for `identity` signed the sums."""
    if not (folder / SSH_SIGNATURE).is_file():
        raise Unproved(f"there is no {SSH_SIGNATURE}: nobody signed by an SSH key")
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", identity, "-n", NAMESPACE]
    with (folder / SUMS).open("rb") as sums:
        _run([*command, "-s", str(folder / SSH_SIGNATURE)], "the signature by SSH does not hold", sums)


def check_sigstore(folder: Path, identity: str, issuer: str, python: str) -> None:
    """Raises Unproved where sigstore does not vouch for it; that takes its public keys, which it fetches once."""
    if not (folder / BUNDLE).is_file():
        raise Unproved(f"there is no {BUNDLE}: nobody signed by sigstore")
    command = [python, "-m", "sigstore", "verify", "identity", "--bundle", str(folder / BUNDLE)]
    _run(
        [*command, "--cert-identity", identity, "--cert-oidc-issuer", issuer, str(folder / SUMS)],
        "sigstore does not vouch for it",
    )


def wide() -> dict[str, str]:
    """The environment of a program that breaks its words into lines of 80 characters else."""
    return os.environ | {"COLUMNS": "300"}


def _run(command: list[str], otherwise: str, given: IO[bytes] | int = subprocess.DEVNULL) -> None:
    try:
        ran = subprocess.run(command, stdin=given, capture_output=True, text=True, check=False, env=wide())
    except FileNotFoundError as fault:
        raise Unproved(f"{command[0]} is not installed") from fault
    if ran.returncode:
        raise Unproved(f"{otherwise}: {fault_in(ran.stderr or ran.stdout)}")


def fault_in(text: str) -> str:
    """What a program said was wrong: the line of its error, else its last one."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()] or ["no word of why"]
    return next((line for line in lines if "ERROR" in line), lines[-1])[:300]


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as fault:
        raise Unproved(f"{file.name} cannot be read: {fault}") from fault


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--identity", required=True, help="whose signature it must be")
    options.add_argument("--signers", type=Path, help="allowed signers by SSH: a line of identity and public key")
    options.add_argument("--issuer", help="who vouches for the identity: its OpenID Connect issuer")
    options.add_argument("--python", default=sys.executable, help="a Python that has sigstore")
    chosen = options.parse_args()
    if (chosen.signers is None) == (chosen.issuer is None):
        options.error("one of --signers (SSH) and --issuer (sigstore) is needed")
    try:
        if chosen.signers is not None:
            check_ssh(chosen.folder, chosen.signers, chosen.identity)
        else:
            check_sigstore(chosen.folder, chosen.identity, chosen.issuer, chosen.python)
        files = check_files(chosen.folder)
    except Unproved as fault:
        print(f"not proved: {fault}", file=sys.stderr)
        return 1
    print(f"{len(files)} files as {chosen.identity} signed them: {', '.join(files)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
