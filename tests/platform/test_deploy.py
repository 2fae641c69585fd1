"""What is shipped beside the code fits it: units, image, manifests, alerts (SUP-3)."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialplane.bootstrap.programs import PROGRAMS
from dialplane.config.environment import from_environment, to_environment
from dialplane.config.settings import SANDBOX_DRAIN, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text()
VARIABLES = set(to_environment(Settings()))


def test_image_copies_whatever_the_package_is_made_of_and_ignores_none_of_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = {
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    let_in = set(re.findall(r"^!(.*)$", (ROOT / ".containerignore").read_text(), re.MULTILINE))
    locks = set(re.findall(r"-r (requirements/\S+)", CONTAINERFILE))
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"], *locks}
    needed |= {Path(package).parts[0] for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    needed |= set(re.findall(r"python (tools/\S+)", CONTAINERFILE))

    assert copied == needed == let_in
    assert all((ROOT / source).exists() for source in copied)
    assert "--require-hashes" in CONTAINERFILE


def test_image_runs_as_a_user_without_rights_and_holds_no_secret() -> None:
    """SUP-3, SUP-4."""
    last = CONTAINERFILE.rpartition("\nFROM ")[2]

    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert not re.search(r"^(ENV|ARG).*(KEY|PASSWORD|SECRET|TOKEN)", CONTAINERFILE, re.MULTILINE)
    assert set(re.findall(r"\b(DIALPLANE_\w+)=", last)) <= VARIABLES


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_units_are_what_systemd_takes_and_give_no_rights(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").glob("dialplane*"):
        if unit.is_file() and unit.suffix in (".service", ".target"):
            text = unit.read_text().replace("/opt/dialplane/.venv/bin/dialplane", sys.executable)
            for name in (
                [unit.name.replace("@", f"@{role}") for role in ("api", "voice")] if "@" in unit.name else [unit.name]
            ):
                (tmp_path / name).write_text(text)
    units = sorted(map(str, tmp_path.iterdir()))

    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )

    said = [line for line in checked.stderr.splitlines() if str(tmp_path) in line]
    assert checked.returncode == 0, checked.stderr
    assert said == []


def test_units_wait_longer_for_the_end_than_calls_may_drain() -> None:
    """AV-1."""
    for unit in (DEPLOY / "systemd").glob("*.service"):
        found = re.search(r"^TimeoutStopSec=(\d+)$", unit.read_text(), re.MULTILINE)
        assert found is not None
        assert int(found[1]) > Settings().drain.total_seconds() > SANDBOX_DRAIN.total_seconds()


def _manifests() -> list[Any]:
    files = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())["resources"]
    return [document for file in files for document in yaml.safe_load_all((DEPLOY / "kubernetes" / file).read_text())]


def _pods() -> list[Any]:
    return [each["spec"]["template"]["spec"] for each in _manifests() if "template" in each.get("spec", {})]


def test_manifests_run_every_role_without_rights_on_a_root_that_is_read_only() -> None:
    """SUP-3."""
    roles: list[str] = []
    for pod in _pods():
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True
        assert pod["enableServiceLinks"] is False
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] is True
            assert own["allowPrivilegeEscalation"] is False
            assert own["capabilities"] == {"drop": ["ALL"]}
            roles.append(container["args"][0])
            assert {each["name"] for each in container.get("env", [])} - {"HOST"} <= VARIABLES
    assert set(roles) == {"api", "voice", "media", "worker", "migrate"}
    assert set(roles) <= set(PROGRAMS)


def test_settings_of_manifests_are_settings_and_their_secrets_are_empty() -> None:
    """SUP-4: nobody starts with an example's secret."""
    (config,) = [each for each in _manifests() if each["kind"] == "ConfigMap"]
    (secret,) = [each for each in _manifests() if each["kind"] == "Secret"]
    settings, secrets = config["data"], secret["stringData"]

    assert isinstance(settings, dict)
    assert isinstance(secrets, dict)
    assert {*settings, *secrets} <= VARIABLES
    assert from_environment(settings).sandbox is False
    assert set(secrets.values()) == {""}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_alerts_are_rules_that_prometheus_takes_and_fire_when_they_should() -> None:
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        ran = subprocess.run(
            ["promtool", *command], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
