"""REFER and its NOTIFY: what they ask and tell (RFC 3515, RFC 3891)."""

import pytest

from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Request
from dialplane.sip.parser import parse_message
from dialplane.sip.refer import Replaced, notify_fields, read_notify, read_refer, sipfrag


def request(method: str, *lines: str, body: bytes = b"") -> Request:
    fields = [
        f"{method} sip:bob@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1",
        "From: <sip:a@192.0.2.2>;tag=1",
        "To: <sip:bob@192.0.2.1>;tag=2",
        "Call-ID: c",
        f"CSeq: 2 {method}",
        "Max-Forwards: 70",
        *lines,
        f"Content-Length: {len(body)}",
    ]
    parsed = parse_message("\r\n".join(fields).encode() + b"\r\n\r\n" + body)
    assert isinstance(parsed, Request)
    return parsed


@pytest.mark.parametrize(
    ("field", "user"),
    [
        ("<sip:+12025550100@pbx.example>", "+12025550100"),
        ("sip:alice@pbx.example", "alice"),
        ("<tel:+12025550100>", "+12025550100"),
    ],
)
def test_target_is_the_user_of_refer_to(field: str, user: str) -> None:
    asked = read_refer(request("REFER", f"Refer-To: {field}"))

    assert (asked.user, asked.replaced, asked.wants_notify) == (user, None, True)


def test_dialog_to_be_replaced_stands_in_the_uri() -> None:
    field = "<sip:bob@192.0.2.1?Replaces=12345%40192.0.2.3%3Bto-tag%3D7%3Bfrom-tag%3D8>"

    asked = read_refer(request("REFER", f"Refer-To: {field}", "Refer-Sub: false"))

    assert asked.replaced == Replaced("12345@192.0.2.3", "7", "8")
    assert not asked.wants_notify


@pytest.mark.parametrize("lines", [(), ("Refer-To: <sip:a@b>", "Refer-To: <sip:c@d>"), ("Refer-To: <http://a>",)])
def test_missing_repeated_or_foreign_target_is_an_error(lines: tuple[str, ...]) -> None:
    with pytest.raises(SipParseError):
        read_refer(request("REFER", *lines))


def test_notify_tells_the_status_that_was_written() -> None:
    fields = dict(notify_fields(is_final=True))
    told = request("NOTIFY", *(f"{name}: {value}" for name, value in fields.items()), body=sipfrag(486, "Busy Here"))

    assert read_notify(told) == 486
    assert fields["Subscription-State"].startswith("terminated")
    assert read_notify(request("NOTIFY", "Event: dialog", body=sipfrag(200, "OK"))) is None
