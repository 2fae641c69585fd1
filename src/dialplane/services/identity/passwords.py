"""What a password of a person may be: long enough, and none of those that everybody tries first (ASVS 6.2)."""

import re
from functools import cache
from importlib import resources

from dialplane.domain.errors import Invalid
from dialplane.services.rooms.agents import check_password

_DECORATION = 5
"""So many digits and signs around a common word make it no better: a year and an exclamation mark."""
_FEWEST_CHARACTERS = 4
"""Different ones: `aaaabbbb` is soon tried."""
_AROUND = re.compile(r"[\W\d_]*")


def check_new_password(password: str, *, email: str = "") -> str:
    """No rules of composition. Raises Invalid (`password`)."""
    check_password(password)
    if "\0" in password:
        raise Invalid("A password holds no NUL character", field="password")
    plain = password.casefold()
    if _is_common(plain) or len(set(plain)) < _FEWEST_CHARACTERS:
        raise Invalid("This password is among the first that are tried; choose another", field="password")
    name, _, host = email.casefold().partition("@")
    if email and plain in (email.casefold(), name, host):
        raise Invalid("This password is your address; choose another", field="password")
    return password


def _is_common(plain: str) -> bool:
    if plain in _common():
        return True
    head = _AROUND.match(plain)
    tail = _AROUND.match(plain[::-1])
    assert head is not None  # the pattern fits anywhere
    assert tail is not None
    word = plain[head.end() : len(plain) - tail.end()]
    return len(plain) - len(word) <= _DECORATION and word in _common()


@cache
def _common() -> frozenset[str]:
    text = resources.files(__package__).joinpath("common_passwords.txt").read_text()
    return frozenset(line for line in text.splitlines() if not line.startswith("# "))
