"""The compiled core is taken only where it was made from the sources that stand there (decision 0064)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dialplane.compiled import FOLDER, compiled_modules

ROOT = Path(__file__).parents[1]
_WHERE_FROM = (
    "import dialplane.sip.text as m; from dialplane.compiled import state; print(state(), m.__file__, sep='|')"
)

pytestmark = pytest.mark.skipif(not compiled_modules(), reason="nothing is compiled here")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources with what was compiled from them."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    return tmp_path


def test_untouched_sources_run_compiled(tree: Path) -> None:
    state, file = _where_from(tree)

    assert state == f"compiled: {len(compiled_modules())} modules"
    assert Path(file).parent == tree / "src/dialplane" / FOLDER.name


def test_one_changed_source_lets_all_of_them_run_as_they_stand(tree: Path) -> None:
    changed = tree / "src/dialplane/sdp/session.py"
    changed.write_text(changed.read_text() + "\n")

    state, file = _where_from(tree)

    assert state == "pure Python: the sources have changed since they were compiled"
    assert file == str(tree / "src/dialplane/sip/text.py")


def test_sources_run_where_that_is_asked_for(tree: Path) -> None:
    assert _where_from(tree, DIALPLANE_PURE="1") == (
        "pure Python: DIALPLANE_PURE is set",
        str(tree / "src/dialplane/sip/text.py"),
    )


@pytest.mark.parametrize(
    ("compiler", "why"),
    [
        ({"PATH": "", "CC": ""}, "(there is no C compiler cc)"),
        ({"CC": shutil.which("false") or "false"}, "/false compiles nothing)"),
    ],
)
def test_without_a_compiler_that_works_the_build_says_so_and_leaves_the_sources(
    tree: Path, compiler: dict[str, str], why: str
) -> None:
    build = [sys.executable, "tools/compile_core.py"]
    environment = _environment(tree, **compiler)

    told = subprocess.run(build, cwd=tree, env=environment, capture_output=True, text=True)
    refused = subprocess.run([*build, "--strict"], cwd=tree, env=environment, capture_output=True, text=True)

    assert (told.returncode, refused.returncode) == (0, 1)
    assert told.stdout.startswith("core: not compiled, runs from its sources (")
    assert told.stdout.endswith(f"{why}\n")
    assert _where_from(tree) == ("pure Python: nothing is compiled", str(tree / "src/dialplane/sip/text.py"))


UNFIT = {
    "has coroutines": "async def wait() -> None: ...",
    "catches several types by one name in ask": """
def ask() -> str:
    try:
        return ""
    except KeyError as fault:
        return str(fault)
    except ValueError as fault:
        return str(fault)
""",
}


@pytest.mark.parametrize(("why", "code"), UNFIT.items())
def test_what_would_run_otherwise_than_its_source_is_not_compiled(tree: Path, why: str, code: str) -> None:
    source = tree / "src/dialplane/sdp/session.py"
    source.write_text(source.read_text() + code)

    told = subprocess.run(
        [sys.executable, "tools/compile_core.py"], cwd=tree, env=_environment(tree), capture_output=True, text=True
    )

    assert told.returncode != 0
    assert f"dialplane.sdp.session {why}" in told.stderr


def _where_from(tree: Path, **settings: str) -> tuple[str, str]:
    """How the core of this tree runs, and the file of one of its modules."""
    found = subprocess.run(
        [sys.executable, "-c", _WHERE_FROM],
        env=_environment(tree, **settings),
        capture_output=True,
        text=True,
        check=True,
    )
    state, _, file = found.stdout.strip().partition("|")
    return state, file


def _environment(tree: Path, **settings: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree / "src"), **settings}
