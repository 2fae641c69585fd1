"""Tags and metadata: what an account writes on its own things to find them again, and how much of it."""

from collections.abc import Mapping, Sequence

from dialplane.domain.errors import Invalid

MOST_TAGS = 50
LONGEST_TAG = 64
MOST_KEYS = 50
LONGEST_KEY = 64
LONGEST_VALUE = 512

MetadataValue = str | int | float | bool
"""What a key may hold."""

RTP_DEBUG = "rtp_debug"
"""The one key that means something to the platform: a switch (VoIPBIN reference 2.2)."""


def check_tags(tags: Sequence[str]) -> None:
    """Raises Invalid."""
    if len(tags) > MOST_TAGS:
        raise _invalid("tags", f"are {MOST_TAGS} at most")
    if not all(1 <= len(tag) <= LONGEST_TAG for tag in tags):
        raise _invalid("tags", f"have 1 to {LONGEST_TAG} characters each")


def merge_metadata(kept: Mapping[str, object], change: Mapping[str, object]) -> dict[str, object]:
    """`change` laid over what is kept; a key whose value is None goes. Raises Invalid where that is too much."""
    for key, value in change.items():
        _check_entry(key, value)
    merged = {key: value for key, value in {**kept, **change}.items() if value is not None}
    if len(merged) > MOST_KEYS:
        raise _invalid("metadata", f"has {MOST_KEYS} keys at most")
    return merged


def _check_entry(key: str, value: object) -> None:
    if not 1 <= len(key) <= LONGEST_KEY:
        raise _invalid("metadata", f"has keys of 1 to {LONGEST_KEY} characters")
    if not isinstance(value, str | int | float | None):
        raise _invalid(f"metadata.{key}", "is a text, a number, true, false or null")
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        raise _invalid(f"metadata.{key}", f"has {LONGEST_VALUE} characters at most")
    if key == RTP_DEBUG and not isinstance(value, bool | None):
        raise _invalid(f"metadata.{key}", "is true or false")


def _invalid(field: str, says: str) -> Invalid:
    return Invalid(f"{field} {says}", reason="INVALID_ARGUMENT", field=field)
