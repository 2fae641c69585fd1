"""Dialogs: tags, targets, route sets and order (RFC 3261 section 12)."""

from dialplane.sip.dialog import Dialog
from dialplane.sip.message import Request
from dialplane.sip.parser import parse_message

ROUTES = "Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n"
STRICT = "Record-Route: <sip:old.example>\r\nRecord-Route: <sip:p2.example;lr>\r\n"


def _invite(extra: str = "", contact: str = "Contact: <sip:a@192.0.2.1:5070>\r\n", cseq: int = 10) -> Request:
    message = parse_message(
        "INVITE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"
        'From: "Alice" <sip:a@a.example>;tag=theirs\r\nTo: <sip:b@b.example>\r\nCall-ID: x\r\n'
        f"CSeq: {cseq} INVITE\r\n{contact}{extra}Content-Length: 0\r\n\r\n".encode()
    )
    assert isinstance(message, Request)
    return message


def test_callee_sends_to_the_callers_contact_with_the_tags_turned() -> None:
    dialog = Dialog.of_incoming(_invite(), "ours")

    bye = dialog.request("BYE", [])

    assert bye.uri == "sip:a@192.0.2.1:5070"
    assert bye.headers.get("From") == "<sip:b@b.example>;tag=ours"
    assert bye.headers.get("To") == '"Alice" <sip:a@a.example>;tag=theirs'
    assert str(bye.cseq) == "1 BYE"
    assert str(dialog.request("BYE", []).cseq) == "2 BYE"


def test_callee_keeps_the_route_set_and_the_caller_turns_it() -> None:
    invite = _invite(ROUTES)
    response = invite.response(200, to_tag="b")
    response.headers.add("Record-Route", "<sip:p1.example;lr>, <sip:p2.example;lr>")
    response.headers.add("Contact", "<sip:b@192.0.2.2>")

    callee = Dialog.of_incoming(invite, "b")
    caller = Dialog.of_outgoing(invite, response)

    assert callee.routes == ("<sip:p1.example;lr>", "<sip:p2.example;lr>")
    assert callee.next_hop == "sip:p1.example;lr"
    assert caller.routes == ("<sip:p2.example;lr>", "<sip:p1.example;lr>")
    assert caller.request("BYE", []).uri == "sip:b@192.0.2.2"


def test_strict_router_gets_its_own_uri_and_the_target_last() -> None:
    """12.2.1.1."""
    dialog = Dialog.of_incoming(_invite(STRICT), "ours")

    bye = dialog.request("BYE", [])

    assert bye.uri == "sip:old.example"
    assert [route.uri for route in bye.routes] == ["sip:p2.example;lr", "sip:a@192.0.2.1:5070"]


def test_ack_has_the_number_of_its_invite() -> None:
    invite = _invite()
    dialog = Dialog.of_outgoing(invite, invite.response(200, to_tag="b"))
    dialog.request("INFO", [])

    assert str(dialog.ack(10, []).cseq) == "10 ACK"


def test_request_out_of_order_is_refused() -> None:
    """12.2.2."""
    dialog = Dialog.of_incoming(_invite(cseq=10), "ours")

    assert dialog.refusal(_invite(cseq=10)) == 500
    assert dialog.refusal(_invite(cseq=12)) is None
    assert dialog.refusal(_invite(cseq=11)) == 500


def test_new_contact_is_the_new_target_and_a_bad_one_is_not() -> None:
    dialog = Dialog.of_incoming(_invite(), "ours")

    dialog.refresh(_invite(contact="Contact: <sip:moved@192.0.2.9>\r\n"))
    assert dialog.target == "sip:moved@192.0.2.9"
    dialog.refresh(_invite(contact="Contact: garbage\r\n"))
    assert dialog.target == "sip:moved@192.0.2.9"


def test_caller_without_a_contact_is_reached_at_its_from() -> None:
    """RFC 2543 callers."""
    assert Dialog.of_incoming(_invite(contact=""), "ours").target == "sip:a@a.example"
