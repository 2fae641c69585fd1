"""Files of numbers: what is recognised, guessed, made of numbers and prices, and named as wrong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplane.domain.csv_cells import guard
from dialplane.domain.errors import Invalid
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.import_cells import CellReader, Defaults
from dialplane.domain.supply.import_columns import read_mapping
from dialplane.domain.supply.import_files import open_file
from dialplane.domain.supply.import_lines import read_lines
from dialplane.domain.supply.import_numbers import NumberReader
from dialplane.domain.supply.imports import MOST_NUMBERS, ImportLine, Outcome, Reading
from dialplane.domain.supply.inventory import NewItem


def read(
    body: str | bytes, defaults: Defaults | None = None, *, column: tuple[str, ...] = ()
) -> tuple[list[ImportLine], Reading]:
    file = open_file(body if isinstance(body, bytes) else body.encode(), read_mapping(column))
    lines = list(read_lines(file, CellReader(defaults or Defaults())))
    return lines, file.reading


def items(body: str | bytes, defaults: Defaults | None = None, *, column: tuple[str, ...] = ()) -> list[NewItem]:
    """Of a file without problems."""
    lines, _ = read(body, defaults, column=column)
    assert [line.detail for line in lines if line.row is None] == []
    return [line.row.item for line in lines if line.row is not None]


def problems(body: str, defaults: Defaults | None = None) -> list[tuple[int, str, str]]:
    lines, _ = read(body, defaults)
    return [(line.line, line.field, line.detail) for line in lines if line.outcome is Outcome.PROBLEM]


# --- recognising -----------------------------------------------------------------------------------------------------

EXPECTED = [
    NewItem("+12025550123", NumberKind.LOCAL, "US", "DC", "Washington, D.C.", "20001", monthly_micros=1_150_000),  # type: ignore[arg-type]
    NewItem("+18005550199", NumberKind.TOLL_FREE, "US"),
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheet_of_a_carrier_is_understood_by_its_headings(delimiter: str, before: bytes, end: str) -> None:
    rows = [
        ["Phone Number", "State", "City", "Zip", "MRC"],
        ["(202) 555-0123", "DC", '"Washington, D.C."', "20001", "$1.15"],
        ["1-800-555-0199", "", "", "", ""],
    ]
    text = end.join(delimiter.join(row) for row in rows) + end

    found = items(before + text.encode(), Defaults(country="US"))

    assert found == EXPECTED


def test_answer_says_what_was_guessed_and_what_is_not_read() -> None:
    _, reading = read("TN;Rate Center;Line Type;Color\n+12025550123;WSHNGTNZN1;Toll Free;red\n")

    assert reading.columns == {"number": "TN", "rate_center": "Rate Center", "type": "Line Type"}
    assert (reading.format, reading.delimiter, reading.has_headings) == ("csv", ";", True)
    assert reading.ignored == ["Color"]


def test_file_without_headings_is_read_by_its_numbers() -> None:
    found, reading = read("Anna,+12025550123\nBert,+12025550124\n")

    assert [line.number for line in found] == ["+12025550123", "+12025550124"]
    assert reading.columns == {"number": "2"}
    assert not reading.has_headings


def test_mapping_goes_before_the_guess() -> None:
    text = "Number,Line,Town,City\nx,+12025550123,Here,There\n"

    found, reading = read(text, column=("number:line", "locality:3"))

    assert reading.columns == {"number": "Line", "locality": "Town"}
    assert found[0].row is not None
    assert found[0].row.item.locality == "Here"
    assert items("n,city\n+12025550123,Here\n", column=("number:n", "locality:"))[0].locality == ""


@pytest.mark.parametrize("column", ["number:Missing", "number:9", "colour:Line", "number"])
def test_mapping_to_nothing_is_refused(column: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read("Line\n+12025550123\n", column=(column,))
    assert refusal.value.field == "column"


@pytest.mark.parametrize(
    "text",
    [
        '[{"Phone Number": "+12025550123", "monthly": 1.15, "capabilities": ["voice", "fax"]}]',
        '{"items": [{"number": "+12025550123", "monthly_micros": 1150000, "features": "voice fax"}]}',
        '{"did": "+12025550123", "mrc": "1.15", "voice": true, "fax": true}\n',
        '{"msisdn": 12025550123, "mrc": 1.15, "voice": 1, "fax": 1, "sms": null}\n\n',
    ],
)
def test_json_is_an_array_or_an_object_a_line(text: str) -> None:
    found, reading = read(text)

    assert found[0].row is not None
    assert (found[0].line, found[0].number) == (1, "+12025550123")
    assert (found[0].row.item.monthly_micros, found[0].row.item.capabilities) == (1_150_000, ("voice", "fax"))
    assert reading.format == "json"


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (b"number\n+1202555\xe9\n", "csv", "line 2 holds the byte 0xe9"),
        ("number\n+12025550123\n".encode("utf-16"), "csv", "UTF-16"),
        (b"", "csv", "empty"),
        (b"Colour,Shape\nred,round\n", "csv", "none of the columns"),
        (b'number,city\n+12025550123,"open\n', "csv", "not CSV"),
        (b"number\n\0\n", "csv", "NUL"),
        (b"[{", "json", "not JSON"),
        (b'{"number": "+12025550123"}\n{"number"\n', "json", "line 2"),
        (b'{"items": 7}', "json", "array"),
    ],
)
def test_file_that_is_none_is_refused_with_the_reason(body: bytes, field: str, says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(body)
    assert refusal.value.field == field
    assert says in refusal.value.message


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+12025550123", "", "+12025550123"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("202.555.0123", "US", "+12025550123"),
        ("1 202 555 0123", "US", "+12025550123"),
        ("tel:+1-202-555-0123", "", "+12025550123"),
        ("'+12025550123", "", "+12025550123"),
        ("0012025550123", "", "+12025550123"),
        ("12025550123.0", "US", "+12025550123"),
        ("+44 (0)20 7946 0018", "", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("442079460018", "US", "+442079460018"),
        ("030/23125 000", "DE", "+493023125000"),
        ("+1\u00a0202\u2011555\u20110123", "", "+12025550123"),
    ],
)
def test_number_is_read_as_people_write_it(text: str, country: str, number: str) -> None:
    assert NumberReader().read(text, country) == number


@pytest.mark.parametrize(
    ("text", "country", "says"),
    [
        ("1.2025550123E+10", "US", "spreadsheet"),
        ("1,2025550123e10", "US", "spreadsheet"),
        ("2025550123", "", "say the country"),
        ("555-0123", "US", "no number of US"),
        ("1-800-FLOWERS", "US", "not a phone number"),
        ("+1", "US", "not a phone number"),
        ("#REF!", "US", "not a phone number"),
        ("+1202555012312345", "US", "not a phone number"),
    ],
)
def test_number_that_may_be_another_is_refused(text: str, country: str, says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        NumberReader().read(text, country)
    assert refusal.value.field == "number"
    assert says in refusal.value.message


def test_type_and_country_come_from_the_digits_where_nobody_says_them() -> None:
    text = "number\n+12025550123\n+16135550123\n+18005550123\n+447400123456\n+493023125000\n"

    assert [(item.kind.value, item.country) for item in items(text)] == [
        ("local", "US"), ("local", "CA"), ("toll_free", "US"), ("mobile", "GB"), ("local", "DE"),
    ]  # fmt: skip
    assert problems("number\n+19005550123\n") == [(2, "type", "type is needed: the number's digits do not say it")]


@pytest.mark.parametrize(
    "text",
    [
        "number\n+12025550198-+12025550201\n",
        "number\n+12025550198 - +12025550201\n",
        "number\n(202) 555-0198 - (202) 555-0201\n",
        "number\n+12025550198..+12025550201\n",
        "number\n2025550198 to 2025550201\n",
        "number,count\n+12025550198,4\n",
        "Range Start,Range End\n+12025550198,+12025550201\n",
        '[{"from": "+12025550198", "to": "+12025550201"}]',
    ],
)
def test_range_is_taken_apart(text: str) -> None:
    found = items(text, Defaults(country="US"))

    assert [item.number for item in found] == ["+12025550198", "+12025550199", "+12025550200", "+12025550201"]


def test_range_has_both_ends_in_order_and_a_limit() -> None:
    text = (
        "number,count\n+12025550100-+12025550000,\n+12025550100-+4420794600,\n+12025550100,100001\n+12025550100,few\n"
        "+12025550100,0\n+99999999,20000\n"
    )
    assert [(line, field) for line, field, _ in problems(text, Defaults(kind=NumberKind.LOCAL, country="US"))] == [
        (2, "number"), (3, "number"), (4, "count"), (5, "count"), (6, "count"), (7, "number"),
    ]  # fmt: skip


def test_more_than_a_hundred_thousand_numbers_are_refused() -> None:
    with pytest.raises(Invalid, match="at most 100000"):
        read(f"number,count\n+12022000000,{MOST_NUMBERS}\n+12025550123,1\n")


# --- fields ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "micros"),
    [
        ("monthly_micros", "1150000", 1_150_000),
        ("monthly", "1.15", 1_150_000),
        ("MRC", "$ 2", 2_000_000),
        ("Monthly Fee", "0.000001", 1),
        ("monthly", '"1,15"', 1_150_000),
        ("monthly", "1.15 USD", 1_150_000),
        ("monthly", "", 7),
    ],
)
def test_price_is_micros_or_dollars(name: str, text: str, micros: int) -> None:
    found = items(f"number,{name}\n+12025550123,{text}\n", Defaults(monthly_micros=7))  # type: ignore[arg-type]
    assert found[0].monthly_micros == micros


@pytest.mark.parametrize(
    ("heading", "text", "field"),
    [
        ("monthly_micros", "1.15", "monthly_micros"),
        ("monthly", "€1", "monthly"),
        ("monthly", '"1,150"', "monthly"),
        ("monthly", "-1", "monthly"),
        ("monthly", "9999999", "monthly_micros"),
        ("nrc", "0.0000001", "setup"),
        ("country", "USA", "country"),
        ("type", "gold", "type"),
        ("lat", "north", "latitude"),
        ("lat", "nan", "latitude"),
        ("capabilities", "voice;taste", "capabilities"),
        ("fax", "perhaps", "fax"),
        ("account_id", "Acme", "account_id"),
        ("trunk", "nowhere", "trunk"),
        ("city", "x" * 129, "locality"),
        ("name", "x" * 256, "name"),
    ],
)
def test_wrong_field_is_named_with_its_line(heading: str, text: str, field: str) -> None:
    found = problems(f"number,{heading}\n+12025550123,\n+12025550124,{text}\n")
    assert [(line, named) for line, named, _ in found] == [(3, field)]


def test_number_that_comes_twice_is_named_with_both_lines() -> None:
    assert problems("number\n+12025550123\n\n(202) 555-0123\n", Defaults(country="US")) == [
        (4, "number", "+12025550123 stands in line 2 too")
    ]


def test_line_with_a_field_too_many_is_a_problem_as_its_fields_may_have_moved() -> None:
    found = problems("number,city,zip\n+12025550123,Washington, D.C.,20001\n")
    assert [(line, field) for line, field, _ in found] == [(2, "csv")]


# --- formulas --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", "''=1", "＝1"])
def test_formula_is_written_as_text_and_read_back(cell: str) -> None:
    """SIP-10."""
    written = guard(cell)

    assert written.startswith("'")
    assert guard("plain") == "plain"
    assert guard("O'Fallon") == "O'Fallon"


@given(st.lists(st.text(st.sampled_from("=+-@'\"a,;\n 7é"), max_size=12), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None, database=None)
def test_what_is_guarded_is_read_back_as_it_was(places: list[str]) -> None:
    """Blanks around a text are not kept."""
    rows = "".join(
        f'+1202555{n:04},"{guard(place.strip()).replace(chr(34), chr(34) * 2)}"\n' for n, place in enumerate(places)
    )
    assert [item.locality for item in items("number,city\n" + rows)] == [place.strip() for place in places]


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None, database=None)
def test_any_bytes_give_lines_or_a_refusal(body: bytes) -> None:
    """API-2."""
    for made in (body, b"number,monthly\n" + body, b"[" + body + b"]"):
        try:
            lines, _ = read(made)
        except Invalid:
            continue
        assert all((line.row is None) == (line.outcome is Outcome.PROBLEM) for line in lines)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["number", "count", "type", "monthly", "city", "fax", "account_id"]),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text()),
        ),
        max_size=5,
    )
)
@settings(max_examples=100, deadline=None, database=None)
def test_any_json_gives_lines_or_a_refusal(rows: list[dict[str, object]]) -> None:
    """API-2."""
    try:
        lines, _ = read(json.dumps(rows))
    except Invalid:
        return
    assert len(lines) >= len(rows) or any(line.row is None for line in lines)


def test_number_without_a_heading_that_is_known_is_found_by_its_look() -> None:
    file = open_file(b"Colour,Rufnummer\nred,+14155550100\nblue,+14155550101\n", {})

    assert [line.cells["number"] for line in file.lines()] == ["+14155550100", "+14155550101"]
    assert (file.reading.columns, file.reading.ignored) == ({"number": "Rufnummer"}, ["Colour"])


def test_columns_without_headings_are_named_by_their_positions() -> None:
    file = open_file(b"red,+14155550100,blue\n", {})

    assert [line.cells for line in file.lines()] == [{"number": "+14155550100"}]
    assert (file.reading.columns, file.reading.ignored) == ({"number": "2"}, ["1", "3"])
