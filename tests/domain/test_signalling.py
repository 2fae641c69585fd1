"""The kept form of a call's signalling."""

from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.calling.signalling import BLANKED, SipPacket, blank, pack, unpack

PACKETS = st.lists(
    st.builds(
        SipPacket,
        st.floats(min_value=0, max_value=4e9),
        st.booleans(),
        st.sampled_from(["udp", "tcp"]),
        st.sampled_from(["127.0.0.1", "2001:db8::1"]),
        st.integers(0, 65535),
        st.binary(max_size=300),
    ),
    max_size=8,
)


@given(PACKETS)
def test_packets_come_out_as_they_went_in_but_for_their_secrets(packets: list[SipPacket]) -> None:
    kept = unpack(pack(packets))

    assert [each.data for each in kept] == [blank(each.data) for each in packets]
    assert [(each.at, each.is_sent, each.transport, each.host, each.port) for each in kept] == [
        (each.at, each.is_sent, each.transport, each.host, each.port) for each in packets
    ]


def test_digest_answers_and_keys_of_audio_are_blanked() -> None:
    message = (
        b"INVITE sip:a@b SIP/2.0\r\nProxy-Authorization: Digest username=ann,\r\n response=0123\r\n"
        b"AUTHORIZATION : Digest x\r\nVia: x\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET\r\na=ptime:20\r\n"
    )

    assert blank(message) == (
        b"INVITE sip:a@b SIP/2.0\r\nProxy-Authorization: " + BLANKED + b"\r\nAUTHORIZATION : " + BLANKED
        + b"\r\nVia: x\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + BLANKED + b"\r\na=ptime:20\r\n"
    )  # fmt: skip


def test_nothing_is_kept_of_nothing() -> None:
    assert unpack(b"") == []
