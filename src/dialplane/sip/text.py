"""Text of strangers made fit to be kept (SIP-10): no NUL, which Postgres refuses, and no octets outside UTF-8."""

import re

# Line ends and tabs stay: a message of several lines is one. Lone surrogates stand for octets that were no UTF-8.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def storable(text: str, longest: int) -> str:
    """`text` with each unfit character replaced by U+FFFD, cut after `longest` characters.

    Escaping for logs, HTML or CSV is for those who write them.
    """
    text = text[:longest]
    if text.isascii() and text.isprintable():
        return text
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)


def storable_body(body: bytes, longest: int) -> str:
    """A text body in the same way."""
    return storable(body[: 4 * longest].decode("utf-8", "replace"), longest)
