"""What a user agent server refuses before its application sees it."""

import pytest

from dialplane.sip.message import Response
from dialplane.sip.screening import Capabilities, screen
from tests.sip.samples import SDP, request

CAPABILITIES = Capabilities()


def refusal(*arguments: object, **changes: object) -> Response:
    response = screen(request(*arguments, **changes), CAPABILITIES)  # type: ignore[arg-type]  # passed through
    assert response is not None
    return response


@pytest.mark.parametrize("method", ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "MESSAGE", "REGISTER"])
def test_usual_request_is_let_in(method: str) -> None:
    assert screen(request(method), CAPABILITIES) is None


def test_invite_with_sdp_is_let_in() -> None:
    assert screen(request(body=SDP), CAPABILITIES) is None


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq"])
def test_missing_mandatory_field_is_400(name: str) -> None:
    assert refusal(without=(name,)).status == 400


def test_missing_max_forwards_is_let_in() -> None:
    """RFC 4475 3.4.1: older peers do not send it."""
    assert screen(request(without=("Max-Forwards",)), CAPABILITIES) is None


@pytest.mark.parametrize(("value", "status"), [("256", 400), ("-1", 400), ("x", 400)])
def test_max_forwards_out_of_range_is_400(value: str, status: int) -> None:
    """SIP-6."""
    assert refusal(headers={"Max-Forwards": value}).status == status


def test_max_forwards_zero_matters_to_proxies_only() -> None:
    assert screen(request("OPTIONS", {"Max-Forwards": "0"}), CAPABILITIES) is None


def test_unknown_method_is_501_with_allow() -> None:
    answer = refusal("PUBLISH")

    assert (answer.status, answer.headers.get("Allow")) == (501, CAPABILITIES.allow)


def test_cseq_of_another_method_is_400() -> None:
    assert refusal("OPTIONS", {"CSeq": "1 INVITE"}).status == 400


@pytest.mark.parametrize(
    ("uri", "status"), [("http://example.com", 416), ("sip:2001:db8::10", 400), ("<sip:a@b>", 400), ("nonsense", 400)]
)
def test_request_uri_is_checked(uri: str, status: int) -> None:
    assert refusal(uri=uri).status == status


@pytest.mark.parametrize("value", ["gruu", "foo, timer", "Foo"])
def test_unknown_required_extension_is_420(value: str) -> None:
    answer = refusal(extra=f"Require: {value}\r\n")

    assert answer.status == 420
    assert answer.headers.get("Unsupported") == value.removesuffix(", timer")


def test_known_required_extension_is_let_in() -> None:
    assert screen(request(extra="Require: Timer\r\n"), CAPABILITIES) is None


@pytest.mark.parametrize(
    ("replaces", "status"),
    [(["a@b;to-tag=1;from-tag=2"], 481), (["a@b;to-tag=1;from-tag=2", "c@d;to-tag=3;from-tag=4"], 400)],
)
def test_dialog_that_a_caller_wants_to_replace_is_not_found(replaces: list[str], status: int) -> None:
    """CVE-18, RFC 3891 section 3."""
    assert refusal(extra="".join(f"Replaces: {value}\r\n" for value in replaces), body=SDP).status == status


def test_required_extension_of_a_cancel_is_not_looked_at() -> None:
    """RFC 3261 8.2.2.3."""
    assert screen(request("CANCEL", extra="Require: foo\r\n"), CAPABILITIES) is None


@pytest.mark.parametrize(
    ("headers", "offered"),
    [
        ({"Content-Type": "application/unknown"}, ("Accept", "application/sdp")),
        ({"Content-Type": "multipart/mixed"}, ("Accept", "application/sdp")),
        ({"Content-Type": "multipart/mixed;boundary=x"}, ("Accept", "application/sdp")),
        ({"Content-Type": "application/sdp", "Content-Encoding": "gzip"}, ("Accept-Encoding", "identity")),
    ],
)
def test_body_that_we_cannot_read_is_415(headers: dict[str, str], offered: tuple[str, str]) -> None:
    """CVE-2: a broken multipart body is never opened."""
    answer = refusal(headers=headers, body=b"--x\r\nContent-Type: multipart/mixed\r\n\r\n--y")

    assert (answer.status, answer.headers.get(offered[0])) == (415, offered[1])


def test_body_without_a_type_is_400() -> None:
    body = request("INVITE", {"Content-Type": "application/sdp"}, SDP)
    body.headers.remove("Content-Type")

    answer = screen(body, CAPABILITIES)

    assert answer is not None
    assert answer.status == 400


def test_optional_body_is_let_in() -> None:
    headers = {"Content-Type": "application/isup", "Content-Disposition": "signal;handling=optional"}

    assert screen(request(headers=headers, body=b"x"), CAPABILITIES) is None


def test_body_of_a_method_that_has_none_is_not_looked_at() -> None:
    assert screen(request("BYE", {"Content-Type": "application/x"}, b"x"), CAPABILITIES) is None


@pytest.mark.parametrize(
    ("accept", "let_in"),
    [
        ("text/html", False),
        ("", False),
        ("application/sdp;level=1", True),
        ("text/*, application/*", True),
        ("*/*", True),
    ],
)
def test_sender_that_takes_no_sdp_is_406(accept: str, let_in: bool) -> None:
    answer = screen(request(extra=f"Accept: {accept}\r\n"), CAPABILITIES)

    assert (answer is None) is let_in
    assert let_in or (answer is not None and answer.status == 406)


@pytest.mark.parametrize("field", ["Contact: <sip:a", "Record-Route: x", "Route: <sip:a@b>,", 'm: "a <sip:a@b>'])
def test_field_that_somebody_relies_on_must_be_readable(field: str) -> None:
    assert refusal(extra=f"{field}\r\n").status == 400


def test_register_for_an_address_of_another_kind_is_400() -> None:
    assert refusal("REGISTER", {"To": "isbn:2983792873"}).status == 400


def test_star_contact_belongs_to_register_only() -> None:
    star = {"Contact": "*"}

    assert screen(request("REGISTER", star, extra="Expires: 0\r\n"), CAPABILITIES) is None
    assert refusal("INVITE", star).status == 400
