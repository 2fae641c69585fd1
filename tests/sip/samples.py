"""Messages for the tests of the SIP core: one usual INVITE, and a way to change one thing about it."""

from dialplane.sip.message import Request
from dialplane.sip.parser import parse_message

SDP = (
    b"v=0\r\no=user1 53655765 2353687637 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
    b"m=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
HEAD = {
    "Via": "SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bK-524287-1;rport",
    "Max-Forwards": "70",
    "From": '"Alice" <sip:+14155550100@example.com>;tag=a48s',
    "To": "<sip:+12025550123@example.com>",
    "Call-ID": "1-2345@192.0.2.10",
    "CSeq": "1 INVITE",
    "Contact": "<sip:alice@192.0.2.10:5062>",
}


def message(
    start_line: str = "INVITE sip:+12025550123@example.com SIP/2.0",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    extra: str = "",
    without: tuple[str, ...] = (),
) -> bytes:
    """The octets of the usual message with `headers` in place of its own; `extra` lines go in before the last one."""
    fields = {name: value for name, value in (HEAD | (headers or {})).items() if name not in without}
    if body:
        fields.setdefault("Content-Type", "application/sdp")
    lines = [start_line, *(f"{name}: {value}" for name, value in fields.items())]
    if "Content-Length" not in fields and "Content-Length" not in without:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n" + extra.encode() + b"\r\n" + body


def request(
    method: str = "INVITE",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    uri: str = "sip:+12025550123@example.com",
    extra: str = "",
    without: tuple[str, ...] = (),
) -> Request:
    """The usual request, parsed, with the CSeq of `method`."""
    data = message(
        f"{method} {uri} SIP/2.0", {"CSeq": f"1 {method}"} | (headers or {}), body, extra=extra, without=without
    )
    parsed = parse_message(data)
    assert isinstance(parsed, Request)
    return parsed
