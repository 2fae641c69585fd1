"""Rates by prefix, and decks as files: the longest prefix wins, and what is written reads back to the same."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.charging.rate_files import LineFault, read_deck, write_deck
from dialplane.domain.charging.rating import DEFAULT_RATES, CostType, Rate
from dialplane.domain.charging.tariffs import DeckLine, Tariff, per_slice, prefixes_of
from dialplane.domain.csv_cells import csv_lines, guard, unguard
from dialplane.domain.errors import Invalid
from dialplane.domain.money import Micros

OUT, IN, SMS = CostType.CALL_PSTN_OUTGOING, CostType.CALL_PSTN_INCOMING, CostType.SMS

numbers = st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True)
prefixes = st.from_regex(r"[1-9][0-9]{0,6}", fullmatch=True)
micros = st.integers(0, 10**9).map(Micros)
descriptions = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=40).filter(
    lambda text: text == text.strip() and text.isprintable()
)
call_rates = st.builds(Rate, st.sampled_from([OUT, IN]), micros, increment_s=st.integers(1, 3600), setup=micros)
deck_lines = st.builds(DeckLine, prefixes, call_rates | st.builds(Rate, st.just(SMS), micros), descriptions)
decks = st.lists(deck_lines, max_size=12, unique_by=lambda line: line.key)


def tariff(*decks: list[DeckLine]) -> Tariff:
    return Tariff([{line.key: line for line in deck} for deck in decks])


@given(
    own=decks,
    default=decks,
    number=numbers,
    kind=st.sampled_from([OUT, IN, SMS]),
)
def test_longest_prefix_of_the_first_deck_with_any_wins(
    own: list[DeckLine], default: list[DeckLine], number: str, kind: CostType
) -> None:
    found = tariff(own, default).line(kind, number)

    fitting = [
        [line for line in deck if line.rate.cost_type is kind and number[1:].startswith(line.prefix)]
        for deck in (own, default)
    ]
    best = next((max(lines, key=lambda line: len(line.prefix)) for lines in fitting if lines), None)
    assert found == (best or DeckLine("", DEFAULT_RATES[kind]))


@given(deck=decks, number=numbers)
def test_lines_with_the_numbers_own_prefixes_are_all_that_its_price_needs(deck: list[DeckLine], number: str) -> None:
    tried = prefixes_of([number])

    assert tariff([line for line in deck if line.prefix in tried]).line(OUT, number) == tariff(deck).line(OUT, number)


@given(deck=decks)
def test_deck_that_is_written_reads_back_to_the_same(deck: list[DeckLine]) -> None:
    read = read_deck("".join(write_deck(deck)))

    assert (list(read.lines), read.faults) == (deck, ())


@given(per_minute=st.integers(0, 10**9), increment_s=st.integers(1, 3600))
def test_slice_is_rounded_up_and_by_less_than_a_micro(per_minute: int, increment_s: int) -> None:
    """LED-2."""
    exact = Fraction(per_minute * increment_s, 60)

    assert 0 <= per_slice(Fraction(per_minute), increment_s) - exact < 1


@given(text=st.text(max_size=20))
def test_guarded_cell_is_no_formula_and_comes_back(text: str) -> None:
    """SIP-10."""
    shown = guard(text)

    assert unguard(shown) == text
    assert not shown.startswith(("=", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=cmd()", "'=cmd()"), ("+cmd()", "'+cmd()"), ("-1+1", "'-1+1"), ("@x", "'@x"), ("+14155550100", "+14155550100"),
     ("-1500000", "-1500000"), ("plain", "plain"), ("a,\"b\"", '"a,""b"""')],
)  # fmt: skip
def test_only_formulas_are_guarded(text: str, shown: str) -> None:
    """SIP-10."""
    assert csv_lines([[text]]) == f"{shown}\r\n"


def test_deck_of_a_carrier_is_read_with_dollars_a_minute() -> None:
    text = "Prefix,Description,per_minute,increment_s,setup\n+44,United Kingdom,0.0125,6,0.01\n447,UK mobile,0.03,,\n"

    read = read_deck(text)

    assert read.lines == (
        DeckLine("44", Rate(OUT, Micros(1_250), increment_s=6, setup=Micros(10_000)), "United Kingdom"),
        DeckLine("447", Rate(OUT, Micros(30_000)), "UK mobile"),
    )


def test_each_problem_is_told_by_its_line_and_column() -> None:
    text = (
        "cost_type,prefix,description,per_minute,per_slice_micros,increment_s,setup\n"
        ",44,fine,0.01,,,\n"
        ",44,again,0.01,,,\n"
        ",0044,,0.01,,,\n"
        ",45,,cheap,,,\n"
        ",46,,0.01,5,,\n"
        ",47,,,,,\n"
        "sms,48,,0.01,,,\n"
        "sms,48,,,10,6,\n"
        "fax,49,,0.01,,,\n"
        ",50,,0.01,,0,\n"
        ",51,,0.01,,,-1\n"
    )

    read = read_deck(text)

    assert [line.prefix for line in read.lines] == ["44"]
    assert [(fault.line, fault.field) for fault in read.faults] == [
        (3, "prefix"), (4, "prefix"), (5, "per_minute"), (6, "per_slice_micros"), (7, "per_minute"), (8, "per_minute"),
        (9, "increment_s"), (10, "cost_type"), (11, "increment_s"), (12, "setup"),
    ]  # fmt: skip
    assert read.faults[0] == LineFault(3, "prefix", "call_pstn_outgoing 44 comes twice")


@pytest.mark.parametrize(
    "text", ["", "prefix\n44\n", "per_minute\n1\n", "prefix,per_minute,colour\n", "prefix,prefix,per_minute\n"]
)
def test_file_without_the_columns_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_deck(text)

    assert refused.value.field == "csv"
