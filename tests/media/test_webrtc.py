"""WebRTC legs in the real media process, against a far end that does what browsers do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from dialplane.audio.g711 import FRAME_SAMPLES, decode_ulaw
from dialplane.domain.calling.media import IceCredentials
from dialplane.domain.ids import utc_now
from dialplane.media.client import MediaClient
from dialplane.media.client_secure_leg import SecureClientLeg
from dialplane.media.opus import OpusDecoder, OpusEncoder
from dialplane.media.webrtc.certificate import make_certificate
from dialplane.rtp.events import event_payloads
from tests.fakes.browser import OURS, Browser
from tests.media.conftest import Party, tone
from tests.media.sounds import strength

VOICE = b"\x22" * FRAME_SAMPLES


@asynccontextmanager
async def connected(media: MediaClient, browser: Browser, *, begins: bool = True) -> AsyncIterator[SecureClientLeg]:
    """A leg whose party is the browser."""
    leg = await media.open_secure()
    leg.await_checks(OURS)
    leg.connect_securely(browser.remote(), browser.party(begins=begins))
    await media.stats()
    await browser.connect(leg.port, expected=leg.fingerprint, begins=begins)
    yield leg
    await leg.close()


@pytest.mark.parametrize("begins", [True, False])
async def test_audio_passes_both_ways_whoever_begins_the_handshake(media: MediaClient, begins: bool) -> None:
    with Browser() as browser:
        async with connected(media, browser, begins=begins) as leg:
            leg.echo(True)
            await media.stats()

            browser.say(leg.port, VOICE)

            await browser.hear_until(VOICE)


async def test_a_browser_and_a_telephone_hear_each_other_and_keys(media: MediaClient, party: Party) -> None:
    with Browser() as browser:
        async with connected(media, browser) as leg:
            plain = await media.open()
            plain.connect(party.remote())
            leg.bridge(plain)
            await media.stats()

            browser.say(leg.port, VOICE)
            assert (await party.hear_until(VOICE)).payload_type == 0
            party.send(plain.port, b"\x44" * FRAME_SAMPLES)
            await browser.hear_until(b"\x44" * FRAME_SAMPLES)
            for payload in event_payloads("7", duration_ms=100):
                browser.say(leg.port, payload, step=0, payload_type=101)
            while (await party.hear()).payload_type != 101:
                pass
            await plain.close()


async def test_opus_is_translated_both_ways_with_its_clock(media: MediaClient) -> None:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    speech = tone(440, duration_ms=600)
    with Browser(codec="OPUS", payload_type=111, telephone_event=110) as browser:
        async with connected(media, browser) as leg:
            leg.echo(True)
            await media.stats()
            heard, stamps, kinds = b"", [], set()
            for at in range(0, len(speech), FRAME_SAMPLES):
                browser.say(leg.port, encoder.encode(speech[at : at + FRAME_SAMPLES]), step=960)
                packet = await browser.hear()
                heard += decoder.decode(packet.payload)
                stamps.append(packet.rtp_timestamp)
                kinds.add(packet.payload_type)

    assert kinds == {111}
    assert strength(decode_ulaw(heard[-2_400:]), 440) > 5_000
    assert {(later - earlier) & 0xFFFF_FFFF for earlier, later in pairwise(stamps[3:])} == {960}


async def test_keys_of_an_opus_party_are_heard(media: MediaClient) -> None:
    digits: asyncio.Queue[str] = asyncio.Queue()
    with Browser(codec="OPUS", payload_type=111, telephone_event=110) as browser:
        async with connected(media, browser) as leg:
            leg.on_digit = digits.put_nowait
            for payload in event_payloads("5", duration_ms=100):
                browser.say(leg.port, payload, step=0, payload_type=110)

            async with asyncio.timeout(5):
                assert await digits.get() == "5"


async def test_a_party_with_another_certificate_ends_the_leg_unheard(media: MediaClient) -> None:
    """RFC 8827 6.5: whoever sits between cannot have the fingerprint of the description."""
    failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with Browser() as browser:
        leg = await media.open_secure()
        leg.on_failed = failed.set_result
        leg.await_checks(OURS)
        leg.connect_securely(browser.remote(), browser.party(fingerprint=make_certificate(utc_now()).fingerprint))
        await media.stats()
        await browser.connect(leg.port, expected=leg.fingerprint)
        leg.echo(True)
        browser.say(leg.port, VOICE)

        async with asyncio.timeout(5):
            assert "certificate" in await failed

        assert (await leg.close()).packets_received == 0


async def test_a_browser_that_closes_ends_the_leg(media: MediaClient) -> None:
    failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with Browser() as browser:
        async with connected(media, browser) as leg:
            leg.on_failed = failed.set_result
            assert browser.handshake is not None

            browser.handshake.close()
            for datagram in browser.handshake.take_outgoing():
                browser.socket.sendto(datagram, ("127.0.0.1", leg.port))

            async with asyncio.timeout(5):
                assert await failed == "the party has closed"


async def test_strangers_get_no_answer_and_cost_no_handshake(media: MediaClient) -> None:
    """RTP-1: nothing is done before a check that knows the password."""
    with Browser() as stranger, Browser() as browser:
        async with connected(media, browser) as leg:
            leg.echo(True)
            await media.stats()
            stranger.check(leg.port, password="guessed at random, as long")
            stranger.check(leg.port, user="else")
            stranger.socket.sendto(b"\x16\xfe\xff" + b"\0" * 200, ("127.0.0.1", leg.port))
            stranger.socket.sendto(b"\x80\x00" + b"\0" * 170, ("127.0.0.1", leg.port))
            browser.say(leg.port, VOICE)
            await browser.hear_until(VOICE)

            with pytest.raises(BlockingIOError):
                stranger.socket.recv(2_048)
            assert (await leg.close()).packets_received == 1


async def test_what_is_not_authentic_or_came_before_is_not_heard(media: MediaClient) -> None:
    with Browser() as browser:
        async with connected(media, browser) as leg:
            leg.echo(True)
            await media.stats()
            assert browser.sent is not None
            browser.say(leg.port, VOICE)
            genuine = browser.sent.protect(b"\x80\x00\x10\x00" + b"\0" * 8 + b"\x55" * 160)
            for datagram in (genuine, genuine, genuine[:-1] + bytes((genuine[-1] ^ 1,)), genuine[:20]):
                browser.socket.sendto(datagram, ("127.0.0.1", leg.port))
            browser.say(leg.port, b"\x66" * 160)
            await browser.hear_until(b"\x66" * 160)

            assert (await leg.close()).packets_received <= 3


async def test_other_credentials_of_ours_replace_the_first(media: MediaClient) -> None:
    """ICE restart: RFC 8445 section 9."""
    with Browser() as browser:
        async with connected(media, browser) as leg:
            before = browser.answers
            leg.await_checks(IceCredentials("again", "another password for the leg"))
            await media.stats()
            browser.check(leg.port)
            browser.check(leg.port, user="again", password="another password for the leg")
            while browser.answers == before:
                await browser.receive()

            leg.echo(True)
            await media.stats()
            browser.say(leg.port, VOICE)
            await browser.hear_until(VOICE)
            assert browser.answers == before + 1


async def test_the_same_description_again_keeps_the_handshake(media: MediaClient) -> None:
    """A hold, or a session refresh, says the same of the party."""
    with Browser() as browser:
        async with connected(media, browser) as leg:
            leg.connect_securely(browser.remote(), browser.party())
            leg.echo(True)
            await media.stats()

            browser.say(leg.port, VOICE)

            await browser.hear_until(VOICE)
