"""Looks for known vulnerabilities in locked requirements, and tells three outcomes apart.

Exit status 0: nothing known, or only what `requirements/audit-exceptions.toml` excuses until a date. 1: findings.
Where the database cannot be asked (no network, a mirror without it), that is said and counts as no answer: status 0,
or 2 with DIALPLANE_REQUIRE_AUDIT=1.
"""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

EXCEPTIONS = Path("requirements/audit-exceptions.toml")
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Finding:
    package: str
    version: str
    vulnerability: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.vulnerability}"


def audit(requirements: Path) -> tuple[list[Finding], int, int]:
    """Findings, how many packages were looked up, and how many the database gave no answer for."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    ran = subprocess.run(
        [*command, "--format", "json", "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    try:
        packages = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"{requirements}: the audit gave no result: {ran.stderr.strip()[-500:]}", file=sys.stderr)
        return [], 0, 1
    found = [
        Finding(package["name"], package["version"], vulnerability["id"])
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    unanswered = sum("skip_reason" in package for package in packages)
    return found, len(packages) - unanswered, unanswered


def excused(today: date) -> set[tuple[str, str]]:
    """`(package, vulnerability)` of every exception that still holds."""
    entries = tomllib.loads(EXCEPTIONS.read_text()).get("exception", [])
    return {(entry["package"], entry["id"]) for entry in entries if entry["until"] >= today}


def main(files: list[str]) -> int:
    allowed = excused(datetime.now(UTC).date())
    results = [audit(Path(file)) for file in files]
    findings = {finding for found, _, _ in results for finding in found}
    bad = {finding for finding in findings if (finding.package, finding.vulnerability) not in allowed}
    asked, unanswered = sum(asked for _, asked, _ in results), sum(silent for _, _, silent in results)
    for finding in sorted(map(str, bad)):
        print(finding)
    if bad:
        return 1
    if unanswered:
        print(
            f"NOT AUDITED: the vulnerability database did not answer for {unanswered} of {asked + unanswered} entries"
        )
        return 2 if os.environ.get("DIALPLANE_REQUIRE_AUDIT") == "1" else 0
    print(f"No known vulnerabilities in {asked} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
