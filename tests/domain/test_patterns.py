"""Number patterns: Restcomm's table, what is refused, and the order in which an organization's patterns are tried."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.errors import Invalid
from dialplane.domain.ids import NumberId
from dialplane.domain.numbering.pattern_heads import heads_of
from dialplane.domain.numbering.pattern_index import PatternIndex
from dialplane.domain.numbering.patterns import CATCH_ALL, MAX_PATTERN, Matcher, Pattern, is_dialled, translate

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def patterns(*texts: str) -> list[Pattern]:
    """Each a second younger than the one before."""
    return [Pattern(NumberId(UUID(int=n + 1)), text, NOW + timedelta(seconds=n)) for n, text in enumerate(texts)]


def winner(dialled: str, *texts: str) -> str | None:
    hit = PatternIndex(patterns(*texts)).find([dialled])
    return None if hit is None else hit.pattern.text


# --- the table of the document (seeds/restcomm-incoming-phone-numbers) -----------------------------------------------

PRINTED = [
    # `|` was lost in print: `7777\8888`
    ("7777|8888", ["7777", "8888"], ["7778", "9999"]),
    ("^*77…33#$", ["*7711133#", "*7722233#"], ["*7711133", "*771133#"]),
    ("^*77...33#$", ["*7711133#", "*7722233#"], ["*7711133", "*771133#", "7711133#"]),
    ("^[12]2233#$", ["12233#", "22233#"], ["32233#", "12233"]),
    ("^7688[456]#$", ["76884#", "76885#", "76886#"], ["76887#"]),
    ("[45]234[23]", ["42342", "42343", "52342", "52343"], ["42344", "62342"]),
    # the stars after `^` and `222` were lost in print: `^222…*…*500#$`
    (
        "^*222*...*...*500#$",
        ["*222*888*999*500#", "*222*444*321*500#", "*222*333*444*500#"],
        ["*222*888*999*501#"],
    ),
    ("^*222*…*…*500#$", ["*222*888*999*500#", "*222*444*321*500#"], ["*222*888*999*501#"]),
    ("999…", ["999222", "999123", "999555", "999111"], ["99922", "998222"]),
]


@pytest.mark.parametrize(("text", "taken", "left"), PRINTED)
def test_pattern_of_the_document_takes_its_examples_and_no_others(text: str, taken: list[str], left: list[str]) -> None:
    matcher = Matcher(text)

    assert [dialled for dialled in taken if not matcher.matches(dialled)] == []
    assert [dialled for dialled in left if matcher.matches(dialled)] == []
    assert [winner(dialled, text) for dialled in taken] == [text] * len(taken)
    assert [winner(dialled, text) for dialled in left] == [None] * len(left)


@pytest.mark.parametrize(
    ("stored", "wins"),
    [(("16508251256", "16.*"), "16.*"), (("16508251256", "16.*", "16508.*"), "16508.*")],
)
def test_longest_pattern_of_the_document_wins(stored: tuple[str, ...], wins: str) -> None:
    assert winner("16508251255", *stored) == wins


def test_pattern_that_was_printed_as_a_back_reference_is_refused_with_the_way_to_write_it() -> None:
    with pytest.raises(Invalid, match=r"\\8 is a back-reference.*7777\|8888"):
        Matcher(r"7777\8888")


# --- Restcomm's spelling ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("*777#", r"\*777#"),
        ("+1650.*", r"\+1650.*"),
        ("^*77", r"^\*77"),
        ("(*7|+8)", r"(\*7|\+8)"),
        ("(?:*7)", r"(?:\*7)"),
        ("**", r"\**"),
        ("7*", "7*"),
        ("[*+]*", "[*+]*"),
        (r"\^*", r"\^*"),
        (r"\\*7", r"\\*7"),
        ("[^*]*", "[^*]*"),
        ("[]*]*", "[]*]*"),
        ("*", ".*"),
    ],
)
def test_star_and_plus_with_nothing_to_repeat_are_keys(text: str, spelled: str) -> None:
    assert translate(text) == spelled
    Matcher(text)


def test_pattern_is_searched_for_anywhere_unless_it_is_anchored() -> None:
    """Reference 8.3: `7777|8888` also takes `17777`."""
    assert Matcher("7777|8888").matches("17777")
    assert not Matcher("7777|8888", anchored=True).matches("17777")
    assert Matcher("7777|8888", anchored=True).matches("8888")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(?=1)1", "look-ahead"),
        ("(?!1)2", "look-ahead"),
        ("(?<=1)2", "look-behind"),
        ("(?<!1)2", "look-behind"),
        ("(?>1)", "atomic"),
        (r"(1)\1", "back-reference"),
        ("1++", "bad repetition"),
        ("1**", "bad repetition"),
        ("?1", "repetition"),
        ("1{1001}", "repetition size"),
        ("((((.{0,10}){0,10}){0,10}){0,10})", "repetition size"),
        ("[1", r"missing \]"),
        ("(1", "missing"),
        ("1)", r"unexpected \)"),
        ("1\\", "trailing"),
        (r"\Q*\E", "cannot be used"),
        ("é", "ASCII"),
        ("1\n2", "ASCII"),
        ("", "characters"),
        ("1" * (MAX_PATTERN + 1), "characters"),
    ],
)
def test_pattern_that_is_invalid_or_unsafe_is_refused_with_its_reason(text: str, reason: str) -> None:
    """IN-2."""
    with pytest.raises(Invalid, match=reason) as refusal:
        Matcher(text)
    assert (refusal.value.reason, refusal.value.field) == ("PATTERN_INVALID", "number")


def test_pattern_that_explodes_elsewhere_takes_no_time_here() -> None:
    """IN-2: `(1+)+$` on 26 characters takes Python's engine seconds."""
    matcher = Matcher("^(1+)+(1+)+(1+)+$")
    matcher.matches("1")  # the program is made with its first use

    begun = time.thread_time()
    assert not matcher.matches("1" * 63 + "2")
    assert time.thread_time() - begun < 0.001


# --- the order -------------------------------------------------------------------------------------------------------


def test_oldest_of_equally_long_patterns_wins() -> None:
    first, second = patterns("165.*", "1650*")
    assert PatternIndex([second, first]).find(["16508251255"]) == (first, ())


def test_catch_all_comes_after_every_other_pattern() -> None:
    assert winner("16508251255", "*", ".") == "."
    assert winner("16508251255", "*", "17.*") == "*"


def test_pattern_that_is_broken_never_hides_the_others() -> None:
    """What was stored by other hands is skipped, and the shorter one takes the call."""
    assert winner("16508251255", r"16508251\255", "(1650825125", "16508(?=2).*", "16.*") == "16.*"


@pytest.mark.parametrize("dialled", ["alice", "1650a", "", "1" * 65, "1 650", "1650;x"])
def test_what_is_no_row_of_keys_never_reaches_a_pattern(dialled: str) -> None:
    """Reference 6.2: a dialled string with letters never reaches steps 3 and 4."""
    assert not is_dialled(dialled)
    assert winner(dialled, ".", "*", "a.*", "1.*") is None


def test_every_form_of_what_was_dialled_is_compared() -> None:
    index = PatternIndex(patterns("^+1650.*"))
    assert index.find(["16508251255"]) is None
    assert index.find(["16508251255", "+16508251255"]) is not None


# --- the index ------------------------------------------------------------------------------------------------------

KEYS = "0123456789*#+"
DIALLED = st.text(st.sampled_from("1256*#+"), min_size=1, max_size=9)
PIECES = st.sampled_from(
    [
        *"1256#*+.|^$()?",
        ".*",
        "[12]",
        "[^1]",
        "[1-5]",
        "{2}",
        r"\*",
        r"\d",
        r"\1",
        "...",
        "(?:",
        "16",
        "25",
        "…",
        "[*#]",
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=6).map("".join)


def brute_force(stored: list[Pattern], subjects: list[str]) -> Pattern | None:
    """Restcomm's way: each pattern in its order, each form of what was dialled."""
    if not is_dialled(subjects[0]):
        return None
    for pattern in sorted(stored, key=lambda each: each.rank):
        try:
            matcher = Matcher(pattern.text, anchored=pattern.anchored)
        except Invalid:
            continue
        if any(map(matcher.matches, subjects)):
            return pattern
    return None


def found(index: PatternIndex, subjects: list[str]) -> Pattern | None:
    hit = index.find(subjects)
    return None if hit is None else hit.pattern


@given(st.lists(st.tuples(TEXTS, st.booleans()), max_size=12), st.lists(DIALLED, min_size=1, max_size=6))
def test_index_finds_what_trying_every_pattern_finds(stored: list[tuple[str, bool]], dialled: list[str]) -> None:
    made = [
        Pattern(NumberId(UUID(int=n)), text, NOW + timedelta(seconds=n % 3), anchored)
        for n, (text, anchored) in enumerate(stored)
    ]
    index = PatternIndex(made)

    for text in dialled:
        for subjects in ([text], [text, f"+{text}"], [text, "+1650", text[1:] or "1"]):
            assert found(index, subjects) == brute_force(made, subjects)


@given(
    st.lists(st.tuples(st.integers(0, 5), TEXTS, st.booleans(), st.booleans()), max_size=20),
    st.lists(DIALLED, min_size=1, max_size=4),
)
def test_index_that_was_changed_is_the_index_of_what_is_left(
    steps: list[tuple[int, str, bool, bool]], dialled: list[str]
) -> None:
    index, left = PatternIndex(), dict[NumberId, Pattern]()
    for n, text, anchored, is_removal in steps:
        number_id = NumberId(UUID(int=n))
        if is_removal:
            index.remove(number_id)
            left.pop(number_id, None)
        else:
            left[number_id] = Pattern(number_id, text, NOW, anchored)
            index.put(left[number_id])

    assert len(index) == len(left)
    assert list(index.in_order()) == sorted(left.values(), key=lambda each: each.rank)
    assert [found(index, [text]) for text in dialled] == [brute_force(list(left.values()), [text]) for text in dialled]


@given(TEXTS, st.booleans(), st.text(st.sampled_from(KEYS), min_size=1, max_size=12))
def test_pattern_takes_nothing_without_one_of_its_heads(text: str, anchored: bool, dialled: str) -> None:
    try:
        matcher, heads = Matcher(text, anchored=anchored), heads_of(text, anchored=anchored)
    except Invalid:
        return
    if heads is not None and matcher.matches(dialled):
        assert any(dialled.startswith(head.text) if head.at_start else head.text in dialled for head in heads)


def test_only_patterns_with_a_fitting_head_are_tried() -> None:
    texts = [f"^{number}[0-9]$" for number in range(1000, 2000)]
    hit = PatternIndex(patterns(*texts, "^12.*$", CATCH_ALL)).find(["12349999"])

    assert hit is not None
    assert (hit.pattern.text, [each.text for each in hit.tried]) == ("^12.*$", ["^1234[0-9]$"])
