"""The alphabet, the header of parts, and parts put together again (SMS-6; 3GPP TS 23.038 and 23.040)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.messaging.concatenation import (
    Header,
    HeaderFault,
    Part,
    read_header,
)
from dialplane.domain.messaging.gsm import NATIONAL, PLAIN, Language, Tables, codes, decode, encode
from dialplane.domain.messaging.segments import UCS2_PART, count_segments, split_text

TURKISH, SPANISH = Tables(single=Language.TURKISH), Tables(single=Language.SPANISH)


@pytest.mark.parametrize("tables", [PLAIN, *NATIONAL])
def test_text_of_an_alphabet_comes_back_as_it_was(tables: Tables) -> None:
    text = "".join(codes(tables))

    assert decode(encode(text, tables), tables) == text
    assert max(encode(text, tables)) < 0x80


def test_codes_of_the_standard() -> None:
    assert encode("@Δ€é") == bytes((0x00, 0x10, 0x1B, 0x65, 0x05))
    assert encode("ş", TURKISH) == bytes((0x1B, 0x73))
    assert encode("ışığı €", Tables(locking=Language.TURKISH)) == bytes.fromhex("071d070c072004")
    assert encode("Não à tarde, coração", Tables(locking=Language.PORTUGUESE)).hex().startswith("4e7b6f207f20")
    assert encode("Adiós", SPANISH) == b"Adi\x1b\x6fs"
    assert decode(b"\x1b\x01\x1b") == "£ "
    assert decode(b"a\xff") == "a?"
    with pytest.raises(ValueError, match="alphabet"):
        encode("ş")


@given(st.binary(max_size=300), st.sampled_from(NATIONAL))
def test_any_octets_are_read(octets: bytes, tables: Tables) -> None:
    assert isinstance(decode(octets, tables), str)


def test_header_of_a_part_as_the_standard_has_it() -> None:
    assert bytes(Header(Part(0xA5, 3, 2))) == bytes.fromhex("050003a50302")
    assert bytes(Header(Part(0x1234, 3, 2, is_wide=True))) == bytes.fromhex("06080412340302")
    assert (
        bytes(Header(Part(0xA5, 3, 2), Tables(Language.TURKISH, Language.TURKISH))).hex() == "0b0003a50302240101250101"
    )
    assert read_header(bytes.fromhex("0b05040b8423f00003a50302") + b"text") == (Header(Part(0xA5, 3, 2)), 12)
    assert read_header(bytes.fromhex("050003a50004")) == (Header(), 6)
    assert read_header(bytes.fromhex("03240103")) == (Header(tables=Tables(Language.PORTUGUESE)), 4)
    assert read_header(bytes.fromhex("0724010d25020101")) == (Header(), 8)  # a language of its own; two octets


@pytest.mark.parametrize("octets", ["", "05", "050003a503", "0500", "020005", "0100"])
def test_header_that_leads_beyond_the_data_is_refused(octets: str) -> None:
    with pytest.raises(HeaderFault):
        read_header(bytes.fromhex(octets))


@given(st.integers(0, 65535), st.integers(1, 255), st.data())
def test_header_is_read_as_it_was_written(reference: int, total: int, data: st.DataObject) -> None:
    is_wide = reference > 255 or data.draw(st.booleans())
    part = Part(reference, total, data.draw(st.integers(1, total)), is_wide=is_wide)
    header = Header(part, data.draw(st.sampled_from([PLAIN, *NATIONAL])))

    assert read_header(bytes(header)) == (header, len(bytes(header)))


@given(st.binary(max_size=60))
def test_any_header_is_read_or_refused(octets: bytes) -> None:
    try:
        header, end = read_header(octets)
    except HeaderFault:
        return
    assert end <= len(octets)
    assert header.part is None or 1 <= header.part.number <= header.part.total


@given(st.text(max_size=1600) | st.text(list(codes(TURKISH)), max_size=1600), st.booleans(), st.booleans())
def test_segments_make_up_the_text_and_are_as_many_as_are_counted(text: str, wide: bool, national: bool) -> None:
    plan, segments = split_text(text, 7, wide=wide, national=national)

    assert "".join(segment.text for segment in segments) == text
    assert plan == count_segments(text, wide=wide, national=national)
    assert plan.count == len(segments)
    if plan.encoding == "gsm7":
        for segment in segments:
            bits = 8 * len(bytes(Header(segment.part, plan.tables)))
            assert 7 * len(encode(segment.text, plan.tables)) + (bits + 6) // 7 * 7 <= 140 * 8
    elif len(segments) > 1:
        assert all(len(segment.text.encode("utf-16-be", "surrogatepass")) <= 2 * UCS2_PART for segment in segments)
