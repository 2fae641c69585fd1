"""Packets from those who are no party to the call, and packets that are none."""

import asyncio
import random
import socket
from pathlib import Path

import pytest

from dialplane.domain.calling.media import MediaCounters
from dialplane.media.client import MediaClient
from dialplane.rtp.packet import Packet
from dialplane.rtp.rtcp import Bye, Report, build_report, parse_compound
from tests.effort import PATIENCE_S, full
from tests.media.conftest import Party, tone
from tests.media.sounds import Speakers, read_wav, strength

VOICE = b"\x22" * 160


async def test_stranger_is_neither_heard_nor_sent_anything_once_the_party_is_known(
    media: MediaClient, party: Party, other_party: Party
) -> None:
    """RTP-1, CVE-15."""
    stranger = Party()
    first, second = await media.open(), await media.open()
    first.connect(party.remote())
    second.connect(other_party.remote())
    first.bridge(second)
    await media.stats()
    party.send(first.port, VOICE)
    await other_party.hear_until(VOICE)

    for _ in range(50):
        stranger.send(first.port, b"\x33" * 160)
    await media.stats()
    party.send(first.port, b"\x44" * 160)
    await other_party.hear_until(b"\x44" * 160)

    assert all(packet.payload != b"\x33" * 160 for packet in other_party.heard)
    assert stranger.hear_waiting() == []
    stranger.close()


async def test_another_host_gets_nothing_of_a_call_and_nothing_into_it(
    media: MediaClient, party: Party, other_party: Party, tmp_path: Path
) -> None:
    """RTP-1: packets of PCMU with the party's own SSRC, 30 s of them in `make soak`, and RTCP."""
    first, second = await media.open(), await media.open()
    first.connect(party.remote())
    second.connect(other_party.remote())
    first.bridge(second)
    await first.start_recording(tmp_path / "call.wav")
    injected = tone(400, duration_ms=20)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.2", 0))
        elsewhere.setblocking(False)
        async with Speakers((party, first.port, tone(1_000, duration_ms=20))):
            await other_party.hear_until_sound()
            for index in range(full(250, 1_500)):
                packet = Packet(0, party.sequence + 1 & 0xFFFF, party.timestamp + 160, party.ssrc, injected)
                elsewhere.sendto(bytes(packet), ("127.0.0.1", first.port))
                elsewhere.sendto(build_report(Report(party.ssrc, ()), cname="x"), ("127.0.0.1", first.port + 1))
                if index % 25 == 0:
                    await other_party.hear()
        first.stop_recording()
        end = await first.wait_recording()
        with pytest.raises(BlockingIOError):
            elsewhere.recv(2_048)

    recorded = read_wav(end.path)
    assert strength(recorded, 1_000) > 10 * strength(recorded, 400)
    assert all(packet.payload != injected for packet in other_party.heard)


async def test_first_source_is_taken_for_a_party_behind_address_translation(media: MediaClient, party: Party) -> None:
    """RTP-1: symmetric RTP; the SDP names an address that nothing comes from."""
    silent = Party()
    leg = await media.open()
    leg.connect(silent.remote())
    leg.echo(True)
    await media.stats()

    party.send(leg.port, VOICE)

    assert (await party.hear()).payload == VOICE
    silent.close()


async def test_address_of_the_sdp_takes_the_call_back_from_an_early_stranger(media: MediaClient, party: Party) -> None:
    """RTP-1."""
    stranger = Party()
    leg = await media.open()
    leg.connect(party.remote())
    leg.echo(True)
    await media.stats()
    stranger.send(leg.port, b"\x33" * 160)
    await stranger.hear()

    party.send(leg.port, VOICE)
    await party.hear_until(VOICE)
    stranger.send(leg.port, b"\x33" * 160)
    await media.stats()

    assert stranger.hear_waiting() == []
    counters = await leg.close()
    assert counters.packets_received == 2
    stranger.close()


async def test_new_sdp_moves_the_call_to_a_new_source(media: MediaClient, party: Party, other_party: Party) -> None:
    """RTP-1: a new source needs a new SDP."""
    leg = await media.open()
    leg.connect(party.remote())
    leg.echo(True)
    await media.stats()
    party.send(leg.port, VOICE)
    before = await party.hear_until(VOICE)

    leg.connect(other_party.remote())
    await media.stats()
    other_party.send(leg.port, VOICE)
    after = await other_party.hear_until(VOICE)

    assert after.ssrc == before.ssrc
    assert after.sequence_number - before.sequence_number & 0xFFFF == 1


async def test_second_ssrc_from_the_partys_own_address_is_ignored_while_the_first_goes_on(
    media: MediaClient, party: Party
) -> None:
    """RTP-1."""
    leg = await media.open()
    leg.connect(party.remote())
    leg.echo(True)
    await media.stats()
    party.send(leg.port, VOICE)
    await party.hear_until(VOICE)

    party.rtp.sendto(bytes(Packet(0, 1, 1, 0xBAD, b"\x33" * 160)), ("127.0.0.1", leg.port))
    party.send(leg.port, b"\x44" * 160)
    await party.hear_until(b"\x44" * 160)

    assert all(packet.payload != b"\x33" * 160 for packet in party.heard)
    assert (await leg.close()).strangers_dropped == 1


@pytest.mark.parametrize("payload_type", [72, 96])
async def test_packet_of_no_agreed_type_does_not_become_the_stream(
    media: MediaClient, party: Party, payload_type: int
) -> None:
    """RTP-1, RFC 3550 A.1: RTCP at the RTP port (72: a sender report), a keep-alive of a type of its own."""
    leg = await media.open()
    leg.connect(party.remote())
    leg.echo(True)
    await media.stats()

    party.rtp.sendto(bytes(Packet(payload_type, 1, 1, 0xBAD, b"\x33" * 160)), ("127.0.0.1", leg.port))
    party.send(leg.port, VOICE)

    assert (await party.hear_until(VOICE)).payload == VOICE
    counters = await leg.close()
    assert (counters.packets_received, counters.strangers_dropped) == (1, 0)


async def test_stream_that_starts_anew_after_a_new_sdp_of_the_same_address_is_heard(
    media: MediaClient, party: Party
) -> None:
    """RTP-1: a phone that comes back from hold has sent a re-INVITE."""
    leg = await media.open()
    leg.connect(party.remote())
    leg.echo(True)
    await media.stats()
    party.send(leg.port, VOICE)
    await party.hear_until(VOICE)

    leg.connect(party.remote())
    await media.stats()
    party.ssrc += 1
    party.send(leg.port, b"\x44" * 160)

    await party.hear_until(b"\x44" * 160)
    assert (await leg.close()).strangers_dropped == 0


async def test_call_is_unharmed_by_junk_on_its_ports(media: MediaClient, party: Party) -> None:
    """RTP-2, CVE-14: any length, from strangers and the party's own address, on both ports; 100,000 in `make soak`."""
    generator = random.Random(4733)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    leg = await media.open()
    leg.connect(party.remote())
    leg.echo(True)
    await media.stats()
    party.send(leg.port, VOICE)
    await party.hear_until(VOICE)

    for index in range(full(3_000, 100_000)):
        junk = generator.randbytes(generator.choice((0, 1, 7, 11, 12, 13, 28, 172, 1_400, 2_000)))
        if index % 2 and len(junk) > 12:  # nearly right: version 2 and the right SSRC
            junk = bytes((0x80 | junk[0] & 0x3F,)) + junk[1:8] + party.ssrc.to_bytes(4, "big") + junk[12:]
        sender = party.rtp if index % 3 else stranger
        sender.sendto(junk, ("127.0.0.1", leg.port + index % 2))
        if index % 50 == 0:
            await media.stats()
    party.hear_waiting()
    party.sequence += 100
    party.send(leg.port, b"\x44" * 160)

    await party.hear_until(b"\x44" * 160)
    stranger.close()


async def test_counters_tell_packets_lost_and_dropped(media: MediaClient, party: Party) -> None:
    leg = await media.open()
    leg.connect(party.remote(receives=False))
    before = (await media.stats()).packets_received

    for _ in range(10):
        party.send(leg.port, VOICE)
    party.sequence += 5
    party.send(leg.port, VOICE)
    async with asyncio.timeout(PATIENCE_S):
        while (await media.stats()).packets_received < before + 11:
            pass
    counters = await leg.close()

    assert counters == MediaCounters(
        packets_sent=0, packets_received=11, packets_lost=5, jitter_ms=counters.jitter_ms, strangers_dropped=0
    )


async def test_report_comes_within_five_seconds_and_bye_at_the_end(media: MediaClient, party: Party) -> None:
    """RTCP (RFC 3550 section 6), sent to the next port; reports of the party are taken."""
    leg = await media.open()
    leg.connect(party.remote())
    await media.stats()
    for _ in range(10):
        party.send(leg.port, VOICE)
    sender_report = Report(party.ssrc, (), 0x1234_5678_9ABC_DEF0, 0, 10, 1_600)
    party.rtcp.sendto(build_report(sender_report, cname="party"), ("127.0.0.1", leg.port + 1))

    party.rtcp.setblocking(True)
    party.rtcp.settimeout(7)
    (report,) = parse_compound(party.rtcp.recv(2_048))
    await leg.close()
    last = parse_compound(party.rtcp.recv(2_048))

    assert isinstance(report, Report)
    assert report.packets_sent > 0
    (block,) = report.blocks
    assert (block.ssrc, block.packets_lost, block.last_sender_report) == (party.ssrc, 0, 0x5678_9ABC)
    assert last[-1] == Bye((report.ssrc,))
