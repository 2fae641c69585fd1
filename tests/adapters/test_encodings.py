"""The text of answers in the encodings that their servers write."""

import pytest

from dialplane.adapters.http.encodings import text_of


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("café".encode(), None, "café"),
        ("café".encode("latin-1"), "iso-8859-1", "café"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><Say>caf\xe9</Say>", None,
         "<?xml version='1.0' encoding='ISO-8859-1'?><Say>café</Say>"),
        (b"caf\xe9", None, "caf\ufffd"),
        ("café".encode(), "no-such-encoding", "café"),
        ("café".encode(), "hex", "café"),
    ],
)  # fmt: skip
def test_text_is_read_as_type_or_declaration_say_and_else_as_utf_8(body: bytes, charset: str, text: str) -> None:
    assert text_of(body, charset) == text
