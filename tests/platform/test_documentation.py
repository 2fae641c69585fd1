"""The documentation is of this code: generated pages name everything, the score-card proves what it says, the site is
whole and asks nobody for anything."""

import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from dialplane.config.environment import to_environment
from dialplane.config.settings import Settings

ROOT = Path(__file__).parents[2]
_PROOF = re.compile(r"`((?:faces|carriers|services|voice)/[\w/]+\.py)::(\w+)`")


@cache
def _tool(name: str) -> ModuleType:
    """A module of tools/, as its own script sees it."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return module


def test_every_setting_is_in_the_reference_with_its_reason() -> None:
    page = _tool("reference").settings()

    for variable in to_environment(Settings()):
        _, _, section = page.partition(f"## `{variable}`\n")
        words = section.partition("\n## ")[0].split("\n\n", 1)[-1].strip().splitlines()
        assert [line for line in words if line and not line.startswith("Default")], variable


def test_every_command_is_in_the_reference() -> None:
    page = _tool("reference").commands()

    assert set(re.findall(r"^## `dialplane (\w[\w-]*)`", page, re.MULTILINE)) >= {
        "up", "api", "voice", "media", "worker", "migrate", "backup", "restore", "status", "demo", "phone",
    }  # fmt: skip


def test_scorecard_names_every_call_and_no_test_that_is_not_there() -> None:
    """Written by `make scorecard`; a call that was added, or a test that was renamed, wants it written again."""
    page = (ROOT / "docs" / "compatibility.md").read_text()

    shown = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", page, re.MULTILINE))
    wanted = {f"{method} {path}" for _, routes in _tool("scorecard").sections().values() for method, path in routes}
    proofs = set(_PROOF.findall(page))
    texts = {file: (ROOT / "tests" / file).read_text() for file, _ in proofs}

    assert shown == wanted
    assert [proof for proof in proofs if f"def {proof[1]}(" not in texts[proof[0]]] == []


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="needs the extra docs")
def test_site_is_whole_and_asks_no_other_host(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(ROOT / "docs"), str(folder)], check=True)
    subprocess.run([sys.executable, str(ROOT / "tools/reference.py"), str(folder / "reference")], check=True)
    config = tmp_path / "mkdocs.yml"
    config.write_text((ROOT / "mkdocs.yml").read_text().replace("docs_dir: docs", f"docs_dir: {folder}"))

    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--quiet",
            "-f",
            str(config),
            "-d",
            str(tmp_path / "site"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    asked = [
        (page.name, url)
        for page in (tmp_path / "site").rglob("*.html")
        for url in re.findall(
            r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=[\"']?(https?://[^\"'> ]+)", page.read_text()
        )
    ]
    assert asked == []
