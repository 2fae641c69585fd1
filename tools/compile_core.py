"""Makes the hot, strictly typed core into machine code with mypyc: `python tools/compile_core.py [--strict]`.

What comes out lies in `src/dialplane/_compiled`, and `dialplane.compiled` takes it for as long as the sources are those
it was made from; nothing is done where it still is up to date. Without a C compiler or Python's headers, and with
DIALPLANE_PURE=1, all runs from the sources: one line says so, which is an error only with `--strict`.
"""

import argparse
import ast
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from mypyc.build import mypycify
from setuptools import Extension

from dialplane.compiled import FOLDER, LIBRARY, MANIFEST, SOURCES, SUFFIX, digest

ROOT = Path(__file__).parents[1]
CORE = (
    "sip/*", "sdp/*",
    *(f"voice/useragent/{name}" for name in ("calls", "dispatch", "events", "incoming", "outgoing", "reason",
      "reliable", "requests", "same_delay", "session", "station")),
    "voice/pulses", "voice/endings",
    *(f"voice/defence/{name}" for name in ("admission_rate", "defence", "strangers")),
    *(f"domain/flows/{name}" for name in ("machine", "run", "variables")),
)  # fmt: skip
"""What a call spends its time in, as far as nothing in it waits: see `core`."""
FLAGS = ("-O1", "-fPIC", "-fvisibility=hidden", "-DNDEBUG", "-w")
"""-O2 takes half as long again to compile and is no faster: the time is in calls of Python's own functions."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--strict", action="store_true", help="fail where nothing can be compiled")
    is_strict = parser.parse_args().strict
    obstacle = find_obstacle()
    if obstacle:
        shutil.rmtree(FOLDER, ignore_errors=True)
        print(f"core: not compiled, runs from its sources ({obstacle})")
        return 1 if is_strict else 0
    manifest = describe(sorted(core()))
    if MANIFEST.exists() and json.loads(MANIFEST.read_bytes()) == manifest:
        return 0
    began = time.monotonic()
    compile_core(manifest)
    print(f"core: {len(manifest['modules'])} modules compiled in {time.monotonic() - began:.0f} s")
    return 0


def find_obstacle() -> str:
    """Why nothing can be compiled here; empty where it can."""
    if os.environ.get("DIALPLANE_PURE") == "1":
        return "DIALPLANE_PURE is set"
    if shutil.which(compiler()[0]) is None:
        return f"there is no C compiler {compiler()[0]}"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "there is no Python.h: install Python's headers, such as python3-dev"
    with tempfile.TemporaryDirectory(prefix="dialplane-probe-") as name:
        probe = Path(name) / "probe.c"
        probe.write_text("#include <Python.h>\n")
        include = f"-I{sysconfig.get_path('include')}"
        done = subprocess.run([*compiler(), *FLAGS, include, "-c", str(probe), "-o", f"{probe}.o"], capture_output=True)
    return f"{compiler()[0]} compiles nothing" if done.returncode else ""


def compiler() -> list[str]:
    """The compiler of CC, else the one that Python itself was made with, else the system's."""
    for command in (os.environ.get("CC"), sysconfig.get_config_var("CC")):
        if command and shutil.which(shlex.split(command)[0]):
            return shlex.split(command)
    return ["cc"]


def core() -> Iterator[str]:
    """The modules to compile, with their full names.

    Raises ValueError for one that would not do as its source does (`unfit`).
    """
    package = SOURCES / "dialplane"
    for pattern in CORE:
        found = [path for path in package.glob(f"{pattern}.py") if path.stem != "__init__"]
        if not found:
            raise FileNotFoundError(f"the core has no {pattern}")
        for path in found:
            name = path.relative_to(SOURCES).with_suffix("").as_posix().replace("/", ".")
            if why := unfit(ast.parse(path.read_bytes())):
                raise ValueError(f"{name} {why}")
            yield name


def unfit(module: ast.Module) -> str:
    """Why machine code would do something else than these sources; empty where it does not.

    In a coroutine, what the checker knows of an attribute before an `await` is taken for true after it, where another
    task may have changed it (`voice/moment.py` would fail so). A name for what was caught has the first handler's type
    in the whole function.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.AsyncFunctionDef):
            return "has coroutines"
        if isinstance(node, ast.FunctionDef):
            handlers = [each for each in ast.walk(node) if isinstance(each, ast.ExceptHandler) and each.name]
            caught = {(each.name, ast.unparse(each.type or each)) for each in handlers}
            if len(caught) > len({each.name for each in handlers}):
                return f"catches several types by one name in {node.name}"
    return ""


def describe(modules: Iterable[str]) -> dict[str, dict[str, str]]:
    """The manifest: sources of what is compiled and of what it imports, whose types and constants go into it; tools."""
    names = list(modules)
    seen = imported(names)
    return {
        "modules": {name: digest(name) for name in names},
        "imports": {name: digest(name) for name in sorted(seen - set(names))},
        "tools": {"mypy": version("mypy"), "python": sys.version, "flags": shlex.join((*compiler(), *FLAGS))},
    }


def imported(modules: Iterable[str]) -> set[str]:
    """All modules of ours that these import, directly or not."""
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = SOURCES / f"{name.replace('.', '/')}.py"
        if name in seen or not path.exists():
            continue
        seen.add(name)
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dialplane"):
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names if alias.name.startswith("dialplane")]
    return seen


def compile_core(manifest: dict[str, dict[str, str]]) -> None:
    """Put what comes out in place of what lies there; the manifest comes last, so that half of it is never taken."""
    with tempfile.TemporaryDirectory(prefix="dialplane-core-") as name:
        build = Path(name)
        extensions = translate(manifest["modules"], build)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            jobs = [(extension, source) for extension in extensions for source in extension.sources]
            # The largest first: at the end one of them would keep all but one processor waiting.
            jobs.sort(key=lambda job: -Path(job[1]).stat().st_size)
            list(threads.map(lambda job: assemble(*job), jobs))
            list(threads.map(lambda extension: link(extension, build), extensions))
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        for made in build.glob(f"*{SUFFIX}"):
            shutil.copy(made, FOLDER)
    MANIFEST.write_text(json.dumps(manifest, indent=1))


def translate(modules: Iterable[str], build: Path) -> list[Extension]:
    """Python to C; what mypyc finds wrong is printed, and ends the program."""
    os.chdir(SOURCES)
    return mypycify(
        [
            *("--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(build / "types")),
            *(f"{module.replace('.', '/')}.py" for module in modules),
        ],
        group_name=LIBRARY.removesuffix("__mypyc"),
        multi_file=True,
        target_dir=str(build / "c"),
    )


def assemble(extension: Extension, source: str) -> None:
    includes = [sysconfig.get_path("include"), *extension.include_dirs]
    run([*compiler(), *FLAGS, *(f"-I{folder}" for folder in includes), "-c", source, "-o", f"{source}.o"])


def link(extension: Extension, build: Path) -> None:
    shared = ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared", "-s"]
    made = build / f"{extension.name}{SUFFIX}"
    run([*compiler(), *shared, *(f"{source}.o" for source in extension.sources), "-o", str(made)])


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"core: {shlex.join(command[-3:])} failed\n{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
