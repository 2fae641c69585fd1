"""The SIP messages of one call as they crossed the wire, and the form in which they are kept.

Kept are the octets and not what we made of them, so that a trace shows the peer's faults and ours. What would let
somebody act in another's name is blanked on the way into the store: digest answers and keys of encrypted audio.
"""

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Transport = Literal["udp", "tcp"]

_SECRETS = re.compile(
    rb"(?im)^((?:proxy-)?authorization[ \t]*:[ \t]*|a=crypto:[^\r\n]*inline:|a=ice-pwd:)[^\r\n]*(?:\r\n[ \t][^\r\n]*)*"
)
BLANKED = b"(blanked)"

_HEAD = struct.Struct("<dBHBI")
"""When, a bit for sent and one for TCP, the peer's port, lengths of the peer's host and of the message."""

_WORDS = (
    b"SIP/2.0/TCP  ;branch=z9hG4bK;rport=;received=Max-Forwards: 70\r\nRecord-Route: <sip:;lr>\r\nUser-Agent: "
    b"Accept: application/sdp\r\nContent-Type: application/sdp\r\nv=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 "
    b"127.0.0.1\r\nt=0 0\r\nm=audio  RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 "
    b"telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\nSIP/2.0 100 Trying\r\nSIP/2.0 180 Ringing"
    b"\r\nBYE sip:CANCEL sip:ACK sip:INVITE sip:@ SIP/2.0\r\nSIP/2.0 200 OK\r\nVia: SIP/2.0/UDP ;branch=z9hG4bK\r\n"
    b"From: <sip:+1@>;tag=\r\nTo: <sip:+1@>;tag=\r\nCall-ID: \r\nCSeq: 1 INVITE\r\nContact: <sip:@>\r\nAllow: INVITE, "
    b"ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER, MESSAGE, REFER\r\nContent-Length: 0\r\n\r\n"
)
"""What every trace holds: with it a usual call takes half the room. It is part of the kept form: never change it."""


@dataclass(frozen=True, slots=True)
class SipPacket:
    """One message; `at` is Unix time in seconds."""

    at: float
    is_sent: bool
    transport: Transport
    host: str
    port: int
    data: bytes


def pack(packets: Sequence[SipPacket]) -> bytes:
    """The kept form, secrets blanked."""
    parts = []
    for packet in packets:
        data, host = blank(packet.data), packet.host.encode()[:255]
        flags = packet.is_sent | (packet.transport == "tcp") << 1
        parts += [_HEAD.pack(packet.at, flags, packet.port, len(host), len(data)), host, data]
    press = zlib.compressobj(1, wbits=-15, zdict=_WORDS)
    return press.compress(b"".join(parts)) + press.flush()


def unpack(kept: bytes) -> list[SipPacket]:
    """What `pack` made; in the order of the wire."""
    raw = zlib.decompressobj(wbits=-15, zdict=_WORDS).decompress(kept) if kept else b""
    packets, at = [], 0
    while at < len(raw):
        when, flags, port, host_length, length = _HEAD.unpack_from(raw, at)
        host_end = at + _HEAD.size + host_length
        host = raw[at + _HEAD.size : host_end].decode()
        at = host_end + length
        packets.append(SipPacket(when, bool(flags & 1), "tcp" if flags & 2 else "udp", host, port, raw[host_end:at]))
    return packets


def blank(data: bytes) -> bytes:
    """`data` without what would let a reader act in the peer's name."""
    if b"uthorization" not in data and b"UTHORIZATION" not in data and b"a=" not in data:
        return data
    return _SECRETS.sub(rb"\1" + BLANKED, data)
