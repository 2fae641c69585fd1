"""The torture messages of RFC 4475 and RFC 5118, with the answers that a user agent server may give."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class TortureMessage:
    name: str
    allowed: frozenset[str]
    """Status codes, `accept` (any sensible answer of the application) and `drop`."""
    data: bytes


def load_torture(folder: str) -> list[TortureMessage]:
    """Every message that `folder`'s table names."""
    rows = (FOLDER / folder / "expected.tsv").read_text("utf-8").splitlines()[1:]
    messages = []
    for row in rows:
        if row.startswith("#"):
            continue
        name, _, _, _, allowed, _ = row.split("\t")
        data = (FOLDER / folder / name).read_bytes()
        messages.append(TortureMessage(name.removesuffix(".dat"), frozenset(allowed.split("|")), data))
    return messages


def torture(folder: str, name: str) -> bytes:
    return (FOLDER / folder / f"{name}.dat").read_bytes()
