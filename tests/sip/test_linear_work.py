"""SIP-7: work grows linearly with the input, whatever the input is.

Wall time on a shared machine says little, so each case is measured at two sizes: it passes when the bigger one is
quick, or when four times the input costs well below the sixteen times that quadratic work would take.
"""

from collections.abc import Callable
from contextlib import suppress
from math import inf
from time import process_time

import pytest

from dialplane.sdp.session import SdpError, Session
from dialplane.sip.digest import parse_digest_parameters
from dialplane.sip.errors import SipParseError
from dialplane.sip.framing import StreamFramer
from dialplane.sip.grammar import parse_parameters, split_values
from dialplane.sip.parser import Limits, parse_message
from dialplane.sip.uri import SipUri
from dialplane.sip.values import CSeq, NameAddress, Via
from tests.sip.samples import SDP, message

SMALL, BIG = 16_384, 65_536
QUICK_S = 0.005
ROUNDS = 5
FILLINGS = [
    "A",
    '"',
    "<",
    ";",
    ",",
    "\\",
    "\r\n ",
    " ",
    "\t",
    "%",
    ":",
    "@",
    "=",
    "[",
    "a,",
    '",',
    "a=",
    ";a",
    '\\"',
    "1",
]
UNLIMITED = Limits(message=2**20, header=2**20, headers=2**20, vias=2**20, uri=2**20, method=2**20, body=2**20)


def time_of(work: Callable[[str], object], text: str) -> float:
    start = process_time()
    with suppress(SipParseError, SdpError):
        work(text)
    return process_time() - start


def assert_linear(work: Callable[[str], object], filling: str) -> None:
    """Noise only ever adds time, so the best of a few rounds is what counts; most cases need one."""
    big_text, small_text = filling * (BIG // len(filling)), filling * (SMALL // len(filling))
    big = small = inf
    for _ in range(ROUNDS):
        big = min(big, time_of(work, big_text))
        if big < QUICK_S:
            return
        small = min(small, time_of(work, small_text))
    assert big < 9 * small, repr(filling)


def whole_message(text: str) -> object:
    return parse_message(message(extra=f"X: {text}\r\n"), UNLIMITED)


def first_line(text: str) -> object:
    return parse_message(message(f"INVITE {text} SIP/2.0"), UNLIMITED)


def header_name(text: str) -> object:
    return parse_message(message(extra=f"{text}: x\r\n"), UNLIMITED)


def bare(text: str) -> object:
    return parse_message(text.encode(), UNLIMITED)


def defaults(text: str) -> object:
    return parse_message(message(extra=f"X: {text}\r\n")[:65_535])


def stream(text: str) -> object:
    return StreamFramer(UNLIMITED).feed(message(extra=f"X: {text}\r\nl: {text}y\r\n"))


VALUES: dict[str, Callable[[str], object]] = {
    "message": whole_message, "uri-of-message": first_line, "header-name": header_name, "bare": bare,
    "default-limits": defaults, "stream": stream,
    "split": split_values, "parameters": lambda text: parse_parameters(f";{text}"),
    "digest": parse_digest_parameters, "digest-value": lambda text: parse_digest_parameters(f'a="{text}'),
    "uri": lambda text: SipUri.parse(f"sip:{text}"), "uri-host": lambda text: SipUri.parse(f"sip:a@{text}"),
    "via": Via.parse, "via-host": lambda text: Via.parse(f"SIP/2.0/UDP {text}"),
    "via-parameters": lambda text: Via.parse(f"SIP/2.0/UDP a;{text}"),
    "via-salvage": lambda text: Via.salvage(f"SIP/{text}"),
    "address": NameAddress.parse, "address-name": lambda text: NameAddress.parse(f"{text}<sip:a>"),
    "address-quoted": lambda text: NameAddress.parse(f'"{text}<sip:a>'),
    "address-uri": lambda text: NameAddress.parse(f"<sip:{text}>x"), "cseq": lambda text: CSeq.parse(f"1 {text}"),
    "sdp": lambda text: Session.parse(text.encode()),
    "sdp-attribute": lambda text: Session.parse(SDP + f"a={text}".encode()),
    "sdp-media": lambda text: Session.parse(SDP + f"m=audio 1 RTP/AVP{text};".encode()),
    "sdp-origin": lambda text: Session.parse(f"v=0\r\no={text}\r\n".encode()),
    "sdp-connection": lambda text: Session.parse(SDP + f"c=IN IP4 {text}".encode()),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_work_is_linear(name: str) -> None:
    for filling in FILLINGS:
        assert_linear(VALUES[name], filling)


def test_octets_one_by_one_cost_no_more_than_at_once() -> None:
    """A peer that drips a message must not make us look at what it sent before again and again."""

    def drip(text: str) -> None:
        framer = StreamFramer(UNLIMITED)
        for octet in message(extra=f"X: {text}\r\n"):
            framer.feed(bytes([octet]))

    assert_linear(drip, "a")
