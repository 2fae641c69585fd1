"""A SIP message as a HEP3 packet (the HEP/EEP protocol, revision 36): what Homer and other captures listen for.

`HEP3`, the whole length, and then chunks: vendor, type, length with these six octets, value. Numbers are big-endian.
"""

import struct
from ipaddress import IPv4Address

from dialplane.sip.pcap import Captured, addresses_of

_CHUNK = struct.Struct("!HHH")
_GENERIC = 0
"""The vendor of the types below."""
_FAMILY, _TRANSPORT, _SOURCE_4, _TARGET_4, _SOURCE_6, _TARGET_6 = 1, 2, 3, 4, 5, 6
_SOURCE_PORT, _TARGET_PORT, _SECONDS, _MICROSECONDS, _PROTOCOL, _AGENT = 7, 8, 9, 10, 11, 12
_PAYLOAD, _CORRELATION, _NODE = 15, 17, 19
_AF_INET, _AF_INET6 = 2, 10
_SIP = 1
_UDP, _TCP = 17, 6
LONGEST = 65_000
"""Octets of a message that a packet over UDP has room for."""


def encode(message: Captured, *, call_id: bytes, agent: int, node: str) -> bytes:
    """The packet. `agent` numbers who captured, `node` names it; `call_id` lets Homer find what belongs together."""
    source, target = addresses_of(message.source.host, message.destination.host)
    is_ipv4 = isinstance(target, IPv4Address)
    seconds, micros = divmod(round(message.at * 1_000_000), 1_000_000)
    chunks = b"".join(
        [
            _chunk(_FAMILY, struct.pack("!B", _AF_INET if is_ipv4 else _AF_INET6)),
            _chunk(_TRANSPORT, struct.pack("!B", _UDP if message.transport == "udp" else _TCP)),
            _chunk(_SOURCE_4 if is_ipv4 else _SOURCE_6, source.packed),
            _chunk(_TARGET_4 if is_ipv4 else _TARGET_6, target.packed),
            _chunk(_SOURCE_PORT, struct.pack("!H", message.source.port)),
            _chunk(_TARGET_PORT, struct.pack("!H", message.destination.port)),
            _chunk(_SECONDS, struct.pack("!I", seconds)),
            _chunk(_MICROSECONDS, struct.pack("!I", micros)),
            _chunk(_PROTOCOL, struct.pack("!B", _SIP)),
            _chunk(_AGENT, struct.pack("!I", agent)),
            _chunk(_NODE, node.encode()[:255]),
            _chunk(_CORRELATION, call_id[:255]),
            _chunk(_PAYLOAD, message.data[:LONGEST]),
        ]
    )
    return b"HEP3" + struct.pack("!H", 6 + len(chunks)) + chunks


def _chunk(kind: int, value: bytes) -> bytes:
    return _CHUNK.pack(_GENERIC, kind, _CHUNK.size + len(value)) + value
