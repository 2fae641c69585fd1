"""SIP messages as a capture file that tcpdump and Wireshark read (libpcap format 2.4, raw IP packets).

What is kept of a call are its messages, not its packets: the IP, UDP and TCP headers are made here. A TCP message
becomes one segment; sequence numbers go on from segment to segment, as the connection's would.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

LINK_RAW = 101
"""LINKTYPE_RAW: the packet begins with its IP header."""
_UDP, _TCP = 17, 6
_LONGEST = 65_535 - 60
"""Octets of a message that fit into one packet beside its headers."""
_PSH_ACK = 0x18

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Captured:
    """One message from `source` to `destination`; `at` is Unix time in seconds."""

    at: float
    transport: Literal["udp", "tcp", "tls", "ws"]
    """What came encrypted or in a websocket's frame is written as plain TCP."""
    source: Endpoint
    destination: Endpoint
    data: bytes


def write_pcap(messages: Iterable[Captured]) -> bytes:
    """The whole file."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, LINK_RAW)]
    sequences: dict[tuple[Endpoint, Endpoint], int] = {}
    for message in messages:
        packet = _packet(message, sequences)
        seconds, micros = divmod(round(message.at * 1_000_000), 1_000_000)
        parts += [struct.pack("<IIII", seconds, micros, len(packet), len(packet)), packet]
    return b"".join(parts)


def _packet(message: Captured, sequences: dict[tuple[Endpoint, Endpoint], int]) -> bytes:
    source, destination = addresses_of(message.source.host, message.destination.host)
    ports = struct.pack(">HH", message.source.port, message.destination.port)
    data = message.data[:_LONGEST]
    if message.transport == "udp":
        header = ports + struct.pack(">HH", 8 + len(data), 0)
        segment = _with_checksum(source, destination, _UDP, header + data, at=6)
    else:
        way = (message.source, message.destination)
        sequence, acknowledged = sequences.get(way, 1), sequences.get(way[::-1], 1)
        sequences[way] = (sequence + len(data)) & 0xFFFFFFFF
        header = ports + struct.pack(">IIBBHHH", sequence, acknowledged, 5 << 4, _PSH_ACK, 65_535, 0, 0)
        segment = _with_checksum(source, destination, _TCP, header + data, at=16)
    return _ip_header(source, destination, message.transport, len(segment)) + segment


def _ip_header(source: Address, destination: Address, transport: str, length: int) -> bytes:
    protocol = _UDP if transport == "udp" else _TCP
    if isinstance(source, IPv6Address):
        return struct.pack(">IHBB", 6 << 28, length, protocol, 64) + source.packed + destination.packed
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, protocol, 0) + source.packed + destination.packed
    return header[:10] + struct.pack(">H", _checksum(header)) + header[12:]


def _with_checksum(source: Address, destination: Address, protocol: int, segment: bytes, *, at: int) -> bytes:
    pseudo = source.packed + destination.packed + struct.pack(">IBBBB", len(segment), 0, 0, 0, protocol)
    checksum = _checksum(pseudo + segment) or 0xFFFF  # 0 would mean "none" in UDP
    return segment[:at] + struct.pack(">H", checksum) + segment[at + 2 :]


def _checksum(data: bytes) -> int:
    """The one's complement sum of RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def addresses_of(source: str, destination: str) -> tuple[Address, Address]:
    """Both of one family; a name (of ours, where only that is known) counts as the loopback."""
    first, second = _address(source), _address(destination)
    if first.version == second.version:
        return first, second
    return _mapped(first), _mapped(second)


def _address(host: str) -> Address:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return IPv4Address("127.0.0.1")


def _mapped(address: Address) -> IPv6Address:
    return address if isinstance(address, IPv6Address) else IPv6Address(f"::ffff:{address}")
