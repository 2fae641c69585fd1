"""Writes what a release is made of, as CycloneDX: `python tools/sbom.py FILE` (SUP-2).

From the lock and the vendored script, so that the same tree gives the same list (to
the byte with SOURCE_DATE_EPOCH); versions and hashes are those that the
installation is held to. Licences are added where the package is installed here.
"""

import importlib.metadata
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "runtime.txt"
SIP_JS = ROOT / "src/dialplane/faces/portal/static/sip.js"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_MADE = re.compile(r"SIP\.js[^\d\n]*(\d+\.\d+\.\d+)|version \"?(\d+\.\d+\.\d+)")


def locked(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Name, version and hashes of each entry of a requirements file."""
    pins = list(_PIN.finditer(text))
    for pin, after in zip(pins, [*pins[1:], None], strict=True):
        entry = text[pin.start() : after.start() if after else len(text)]
        yield pin[1], pin[2], _HASH.findall(entry)


def bom() -> Bom:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    licences = LicenseFactory()
    made = Bom()
    made.metadata.component = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref=f"{project['name']}@{project['version']}",
        licenses=[licences.make_from_string(project["license"])],
    )
    for name, version, hashes in locked(LOCK.read_text()):
        licence = _licence(name)
        made.components.add(
            Component(
                name=name,
                version=version,
                type=ComponentType.LIBRARY,
                bom_ref=f"{name}@{version}",
                purl=PackageURL("pypi", name=name, version=version),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in hashes],
                licenses=[licences.make_from_string(licence)] if licence else [],
            )
        )
    made.components.add(_sip_js(licences))
    made.register_dependency(made.metadata.component, made.components)
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        made.metadata.timestamp = datetime.fromtimestamp(int(epoch), UTC)
    content = "".join(sorted(f"{part.name}@{part.version}" for part in made.components))
    made.serial_number = uuid5(NAMESPACE_URL, f"dialplane@{project['version']}:{content}")
    return made


def _licence(name: str) -> str:
    try:
        facts = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:  # of another platform than this one
        return ""
    text = next((facts[field] for field in ("License-Expression", "License") if facts[field]), "")
    return text if len(text) < 100 else ""  # some put the whole text there


def _sip_js(licences: LicenseFactory) -> Component:
    found = _MADE.search(SIP_JS.read_text())
    version = next(filter(None, found.groups()), "") if found else ""
    return Component(
        name="sip.js",
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"sip.js@{version}",
        purl=PackageURL("npm", name="sip.js", version=version or None),
        licenses=[licences.make_from_string("MIT")],
    )


def main(file: str) -> int:
    Path(file).write_text(JsonV1Dot6(bom()).output_as_string(indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
