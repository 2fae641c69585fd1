"""The compiled core: modules that `tools/compile_core.py` has made into machine code, taken instead of their sources.

The sources are the truth. What was compiled is taken only if it was made from exactly the sources that stand here, all
of them, by their digests: after any edit, or where nothing was compiled, the sources run, and do the same more slowly.
This is looked at once, when the package is first imported. With DIALPLANE_PURE=1 the sources run in any case.
"""

import json
import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

SOURCES = Path(__file__).parents[1]
FOLDER = Path(__file__).with_name("_compiled")
SUFFIX = EXTENSION_SUFFIXES[0]
"""Names the interpreter and the machine that a module was compiled for."""
MANIFEST = FOLDER / f"core{SUFFIX}.json"
"""What was compiled from what: `modules` with the digests of their sources; the rest is for who compiles."""
LIBRARY = "dialplane_core__mypyc"
"""What the compiled modules have in common; each of them is a few lines that point into it."""

_compiled: frozenset[str] = frozenset()
_state = "pure Python: nothing is compiled"


class CompiledCore(MetaPathFinder):
    """Finds the modules of the manifest, and the library, before anybody looks for their sources."""

    def __init__(self, modules: frozenset[str]) -> None:
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        file = str(FOLDER / f"{fullname}{SUFFIX}")
        return spec_from_file_location(fullname, file, loader=ExtensionFileLoader(fullname, file))


def install() -> None:
    """Take what was compiled, if it is of these sources. Called once, before any other module of the package."""
    global _compiled, _state
    if os.environ.get("DIALPLANE_PURE") == "1":
        _state = "pure Python: DIALPLANE_PURE is set"
        return
    try:
        digests: dict[str, str] = json.loads(MANIFEST.read_bytes())["modules"]
    except FileNotFoundError:
        return
    if any(digest(module) != made_from for module, made_from in digests.items()):
        _state = "pure Python: the sources have changed since they were compiled"
        return
    _compiled = frozenset(digests)
    sys.meta_path.insert(0, CompiledCore(_compiled | {LIBRARY}))
    _state = f"compiled: {len(digests)} modules"


def digest(module: str) -> str:
    """Of the module's source; empty where there is none."""
    try:
        return sha256((SOURCES / f"{module.replace('.', '/')}.py").read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def compiled_modules() -> frozenset[str]:
    """What runs compiled in this process; empty where all runs from the sources."""
    return _compiled


def state() -> str:
    """The same in words, with the reason: for whoever looks at a start."""
    return _state
