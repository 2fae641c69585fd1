"""STUN messages against the vectors of RFC 5769, and against what somebody may have changed in them."""

import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.ice.stun import BINDING_REQUEST, BINDING_SUCCESS, Attribute, StunError, StunMessage, answer, build

REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b1"
    "51263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
"""RFC 5769 section 2.1."""
IPV4_ANSWER = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599"
    "fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
"""RFC 5769 section 2.2: the sender was seen at 192.0.2.1, port 32853."""
IPV6_ANSWER = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5"
    "bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
"""RFC 5769 section 2.3: at 2001:db8:1234:5678:11:2233:4455:6677, port 32853."""
PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"


def test_request_of_the_rfc_is_read_and_its_signature_holds() -> None:
    message = StunMessage.parse(REQUEST)

    assert message.kind == BINDING_REQUEST
    assert message.value(Attribute.USERNAME) == b"evtj:h6vY"
    assert message.is_signed(PASSWORD)
    assert not message.is_signed(PASSWORD + b"x")


@pytest.mark.parametrize("vector", [IPV4_ANSWER, IPV6_ANSWER])
def test_answer_of_the_rfc_is_read_and_its_signature_holds(vector: bytes) -> None:
    message = StunMessage.parse(vector)

    assert message.kind == BINDING_SUCCESS
    assert message.is_signed(PASSWORD)


@pytest.mark.parametrize(
    ("source", "vector"),
    [(("192.0.2.1", 32853), IPV4_ANSWER), (("2001:db8:1234:5678:11:2233:4455:6677", 32853), IPV6_ANSWER)],
)
def test_answer_tells_the_address_as_the_rfc_does(source: tuple[str, int], vector: bytes) -> None:
    ours = StunMessage.parse(answer(StunMessage.parse(REQUEST), source, PASSWORD))

    theirs = StunMessage.parse(vector)
    assert ours.transaction == theirs.transaction
    assert ours.value(Attribute.XOR_MAPPED_ADDRESS) == theirs.value(Attribute.XOR_MAPPED_ADDRESS)
    assert ours.is_signed(PASSWORD)


@pytest.mark.parametrize("at", range(len(REQUEST)))
def test_a_changed_octet_is_no_message_or_not_signed(at: int) -> None:
    changed = bytearray(REQUEST)
    changed[at] ^= 0x40

    with pytest.raises(StunError):
        StunMessage.parse(bytes(changed))


def test_what_stands_behind_the_signature_does_not_count() -> None:
    """RFC 8489 14.5: somebody on the way could add it."""
    signed = build(BINDING_REQUEST, b"t" * 12, [(Attribute.USERNAME, b"a:b")], b"p")
    without_fingerprint = signed[:-8]
    forged = without_fingerprint + b"\x00\x25\x00\x00"
    forged = forged[:2] + (len(forged) - 20 + 8).to_bytes(2, "big") + forged[4:]
    forged += b"\x80\x28\x00\x04" + (zlib.crc32(forged) ^ 0x5354554E).to_bytes(4, "big")

    message = StunMessage.parse(forged)

    assert message.value(Attribute.USE_CANDIDATE) is None


@given(st.binary(max_size=200))
def test_any_octets_are_a_message_or_our_error(data: bytes) -> None:
    with suppress(StunError):
        StunMessage.parse(data)


@given(st.lists(st.tuples(st.integers(0x8000, 0x8020), st.binary(max_size=40)), max_size=5), st.binary(min_size=1))
def test_what_was_built_is_read_back(attributes: list[tuple[int, bytes]], password: bytes) -> None:
    message = StunMessage.parse(build(BINDING_REQUEST, b"0" * 12, attributes, password))

    assert list(message.attributes)[: len(attributes)] == attributes
    assert message.is_signed(password)
