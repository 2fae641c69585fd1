"""The Identity header field (RFC 8224 section 4)."""

import re
from dataclasses import dataclass

from dialplane.stir.errors import Fault, StirError
from dialplane.stir.passport import ALGORITHM, EXTENSION, SignedPassport, parse

MAX_FIELDS = 8
"""Identity header fields that are looked at; what comes after them is passed over."""
MAX_FIELD = 8192
_PARAMETER = re.compile(r';[ \t]*([A-Za-z0-9-]+)[ \t]*=[ \t]*(?:<([^<>]*)>|"([^"\\]*)"|([^;,"<> \t]+))[ \t]*')


@dataclass(frozen=True, slots=True)
class Identity:
    """A token and the place of the certificate that signed it."""

    info: str
    signed: SignedPassport
    text: str
    """The token as it came."""


def write_identity(token: str, x5u: str) -> str:
    return f"{token};info=<{x5u}>;alg={ALGORITHM};ppt={EXTENSION}"


def is_for_us(field: str) -> bool:
    """Whether it is a SHAKEN identity, or one that does not say what it is. Others stand beside it, such as those of
    diverted calls (RFC 8946), and are passed over."""
    kind = re.search(r';[ \t]*ppt[ \t]*=[ \t]*"?([A-Za-z0-9-]*)', field[:MAX_FIELD], re.IGNORECASE)
    return kind is None or kind[1].lower() == EXTENSION


def parse_identity(field: str) -> Identity:
    """Raises StirError: 436 where there is no usable `info`, 438 where the rest does not hold."""
    if len(field) > MAX_FIELD:
        raise StirError(Fault.INVALID, "the Identity header field is too long")
    token, _, _ = field.partition(";")
    parameters = _parameters(field[len(token) :])
    info = parameters.get("info", "")
    if not info.lower().startswith("https://"):
        raise StirError(Fault.BAD_INFO, "the Identity header names no https address of a certificate")
    if parameters.get("alg", ALGORITHM) != ALGORITHM:
        raise StirError(Fault.INVALID, "the Identity header's algorithm is not ES256")
    if parameters.get("ppt", EXTENSION).lower() != EXTENSION:
        raise StirError(Fault.INVALID, "the Identity header is not of the kind shaken")
    signed = parse(token.strip(" \t"))
    if signed.passport.x5u != info:
        raise StirError(Fault.INVALID, "info and x5u name different certificates")
    return Identity(info, signed, token.strip(" \t"))


def _parameters(text: str) -> dict[str, str]:
    """Of the field, by their names in lower case. Raises StirError where it is malformed or names one twice."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None or match[1].lower() in found:
            raise StirError(Fault.INVALID, "the parameters of the Identity header are malformed")
        found[match[1].lower()] = match[2] or match[3] or match[4] or ""
        position = match.end()
    return found
