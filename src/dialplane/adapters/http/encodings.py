"""The text of an answer, in whichever encoding its server writes."""

import re

_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def text_of(body: bytes, charset: str | None) -> str:
    """By the charset of its content type, else as an XML declaration says, else UTF-8 (RFC 7303 section 3).

    Octets that cannot be read so become U+FFFD; an encoding that nobody knows is UTF-8.
    """
    declared = _DECLARED.match(body[:200])
    name = charset or (declared[1].decode() if declared else "utf-8")
    try:
        return body.decode(name, errors="replace")
    except (LookupError, UnicodeError):
        return body.decode(errors="replace")
