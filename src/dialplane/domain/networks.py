"""Which addresses a tenant may make us reach (SSRF-1, SSRF-2): globally routable ones, and those the operator allows.

The lists stand here and not in `ipaddress.is_global`, which calls NAT64, 6to4, site-local addresses and multicast
global, and whose answer changes between Python's versions. Source: the IANA special-purpose address registries.
"""

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_CLOSED_V4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip

_GLOBAL_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = [IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]

_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Raises ValueError where a text is no network."""
    return tuple(ipaddress.ip_network(text.strip()) for text in texts if text.strip())


def unwrap(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped, NAT64 or 6to4 address, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return address


def is_allowed(address: Address, allow: Sequence[Network]) -> bool:
    """Whether a request may go to `address`, whose inner IPv4 address decides where it has one."""
    inner = unwrap(address)
    if any(inner in network for network in allow):
        return True
    if isinstance(inner, IPv4Address):
        return not any(inner in network for network in _CLOSED_V4)
    return inner in _GLOBAL_V6 and not any(inner in network for network in _CLOSED_V6)
