"""Accounts' trunks: how a PBX of theirs calls out (VoIPBIN reference section 6.5).

They take no calls, and make nobody a carrier: the peers that bring PSTN calls are in `domain.calling.trunks`.
"""

import re
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, ip_address, ip_network

from dialplane.domain.calling.trunks import Network
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import AccountId, PbxTrunkId
from dialplane.domain.values import dataclass

LONGEST_DOMAIN = 128
LONGEST_PASSWORD = 128
LONGEST_NAME = 255
LONGEST_DETAIL = 4096
MOST_ALLOWED = 100
WIDEST_IPV4 = 8
WIDEST_IPV6 = 32
"""Prefix lengths: a wider network would let nearly anybody call at the account's expense."""

_LABEL = r"(?!trunk(?:\.|$))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_USERNAME = re.compile(r"[A-Za-z0-9_.+-]{1,64}")
_MARK = ".trunk."


class AuthType(StrEnum):
    """One way of proving to be the trunk's PBX; of several, one will do."""

    BASIC = "basic"
    """User name and password, by SIP's digest."""
    IP = "ip"
    """The address that the request comes from."""


@dataclass(frozen=True, slots=True)
class PbxTrunk:
    """One way out for an account's PBX, which calls `<number>@<domain_name>.trunk.<any domain>`."""

    id: PbxTrunkId
    account_id: AccountId
    domain_name: str
    """In lower case; no other live trunk of the platform has it."""
    auth_types: tuple[AuthType, ...]
    created_at: datetime
    username: str = ""
    password: str = field(default="", repr=False)
    """Kept readable: digest authentication needs it."""
    allowed: tuple[Network, ...] = ()
    name: str = ""
    detail: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def takes_passwords(self) -> bool:
        return AuthType.BASIC in self.auth_types

    def allows(self, host: str) -> bool:
        """Whether a request from this IP address needs no password."""
        if AuthType.IP not in self.auth_types:
            return False
        try:
            address = ip_address(host)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.allowed)


def called_trunk(host: str) -> str:
    """The domain name in `<domain_name>.trunk.<any domain>` (in lower case); empty where the host has no such form."""
    if ".trunk" not in host:  # nearly every call's
        return ""
    name, mark, _ = f"{host}.".partition(_MARK)
    return name if mark else ""


def read_allowed(texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks, each once. Raises Invalid naming `allowed_ips`."""
    if len(texts) > MOST_ALLOWED:
        raise Invalid(f"allowed_ips may have {MOST_ALLOWED} entries at most", field="allowed_ips")
    return tuple(dict.fromkeys(_network(text) for text in texts))


def show_allowed(network: Network) -> str:
    """A single address without its prefix length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError as fault:
        raise Invalid(
            f"{text[:64]!r} is no address such as 203.0.113.7, nor a network such as 203.0.113.0/24",
            field="allowed_ips",
        ) from fault
    widest = WIDEST_IPV4 if isinstance(network, IPv4Network) else WIDEST_IPV6
    if network.prefixlen < widest:
        raise Invalid(f"{network} is wider than /{widest}", field="allowed_ips")
    return network


def check_pbx_trunk(trunk: PbxTrunk) -> None:
    """Raises Invalid naming the field that does not hold to the limits, or that a way of authentication lacks."""
    if len(trunk.domain_name) > LONGEST_DOMAIN or not _DOMAIN.fullmatch(trunk.domain_name):
        raise Invalid(
            "domain_name must be letters, digits and hyphens (parts joined by dots, none of them `trunk`),"
            f" {LONGEST_DOMAIN} characters at most: what stands before `.trunk.` in the host that the PBX calls",
            field="domain_name",
        )
    if not trunk.auth_types:
        raise Invalid("auth_types must name basic, ip or both", field="auth_types")
    if trunk.username and not _USERNAME.fullmatch(trunk.username):
        raise Invalid(
            "username may have 64 letters, digits, dots, underscores, plus signs and hyphens", field="username"
        )
    if len(trunk.password) > LONGEST_PASSWORD:
        raise Invalid(f"password may have {LONGEST_PASSWORD} characters at most", field="password")
    if len(trunk.name) > LONGEST_NAME:
        raise Invalid(f"name may have {LONGEST_NAME} characters at most", field="name")
    if len(trunk.detail) > LONGEST_DETAIL:
        raise Invalid(f"detail may have {LONGEST_DETAIL} characters at most", field="detail")
    if trunk.takes_passwords and not trunk.username:
        raise Invalid("basic authentication needs a username", field="username")
    if trunk.takes_passwords and not trunk.password:
        raise Invalid("basic authentication needs a password", field="password")
    if AuthType.IP in trunk.auth_types and not trunk.allowed:
        raise Invalid("ip authentication needs allowed_ips", field="allowed_ips")
