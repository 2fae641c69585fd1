"""Parameters from anywhere: whatever the bytes are, they are texts by name, or they are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplane.domain.errors import Invalid
from dialplane.faces.vox.fields import LONGEST_VALUE, MOST_FIELDS, read_fields

_PIECES = st.sampled_from(
    ["a=", "&", "%", "%00", "+", "{", "}", "[", "]", '"number"', ":", ",", "1e400", "\\u0000", "é"]
)


@given(query=st.binary(max_size=100), body=st.one_of(st.text(max_size=100), st.lists(_PIECES).map("".join)))
def test_any_bytes_give_parameters_or_a_refusal(query: bytes, body: str) -> None:
    try:
        fields = read_fields(query, body.encode("utf-8", "ignore"))
    except Invalid:
        return

    assert fields.get("nothing of this name") == ""
    assert fields.get("number") == fields.get("number").strip()


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (b"", b"number=%2B12025550101"),
        (b"", b"number=+12025550101\n"),
        (b"", b"number= 12025550101"),
        (b"number=+12025550101", b""),
        (b"number=ignored", b'{"Number": "+12025550101"}'),
        (b"", b' {"number": " 12025550101 "} '),
    ],
)
def test_plus_that_a_form_takes_for_a_space_is_a_plus(query: bytes, body: bytes) -> None:
    assert read_fields(query, body).phone("number") == "+12025550101"


def test_names_are_known_without_case_and_underscores() -> None:
    fields = read_fields(b"PSTN_Number=1&projectId=2&call_type=3&users[]=4", b'{"users": ["alice", "bob"], "x": null}')

    assert [fields.get(name) for name in ("pstn_number", "projectid", "calltype", "users", "x")] == [
        "1", "2", "3", "alice,bob", "",
    ]  # fmt: skip


def test_number_and_length_of_parameters_are_bounded() -> None:
    assert read_fields(b"&".join(b"a%d=1" % n for n in range(MOST_FIELDS)), b"").get("a49") == "1"
    for query in (b"&".join(b"a=1" for _ in range(MOST_FIELDS + 1)), b"a=" + b"x" * (LONGEST_VALUE + 1)):
        with pytest.raises(Invalid):
            read_fields(query, b"")
