"""Parties as SMPP names them: digits with a type of number beside them (SMPP 3.4 sections 5.2.5 and 5.2.6)."""

from dialplane.domain.addresses import is_tel
from dialplane.domain.calling.routing import forms

UNKNOWN, INTERNATIONAL, NATIONAL, ALPHANUMERIC = 0, 1, 2, 5
ISDN = 1
"""The numbering plan of E.164."""
_LONGEST_NAME = 20


def from_smpp(digits: str, ton: int, *, country: str) -> str:
    """E.164 where it can be that; else as it came. What is not marked as international may be so all the same."""
    if ton == ALPHANUMERIC:
        return digits
    if ton == INTERNATIONAL and is_tel(international := "+" + digits.lstrip("+")):
        return international
    first = forms(digits, country)[0]
    return first if is_tel(first) else digits


def to_smpp(target: str) -> tuple[str, int, int]:
    """Digits, type of number and numbering plan."""
    if target.startswith("+"):
        return target[1:], INTERNATIONAL, ISDN
    if target.isascii() and target.isdigit():
        return target[:_LONGEST_NAME], UNKNOWN, ISDN
    return target.encode("latin-1", "replace").decode("latin-1")[:_LONGEST_NAME], ALPHANUMERIC, UNKNOWN
