"""HEP3 packets, read by a decoder that follows the protocol's table and not our encoder."""

import struct
from ipaddress import ip_address

import pytest

from dialplane.sip.call_id import call_id_of
from dialplane.sip.hep import encode
from dialplane.sip.pcap import Captured, Endpoint

MESSAGE = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nCall-ID: x-1@h\r\nContent-Length: 0\r\n\r\n"
NAMES = {
    1: "family", 2: "transport", 3: "source", 4: "target", 5: "source", 6: "target", 7: "source_port", 8: "target_port",
    9: "seconds", 10: "microseconds", 11: "protocol", 12: "agent", 15: "payload", 17: "correlation", 19: "node",
}  # fmt: skip


def decode(packet: bytes) -> dict[str, bytes]:
    assert packet[:4] == b"HEP3"
    assert int.from_bytes(packet[4:6]) == len(packet)
    found, at = {}, 6
    while at < len(packet):
        vendor, kind, length = struct.unpack_from("!HHH", packet, at)
        assert vendor == 0
        found[NAMES[kind]] = packet[at + 6 : at + length]
        at += length
    assert at == len(packet)
    return found


@pytest.mark.parametrize(
    ("near", "far", "family"),
    [("192.0.2.1", "198.51.100.7", 2), ("2001:db8::1", "2001:db8::2", 10), ("192.0.2.1", "2001:db8::2", 10)],
)
def test_packet_says_who_sent_what_to_whom_and_when(near: str, far: str, family: int) -> None:
    captured = Captured(1_700_000_000.25, "udp", Endpoint(far, 5066), Endpoint(near, 5060), MESSAGE)

    found = decode(encode(captured, call_id=call_id_of(MESSAGE), agent=7, node="voice-1"))

    source, target = ip_address(found["source"]), ip_address(found["target"])
    assert found["family"] == bytes([family])
    assert found["transport"] == bytes([17])
    assert str(source) == far
    assert str(getattr(target, "ipv4_mapped", None) or target) == near
    assert [int.from_bytes(found[name]) for name in ("source_port", "target_port")] == [5066, 5060]
    assert [int.from_bytes(found[name]) for name in ("seconds", "microseconds")] == [1_700_000_000, 250_000]
    assert (found["protocol"], found["agent"], found["node"]) == (b"\1", b"\0\0\0\7", b"voice-1")
    assert (found["correlation"], found["payload"]) == (b"x-1@h", MESSAGE)


def test_stream_is_marked_as_one_and_a_long_message_fits_a_datagram() -> None:
    captured = Captured(1.0, "tcp", Endpoint("192.0.2.1", 1), Endpoint("192.0.2.2", 2), b"x" * 100_000)

    packet = encode(captured, call_id=b"", agent=0, node="n")

    assert decode(packet)["transport"] == bytes([6])
    assert len(packet) < 65_507
