"""Capture files, read back by a reader of the format's own description, and by tcpdump."""

import struct
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from dialplane.sip.pcap import Captured, Endpoint, write_pcap

A, B = Endpoint("192.0.2.1", 5060), Endpoint("198.51.100.7", 5080)
A6, B6 = Endpoint("2001:db8::1", 5060), Endpoint("2001:db8::2", 5080)
INVITE = b"INVITE sip:+12025550143@192.0.2.1 SIP/2.0\r\nCall-ID: x\r\n\r\n"
OK = b"SIP/2.0 200 OK\r\nCall-ID: x\r\n\r\n"


def records(captured: bytes) -> list[tuple[float, bytes]]:
    """`(time, packet)` of each record of a capture file of raw IP packets."""
    magic, major, minor, _, _, snap, link = struct.unpack_from("<IHHiIII", captured)
    assert (magic, major, minor, snap, link) == (0xA1B2C3D4, 2, 4, 65_535, 101)
    found, at = [], 24
    while at < len(captured):
        seconds, micros, kept, length = struct.unpack_from("<IIII", captured, at)
        assert kept == length
        found.append((seconds + micros / 1_000_000, captured[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return found


def sums_to_nothing(data: bytes) -> bool:
    """RFC 1071: with its checksum in place the sum of what is covered is all ones."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


def segments(captured: bytes) -> list[tuple[Endpoint, Endpoint, bytes]]:
    """Who sent what to whom; every length and checksum is checked on the way."""
    found = []
    for _, packet in records(captured):
        if packet[0] >> 4 == 4:
            assert sums_to_nothing(packet[:20])
            assert struct.unpack_from(">H", packet, 2)[0] == len(packet)
            protocol, addresses, segment = packet[9], packet[12:20], packet[20:]
        else:
            assert struct.unpack_from(">H", packet, 4)[0] == len(packet) - 40
            protocol, addresses, segment = packet[6], packet[8:40], packet[40:]
        assert sums_to_nothing(addresses + struct.pack(">II", len(segment), protocol) + segment)
        source, destination = struct.unpack_from(">HH", segment)
        half = len(addresses) // 2
        found.append(
            (
                Endpoint(str(ip_address(addresses[:half])), source),
                Endpoint(str(ip_address(addresses[half:])), destination),
                segment[8:] if protocol == 17 else segment[20:],
            )
        )
    return found


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(("near", "far"), [(A, B), (A6, B6)])
def test_messages_are_found_again_with_their_ends(transport: str, near: Endpoint, far: Endpoint) -> None:
    messages = [
        Captured(1_700_000_000.25, transport, far, near, INVITE),  # type: ignore[arg-type]  # the parameters
        Captured(1_700_000_000.5, transport, near, far, OK),  # type: ignore[arg-type]
    ]

    captured = write_pcap(messages)

    assert segments(captured) == [(far, near, INVITE), (near, far, OK)]
    assert [at for at, _ in records(captured)] == [1_700_000_000.25, 1_700_000_000.5]


def test_sequence_numbers_of_tcp_go_on() -> None:
    captured = write_pcap([Captured(1.0, "tcp", A, B, INVITE), Captured(2.0, "tcp", A, B, OK)])

    first, second = (struct.unpack_from(">I", packet, 24)[0] for _, packet in records(captured))

    assert second - first == len(INVITE)


def test_ends_of_two_families_and_names_are_written_all_the_same() -> None:
    captured = write_pcap([Captured(1.0, "udp", A, B6, OK), Captured(1.0, "udp", Endpoint("pbx", 5060), A, OK)])

    assert segments(captured)[0][0].host in ("::ffff:192.0.2.1", "::ffff:c000:201")
    assert segments(captured)[1][0] == Endpoint("127.0.0.1", 5060)


@pytest.mark.peer("tcpdump")
def test_tcpdump_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "call.pcap"
    path.write_bytes(write_pcap([Captured(1.0, "udp", A, B, INVITE), Captured(2.0, "tcp", B, A, OK)]))

    told = subprocess.run(["tcpdump", "-nvr", str(path)], capture_output=True, text=True, check=True).stdout

    assert "192.0.2.1.5060 > 198.51.100.7.5080" in told
    assert "bad" not in told
