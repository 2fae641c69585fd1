"""Addresses of parties: VoIPBIN's `{type, target, target_name, name, detail}`, used on calls, messages and flows."""

import re
from typing import Final, Literal

from dialplane.domain.errors import Invalid
from dialplane.domain.values import dataclass

AddressType = Literal["", "tel", "sip", "extension", "agent", "conference", "line", "email", "web_session"]
ADDRESS_TYPES: tuple[AddressType, ...] = (
    "", "tel", "sip", "extension", "agent", "conference", "line", "email", "web_session",
)  # fmt: skip

PHONE: Final = "extension"
"""The type of a phone of the account; its target is then the phone's name."""

_TEL = re.compile(r"\+[0-9]{7,15}")
_TEL_DECORATION = str.maketrans("", "", " .-()")


@dataclass(frozen=True, slots=True)
class Address:
    """One party. `target` is E.164 for `tel`, `user@host` for `sip`, a UUID for a resource."""

    type: AddressType
    target: str
    target_name: str = ""
    name: str = ""
    detail: str = ""


def tel(target: str) -> Address:
    """A `tel` address; `target` must already be E.164 with `+`."""
    return Address("tel", target)


def is_tel(target: str) -> bool:
    """Whether it is E.164 with `+`."""
    return _TEL.fullmatch(target) is not None


def normalize_tel(target: str, *, field: str = "target") -> str:
    """Strip spaces, dots, hyphens and brackets; the rest must be `+` and 7 to 15 digits.

    Raises Invalid naming `field` where it is not.
    """
    bare = target.translate(_TEL_DECORATION)
    if not _TEL.fullmatch(bare):
        raise Invalid(f"{field} must be + and 7 to 15 digits, got {target[:40]!r}", field=field)
    return bare


def read_sip(uri: str) -> str:
    """`user@host[:port]` of a SIP or SIPS URI or of such text, and the transport where one is written: it says where
    the server is found (RFC 3263 section 4.1). A SIPS URI is called over TLS."""
    scheme = next((each for each in ("sip:", "sips:") if uri[:5].lower().startswith(each)), "")
    user, at, where = uri[len(scheme) :].rpartition("@")
    host, *parameters = where.partition("?")[0].split(";")
    given = next((each.lower() for each in parameters if each.lower().startswith("transport=")), "")
    wanted = "transport=tls" if scheme == "sips:" else given
    return f"{user}{at}{host};{wanted}" if wanted else f"{user}{at}{host}"
