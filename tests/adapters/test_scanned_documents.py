"""WEB-9's scan hook, with programs in the scanner's place that speak its exit statuses."""

import sys
from pathlib import Path

import pytest

from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.objects.scanned import ScannedObjects
from dialplane.domain.errors import Invalid, Unavailable

SCAN = "import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())"
LARGE = b"%PDF-" + b"0" * (4 << 20)


def scanned(folder: Path, program: str = SCAN) -> ScannedObjects:
    return ScannedObjects(FolderObjects(folder), [sys.executable, "-S", "-c", program])


async def test_harmless_file_is_kept_and_read_back(tmp_path: Path) -> None:
    objects = scanned(tmp_path)

    await objects.put("a/b", LARGE)

    assert await objects.get("a/b") == LARGE
    await objects.delete("a/b")
    assert await objects.get("a/b") is None


async def test_harmful_file_is_refused_and_not_kept(tmp_path: Path) -> None:
    objects = scanned(tmp_path)

    with pytest.raises(Invalid) as refused:
        await objects.put("a/b", LARGE + b"EICAR")

    assert refused.value.field == "content"
    assert await objects.get("a/b") is None


async def test_scanner_that_has_seen_enough_need_not_read_on(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        await scanned(tmp_path, "import sys; sys.exit(1)").put("a/b", LARGE)


@pytest.mark.parametrize("program", ["import sys; sys.exit(2)", "import os; os.kill(os.getpid(), 9)"])
async def test_scanner_that_cannot_tell_lets_nothing_in(tmp_path: Path, program: str) -> None:
    objects = scanned(tmp_path, program)

    with pytest.raises(Unavailable):
        await objects.put("a/b", LARGE)

    assert await objects.get("a/b") is None


async def test_scanner_that_is_not_there_lets_nothing_in(tmp_path: Path) -> None:
    objects = ScannedObjects(FolderObjects(tmp_path), [str(tmp_path / "no-such-program")])

    with pytest.raises(Unavailable):
        await objects.put("a/b", LARGE)
