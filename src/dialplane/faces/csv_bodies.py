"""Files that the operator sends as the body of a request."""

from dialplane.domain.errors import Invalid

LARGEST_CSV = 16 << 20


def csv_text(body: bytes) -> str:
    """Raises Invalid (`csv`)."""
    try:
        text = body.decode("utf-8-sig")  # spreadsheets put a byte order mark in front
    except UnicodeDecodeError as fault:
        raise Invalid("the file must be UTF-8", field="csv") from fault
    if "\0" in text:
        raise Invalid("the file holds a NUL character", field="csv")
    return text
