"""Any octets give a message or our parse error, nothing else; what was read writes back the same (FUZZ-1)."""

from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialplane.sip.digest import Authenticator, answer_challenge, parse_digest_parameters
from dialplane.sip.errors import SipParseError
from dialplane.sip.framing import Malformed, StreamFramer
from dialplane.sip.grammar import parse_parameters, split_values
from dialplane.sip.headers import Headers
from dialplane.sip.message import Message, Request, Response
from dialplane.sip.parser import parse_message
from dialplane.sip.registrar import RegistrationPlan, plan_registration
from dialplane.sip.screening import Capabilities, screen
from dialplane.sip.uri import SipUri
from dialplane.sip.values import CSeq, NameAddress, Via
from tests.captures.torture import load_torture
from tests.sip.samples import SDP, message, request

CORPUS = [one.data for folder in ("rfc4475", "rfc5118") for one in load_torture(folder)] + [message(body=SDP)]
NOW = datetime(2026, 5, 4, tzinfo=UTC)
VALUES = (
    "call_id", "cseq", "from_", "to", "top_via", "vias", "contacts", "record_routes", "routes", "max_forwards",
    "expires", "content_type",
)  # fmt: skip

fuzz = settings(max_examples=2_000, deadline=None)
grammar_text = st.text(
    st.sampled_from('ab01.:;,=@<>"\\[]()%?&/*~!- \t\r\n\x00\x7fé\udc80') | st.characters(codec="utf-8"), max_size=60
)


@st.composite
def mutated(draw: st.DrawFn, corpus: list[bytes] = CORPUS) -> bytes:
    """A message of the corpus with a few octets changed, cut out or put in."""
    data = bytearray(draw(st.sampled_from(corpus)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        action = draw(st.sampled_from(["set", "cut", "put"]))
        if action == "set":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif action == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        else:
            data[at:at] = draw(st.binary(max_size=8) | st.sampled_from([b"\r\n", b"\r\n\r\n", b";", b'"', b"<", b","]))
    return bytes(data)


def read_everything(received: Message) -> None:
    """Every value, of which each may be malformed."""
    for name in VALUES:
        with suppress(SipParseError):
            getattr(received, name)


def assert_answerable(error: SipParseError) -> None:
    """An answer can be built and addressed, or nobody is to be answered."""
    if error.partial is not None:
        answer = error.partial.response(error.status, error.reason, to_tag="t")
        assert bytes(answer).startswith(f"SIP/2.0 {error.status} ".encode())
        assert error.partial.top_via.host


@fuzz
@given(mutated() | st.binary(max_size=300))
def test_any_octets_are_a_message_or_a_parse_error(data: bytes) -> None:
    try:
        received = parse_message(data)
    except SipParseError as error:
        assert_answerable(error)
        return

    read_everything(received)
    assert parse_message(bytes(received)) == received
    if isinstance(received, Request):
        refusal = screen(received, Capabilities())
        answer = refusal or received.response(200, to_tag="t")
        again = parse_message(bytes(answer))
        assert isinstance(again, Response)
        assert again.headers.get_all("Via") == received.headers.get_all("Via")


@fuzz
@given(mutated(), st.lists(st.integers(0, 4_000), max_size=5))
def test_stream_gives_the_same_frames_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    whole = StreamFramer()
    pieces = StreamFramer()
    edges = [0, *sorted(cuts), len(data)]

    expected = whole.feed(data)
    frames = [frame for start, end in pairwise(edges) for frame in pieces.feed(data[start:end])]

    assert [type(frame) for frame in frames] == [type(frame) for frame in expected]
    assert [frame for frame in frames if not isinstance(frame, Malformed)] == [
        frame for frame in expected if not isinstance(frame, Malformed)
    ]
    assert pieces.must_close == whole.must_close


@fuzz
@given(grammar_text | grammar_text.map(lambda text: f"sip:{text}"))
def test_any_text_is_a_uri_or_a_parse_error(text: str) -> None:
    try:
        uri = SipUri.parse(text)
    except SipParseError:
        return

    assert SipUri.parse(str(uri)) == uri
    assert uri.matches(uri)


@fuzz
@given(grammar_text.map(lambda text: f"SIP/2.0/UDP {text}") | grammar_text.map(lambda text: f"SIP/2.0/TCP a.b;{text}"))
def test_any_text_is_a_via_or_a_parse_error(text: str) -> None:
    Via.salvage(text)
    try:
        via = Via.parse(text)
    except SipParseError:
        return

    assert Via.parse(str(via)) == via
    assert 0 <= via.answer_address[1] <= 99_999
    assert Via.parse(str(via.seen_from("192.0.2.1", 5060))).received in ("192.0.2.1", via.received)


@fuzz
@given(
    grammar_text | grammar_text.map(lambda text: f"<sip:a@b>;{text}") | grammar_text.map(lambda text: f"{text}<sip:a>")
)
def test_any_text_is_an_address_or_a_parse_error(text: str) -> None:
    try:
        address = NameAddress.parse(text)
    except SipParseError:
        return

    assert NameAddress.parse(str(address)) == address


@fuzz
@given(grammar_text)
def test_shared_grammar_raises_parse_errors_only(text: str) -> None:
    for read in (split_values, parse_parameters, parse_digest_parameters, CSeq.parse):
        with suppress(SipParseError):
            read(text)


@fuzz
@given(grammar_text, st.floats(-1e9, 1e9))
def test_any_authorization_is_checked_or_challenged(text: str, now: float) -> None:
    authenticator = Authenticator("r", b"k" * 32)
    signed = request("REGISTER")
    signed.headers.add("Authorization", f"Digest {text}")
    signed.headers.add(
        "Authorization",
        f'Digest username="u", realm="r", nonce="{text}", uri="sip:r", response="{text}", qop=auth, '
        "nc=00000001, cnonce=x",
    )

    credentials = authenticator.read(signed)

    if credentials is not None:
        authenticator.check(credentials, "REGISTER", "p", "192.0.2.1", now)
    answer_challenge(
        Response(401, None, Headers([("WWW-Authenticate", f'Digest realm="r", {text}')])),
        "A",
        "sip:b",
        "u",
        "p",
        cnonce="c",
    )


@fuzz
@example(["<SIP:0?\x80>"], "")
@given(st.lists(grammar_text | grammar_text.map(lambda text: f"<sip:{text}>"), max_size=3), grammar_text)
def test_any_contacts_are_planned_or_refused(contacts: list[str], expires: str) -> None:
    register = request("REGISTER", without=("Contact",))
    for contact in contacts:
        register.headers.add("Contact", contact)
    register.headers.add("Expires", expires)

    plan = plan_registration(register, [], NOW)

    if isinstance(plan, RegistrationPlan):
        assert plan_registration(register, [], NOW) == plan
        assert all(bound.contact.isascii() and len(bound.contact) <= 1_024 for bound in plan.bindings)
