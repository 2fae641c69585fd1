"""What can be wrong with a SIP message, with the status to answer it with.

    SipParseError            400 unless a subclass says otherwise
    ├── TooLarge             513
    ├── UriTooLong           414
    ├── BodyTooLarge         413
    ├── UnsupportedScheme    416
    └── VersionNotSupported  505

All of them are the peer's fault. Our own misuse (a line break in a header value) is a ValueError.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from dialplane.sip.message import Request


class SipParseError(Exception):
    """A message or a value of it that cannot be read. `problem` is a constant phrase, fit for a counter's label.

    `partial` is a request with as many header fields as an answer needs, set by `parse_message`; None means that
    nothing can or may be answered (a response, an ACK, no usable Via): drop it.
    """

    status: ClassVar[int] = 400
    reason: ClassVar[str] = "Bad Request"

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.partial: Request | None = None


class TooLarge(SipParseError):
    status: ClassVar[int] = 513
    reason: ClassVar[str] = "Message Too Large"


class UriTooLong(SipParseError):
    status: ClassVar[int] = 414
    reason: ClassVar[str] = "Request-URI Too Long"


class BodyTooLarge(SipParseError):
    status: ClassVar[int] = 413
    reason: ClassVar[str] = "Request Entity Too Large"


class UnsupportedScheme(SipParseError):
    status: ClassVar[int] = 416
    reason: ClassVar[str] = "Unsupported URI Scheme"


class VersionNotSupported(SipParseError):
    status: ClassVar[int] = 505
    reason: ClassVar[str] = "Version Not Supported"
