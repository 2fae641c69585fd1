"""Encrypted audio and codecs beside G.711 in descriptions (RFC 4568, RFC 8643, RFC 3551, RFC 7587)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.sdp.negotiation import NotAcceptable
from dialplane.sdp.party import (
    Encryption,
    PartyTerms,
    choose_party,
    make_party_answer,
    make_party_offer,
    read_party_answer,
)
from dialplane.sdp.sdes import KEY_OCTETS, Suite, make_cryptos, read_cryptos
from dialplane.sdp.session import MediaDescription, SdpError, Session

KEY = bytes(range(KEY_OCTETS))
INLINE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
"""The same, in base64."""
OPTIONAL, REQUIRED, OFF = (PartyTerms(each) for each in (Encryption.OPTIONAL, Encryption.REQUIRED, Encryption.OFF))


def offer(*lines: str, protocol: str = "RTP/SAVP", formats: str = "0 101") -> Session:
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    media = [f"m=audio 4000 {protocol} {formats}", "a=rtpmap:101 telephone-event/8000", *lines]
    return Session.parse("\r\n".join([*head, *media, ""]).encode())


def test_line_of_the_rfc_is_read() -> None:
    """RFC 4568 section 4.1: the example, as printed (its key has a lifetime and a master key identifier)."""
    media = MediaDescription(
        "audio", 1, "RTP/SAVP", ("0",), None,
        (("crypto", "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32"),
         ("crypto", "2 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20")),
    )  # fmt: skip

    (found,) = read_cryptos(media)  # the identifier is not for us: the next line may suit

    assert (found.tag, found.suite) == (2, Suite.AES_CM_128_HMAC_SHA1_80)
    assert found.key == b"=-n@%^x!Bjufr9)?,#5h\\`=&]{qiPQ"


@pytest.mark.parametrize(
    "line",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE[:-4]}",
        f"1 AES_256_CM_HMAC_SHA1_80 inline:{INLINE}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE};inline:{INLINE}",
        f"x AES_CM_128_HMAC_SHA1_80 inline:{INLINE}",
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        "",
    ],
)
def test_line_that_asks_for_what_we_do_not_do_is_passed_over(line: str) -> None:
    with pytest.raises(NotAcceptable):
        choose_party(offer(f"a=crypto:{line}"), REQUIRED)


def test_harmless_parameters_are_passed_over() -> None:
    choice = choose_party(offer(f"a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:{INLINE} WSH=64 -OWN=1"), REQUIRED)

    assert choice.crypto is not None
    assert (choice.crypto.tag, choice.crypto.suite, choice.crypto.key) == (7, Suite.AES_CM_128_HMAC_SHA1_32, KEY)


@pytest.mark.parametrize(
    ("protocol", "has_key", "terms", "is_encrypted"),
    [
        ("RTP/SAVP", True, OPTIONAL, True),
        ("RTP/SAVP", True, REQUIRED, True),
        ("RTP/SAVP", True, OFF, None),
        ("RTP/SAVP", False, OPTIONAL, None),
        ("RTP/AVP", True, OPTIONAL, True),
        ("RTP/AVP", True, OFF, False),
        ("RTP/AVP", False, OPTIONAL, False),
        ("RTP/AVP", False, REQUIRED, None),
    ],
)
def test_offer_is_taken_as_policy_and_profile_say(
    protocol: str, has_key: bool, terms: PartyTerms, is_encrypted: bool | None
) -> None:
    line = [f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}"] if has_key else []
    found = offer(*line, protocol=protocol)

    if is_encrypted is None:
        with pytest.raises(NotAcceptable):
            choose_party(found, terms)
    else:
        assert (choose_party(found, terms).crypto is not None) is is_encrypted


def test_answer_has_the_offered_tag_and_suite_and_our_key() -> None:
    """RFC 4568 section 5.1.2."""
    found = offer(f"a=crypto:5 AES_CM_128_HMAC_SHA1_32 inline:{INLINE}")
    ours = bytes(30)

    answer, agreed = make_party_answer(
        found, "192.0.2.9", 5000, choose_party(found, REQUIRED), session_id=1, version=1, key=ours
    )

    assert answer.media[0].protocol == "RTP/SAVP"
    assert read_cryptos(answer.media[0]) == [(5, Suite.AES_CM_128_HMAC_SHA1_32, ours)]
    assert agreed.crypto is not None
    assert agreed.crypto.key == KEY


@pytest.mark.parametrize(("terms", "protocol"), [(REQUIRED, "RTP/SAVP"), (OPTIONAL, "RTP/AVP")])
def test_offer_of_ours_and_its_answer_agree(terms: PartyTerms, protocol: str) -> None:
    cryptos = make_cryptos([(suite, KEY) for suite in Suite])
    ours = make_party_offer("192.0.2.9", 5000, session_id=1, version=1, terms=terms, cryptos=cryptos)
    theirs, _ = make_party_answer(
        ours, "192.0.2.1", 4000, choose_party(ours, OPTIONAL), session_id=2, version=1, key=bytes(30)
    )

    agreed = read_party_answer(Session.parse(bytes(ours)), Session.parse(bytes(theirs)), terms)

    assert ours.media[0].protocol == protocol
    assert agreed.crypto is not None
    assert (agreed.audio.host, agreed.audio.port, agreed.audio.codec) == ("192.0.2.1", 4000, "PCMU")


def test_answer_without_keys_is_plain_where_encryption_was_optional_and_none_where_it_was_not() -> None:
    """RFC 8643 section 3."""
    cryptos = make_cryptos([(Suite.AES_CM_128_HMAC_SHA1_80, KEY)])
    plain = offer(protocol="RTP/AVP")
    wished, needed = (
        make_party_offer("192.0.2.9", 5000, session_id=1, version=1, terms=terms, cryptos=cryptos)
        for terms in (OPTIONAL, REQUIRED)
    )

    assert read_party_answer(wished, plain, OPTIONAL).crypto is None
    with pytest.raises(NotAcceptable):
        read_party_answer(needed, plain, REQUIRED)


def test_answer_with_a_tag_that_was_not_offered_is_refused() -> None:
    cryptos = make_cryptos([(Suite.AES_CM_128_HMAC_SHA1_80, KEY)])
    ours = make_party_offer("192.0.2.9", 5000, session_id=1, version=1, terms=REQUIRED, cryptos=cryptos)

    with pytest.raises(NotAcceptable):
        read_party_answer(ours, offer(f"a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}"), REQUIRED)


@pytest.mark.parametrize(
    ("formats", "codecs", "chosen"),
    [
        ("9 0 8", (), "PCMU"),
        ("9", (), "G722"),
        ("96", (), "OPUS"),
        ("0 9", ("G722", "PCMA"), "G722"),
        ("8 9 0", ("G722", "PCMA"), "PCMA"),
    ],
)
def test_what_needs_no_translation_is_taken_unless_somebody_said_otherwise(
    formats: str, codecs: tuple[str, ...], chosen: str
) -> None:
    found = offer("a=rtpmap:96 opus/48000/2", protocol="RTP/AVP", formats=formats)

    assert choose_party(found, PartyTerms(Encryption.OPTIONAL, codecs)).stream.codec == chosen


@given(st.text(alphabet="0123456789 AES_CM128HMACSHinle:|^;=+/-", max_size=120))
def test_no_crypto_line_does_more_than_suit_or_not(line: str) -> None:
    """CVE-4, FUZZ-1."""
    media = MediaDescription("audio", 4000, "RTP/SAVP", ("0",), None, (("crypto", line),))

    assert all(len(found.key) == KEY_OCTETS for found in read_cryptos(media))


@given(st.binary(max_size=200))
def test_broken_descriptions_are_refused_in_words(noise: bytes) -> None:
    """CVE-4: nothing but our own refusals comes out."""
    whole = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:" + noise
    try:
        choose_party(Session.parse(whole), REQUIRED)
    except (NotAcceptable, SdpError):
        return
