"""Legs whose party is encrypted with keys from the SDP, or speaks G.722: both ways, and who is no party to them."""

import asyncio

from pylibsrtp import Policy, Session

from dialplane.audio.g711 import FRAME_SAMPLES, decode_ulaw
from dialplane.domain.calling.media import RemoteMedia, SrtpKeys, SrtpSuite
from dialplane.media.client import MediaClient
from dialplane.media.g722 import G722Decoder, G722Encoder
from dialplane.rtp.packet import Packet
from tests.effort import PATIENCE_S
from tests.media.conftest import Party, tone
from tests.media.sounds import strength

VOICE = b"\x22" * FRAME_SAMPLES
KEYS = SrtpKeys(SrtpSuite.AES_CM_128_HMAC_SHA1_32, bytes(range(30)), bytes(range(30, 60)))


class EncryptedParty(Party):
    """What it sends and hears goes through SRTP with `KEYS`, seen from the other side."""

    def __init__(self) -> None:
        super().__init__()
        profile = Policy.SRTP_PROFILE_AES128_CM_SHA1_32
        self._ours = Session(Policy(KEYS.theirs, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))
        self._theirs = Session(Policy(KEYS.ours, Policy.SSRC_ANY_INBOUND, srtp_profile=profile))

    def say(self, port: int, payload: bytes) -> None:
        self.sequence += 1
        self.timestamp += FRAME_SAMPLES
        packet = Packet(0, self.sequence, self.timestamp, self.ssrc, payload)
        self.rtp.sendto(self._ours.protect(bytes(packet)), ("127.0.0.1", port))

    async def hear_decrypted(self, payload: bytes) -> Packet:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                packet = Packet.parse(self._theirs.unprotect(await loop.sock_recv(self.rtp, 2_048)))
                if packet.payload == payload:
                    return packet


async def test_encrypted_and_plain_parties_hear_each_other(media: MediaClient, party: Party) -> None:
    secret = EncryptedParty()
    first, second = await media.open(), await media.open()
    first.connect_adapted(secret.remote(), keys=KEYS)
    second.connect(party.remote())
    first.bridge(second)
    await media.stats()

    secret.say(first.port, VOICE)
    await party.hear_until(VOICE)
    party.send(second.port, b"\x44" * FRAME_SAMPLES)
    await secret.hear_decrypted(b"\x44" * FRAME_SAMPLES)

    secret.close()


async def test_junk_neither_ends_an_encrypted_call_nor_takes_its_source_over(media: MediaClient, party: Party) -> None:
    """CVE-14, RTP-1, RTP-2: 200 packets that are not authentic, from the party's own host and before it has spoken."""
    secret, stranger = EncryptedParty(), Party()
    first, second = await media.open(), await media.open()
    first.connect_adapted(secret.remote(), keys=KEYS)
    second.connect(party.remote())
    first.bridge(second)
    await media.stats()

    for index in range(200):
        stranger.send(first.port, bytes([index]) * FRAME_SAMPLES)
        stranger.rtp.sendto(bytes([0x80, index]) * (index % 40), ("127.0.0.1", first.port))
    await media.stats()
    secret.say(first.port, VOICE)
    await party.hear_until(VOICE)
    party.send(second.port, b"\x44" * FRAME_SAMPLES)
    await secret.hear_decrypted(b"\x44" * FRAME_SAMPLES)

    assert not any(packet.payload == b"\x01" * FRAME_SAMPLES for packet in party.heard)
    assert stranger.hear_waiting() == []
    assert (await first.close()).packets_received == 1
    secret.close()
    stranger.close()


async def test_leg_becomes_encrypted_and_plain_again_with_new_descriptions(media: MediaClient, party: Party) -> None:
    secret = EncryptedParty()
    first, second = await media.open(), await media.open()
    second.connect(party.remote())
    first.bridge(second)
    plain = Party()
    for _ in range(2):
        first.connect(plain.remote())
        await media.stats()
        plain.send(first.port, VOICE)
        await party.hear_until(VOICE)
        first.connect_adapted(secret.remote(), keys=KEYS)
        await media.stats()
        secret.say(first.port, b"\x33" * FRAME_SAMPLES)
        await party.hear_until(b"\x33" * FRAME_SAMPLES)

    plain.close()
    secret.close()


async def test_party_with_g722_hears_and_is_heard_by_one_with_mu_law(media: MediaClient, party: Party) -> None:
    wide = Party(payload_type=9)
    first, second = await media.open(), await media.open()
    first.connect_adapted(RemoteMedia(wide.host, wide.port, "G722", 9, 101), keys=None)
    second.connect(party.remote())
    first.bridge(second)
    await media.stats()
    encoder, decoder = G722Encoder(), G722Decoder()
    sound = tone(400, duration_ms=400)
    frames = [sound[at : at + FRAME_SAMPLES] for at in range(0, len(sound), FRAME_SAMPLES)]

    heard_narrow = heard_wide = b""
    for frame in frames:
        wide.send(first.port, encoder.encode(frame))
        party.send(second.port, frame)
    while len(heard_narrow) < 15 * FRAME_SAMPLES:
        heard_narrow += (await party.hear()).payload
    while len(heard_wide) < 15 * FRAME_SAMPLES:
        heard_wide += decoder.decode((await wide.hear()).payload)

    wide.close()
    said = strength(decode_ulaw(sound), 400)
    for heard in (heard_narrow, heard_wide):
        assert 0.8 < strength(decode_ulaw(heard[1_600:]), 400) / said < 1.2
