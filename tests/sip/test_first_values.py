"""The first value of each header field is at hand and stays true whatever is done to the fields."""

from collections.abc import Callable

import pytest

from dialplane.sip.headers import Headers

FIELDS = [("Via", "a"), ("Via", "b"), ("To", "t")]


def _scanned(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name, value)
    return found


@pytest.mark.parametrize("made", [Headers, Headers.of_canonical])
def test_first_values_follow_every_change(made: type[Headers]) -> None:
    headers = made(list(FIELDS))
    changes: list[Callable[[], None]] = [
        lambda: headers.add("Via", "c"),
        lambda: headers.add("Contact", "x"),
        lambda: headers.add_first("v", "z"),
        lambda: headers.replace_first("Via", "y"),
        lambda: headers.set("To", "u"),
        lambda: headers.remove("Via"),
        lambda: headers.set("Via", "n"),
    ]
    for change in changes:
        headers.parsed["To"] = "read before"
        change()
        assert headers.first == _scanned(headers)
        assert not headers.parsed


def test_copy_changes_by_itself() -> None:
    headers = Headers(FIELDS)
    copy = headers.copy()
    copy.add_first("Via", "z")
    assert headers.first["Via"] == "a"
    assert copy.first["Via"] == "z"
