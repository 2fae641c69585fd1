"""Segments as carriers count them (3GPP TS 23.038, 23.040)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.messaging.gsm import Language, Tables
from dialplane.domain.messaging.segments import Segmentation, count_segments


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "gsm7", 1),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        ("Grüße @ £5 {ok}\n", "gsm7", 1),
        ("ж" * 70, "ucs2", 1),
        ("ж" * 71, "ucs2", 2),
        ("ж" * 134, "ucs2", 2),
        ("ж" * 135, "ucs2", 3),
        ("😀" * 35, "ucs2", 1),
        ("😀" * 36, "ucs2", 2),
        ("`", "ucs2", 1),
        ("ç", "ucs2", 1),
        ("Ç", "gsm7", 1),
    ],
)
def test_text_takes_so_many_segments(text: str, encoding: str, count: int) -> None:
    found = count_segments(text)

    assert (found.encoding, found.count) == (encoding, count)


@pytest.mark.parametrize(
    ("text", "tables", "count"),
    [
        ("ş" * 70, Tables(), 1),  # one in any case: what every handset reads
        ("ş" * 71, Tables(single=Language.TURKISH), 1),
        ("ş" * 155, Tables(locking=Language.TURKISH), 1),
        ("ş" * 156, Tables(locking=Language.TURKISH), 2),
        ("ş" * 149 * 2, Tables(locking=Language.TURKISH), 2),
        ("a" * 141 + "ó" * 7, Tables(single=Language.SPANISH), 1),
        ("a" * 100 + "é" * 55, Tables(), 1),
        ("Olá, não há pão à mesa: " * 7, Tables(single=Language.PORTUGUESE), 2),
        ("ş" + "ж" * 100, Tables(), 2),
        ("ş" + "õ" * 100, Tables(), 2),  # of two languages: in no table
    ],
)
def test_national_tables_are_used_where_they_save_a_segment(text: str, tables: Tables, count: int) -> None:
    found = count_segments(text, national=True)

    assert (found.tables, found.count) == (tables, count)
    assert found.count <= count_segments(text).count


def test_extension_character_is_not_split_between_segments() -> None:
    """152 septets, then one that takes two: it moves whole into the next segment."""
    text = ("a" * 152 + "€") * 2

    assert count_segments(text) == Segmentation("gsm7", 3)


def test_surrogate_pair_is_not_split_between_segments() -> None:
    text = ("ж" * 66 + "😀") * 2

    assert count_segments(text) == Segmentation("ucs2", 3)


@given(st.text(max_size=2000))
def test_longer_text_never_takes_fewer_segments(text: str) -> None:
    assert count_segments(text + "a").count >= count_segments(text).count >= 1
