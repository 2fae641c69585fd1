"""A number's metadata as lines that people write: `key = value`."""

from collections.abc import Mapping

from dialplane.domain.errors import Invalid


def write_metadata(metadata: Mapping[str, object]) -> str:
    return "\n".join(f"{key} = {_text(value)}" for key, value in metadata.items())


def read_metadata(text: str, kept: Mapping[str, object]) -> dict[str, object]:
    """The change that makes `kept` what the lines say: a key that stands in none goes, and a value that reads as it was
    written stays what it was, a number or a switch. Raises Invalid (`metadata`)."""
    change: dict[str, object] = dict.fromkeys(kept)
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key:
            raise Invalid(f"{line[:40]!r} is no key = value", field="metadata")
        change[key] = kept[key] if key in kept and _text(kept[key]) == value else value
    return change


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
