"""Data codings: which alphabet each names, and texts in them (SMPP 3.4 section 5.2.19, 3GPP TS 23.038 section 4)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.messaging.alphabets import Alphabet, Stretch, alphabet_of, read_stretches, read_text, write_text
from dialplane.domain.messaging.gsm import Language, Tables


@pytest.mark.parametrize(
    ("coding", "alphabet"),
    [
        (0x00, "gsm7"), (0x01, "ascii"), (0x03, "latin1"), (0x08, "ucs2"), (0x04, ""), (0x02, ""), (0x10, "gsm7"),
        (0x18, "ucs2"), (0x14, ""), (0x30, ""), (0xF0, "gsm7"), (0xF4, ""), (0x80, ""),
    ],
)  # fmt: skip
def test_coding_names_its_alphabet(coding: int, alphabet: Alphabet) -> None:
    assert alphabet_of(coding) == alphabet


def test_default_alphabet_is_the_peers_own() -> None:
    assert alphabet_of(0, "latin1") == "latin1"
    assert write_text("ä{", is_wide=False, default="latin1") == (0, b"\xe4{")
    assert write_text("ä", is_wide=False, default="ascii") == (3, b"\xe4")
    assert write_text("ж", is_wide=False) == (8, b"\x04\x36")


@given(st.text(max_size=50))
def test_text_is_read_back_in_the_coding_that_it_was_written_in(text: str) -> None:
    clean = text.encode("utf-16", "replace").decode("utf-16")
    coding, octets = write_text(clean, is_wide=False)

    assert read_text(octets, alphabet_of(coding)) == clean


def test_odd_octet_and_octets_of_no_text_are_no_fault_of_the_reader() -> None:
    assert read_text(b"\x04\x36\x04", "ucs2") == "ж"
    with pytest.raises(ValueError, match="no alphabet"):
        read_text(b"abc", "")


@given(st.text(max_size=50), st.data())
def test_text_that_is_cut_anywhere_is_read_as_it_was_written(text: str, data: st.DataObject) -> None:
    """SMS-6: peers cut by octets, amid a surrogate pair or between an escape and its code."""
    coding, octets = write_text(text, is_wide=False)
    alphabet = alphabet_of(coding)
    step = 2 if alphabet == "ucs2" else 1
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets) // step), max_size=5)))
    places = [0, *(cut * step for cut in cuts), len(octets)]
    stretches = [Stretch(octets[a:b], alphabet) for a, b in pairwise(places)]

    assert read_stretches(stretches) == text


def test_stretches_of_several_alphabets_are_each_read_in_their_own() -> None:
    turkish = Tables(single=Language.TURKISH)

    text = read_stretches(
        [
            Stretch(b"\x04\x36\x04", "ucs2"),
            Stretch(b"a\x1b", "gsm7"),
            Stretch(b"e", "gsm7"),
            Stretch(b"\x1bs", "gsm7", turkish),
        ]
    )

    assert text == "жa€ş"
