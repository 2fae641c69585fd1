"""Any octets give a description or our error, and so does negotiating with it (FUZZ-1)."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from dialplane.sdp.negotiation import NotAcceptable, make_answer, make_offer, read_answer
from dialplane.sdp.session import SdpError, Session
from dialplane.sip.parser import parse_message
from tests.captures.torture import torture
from tests.sip.samples import SDP
from tests.sip.test_properties import mutated

CORPUS = [SDP, *(parse_message(torture("rfc5118", name)).body for name in ("ipv6-in-sdp", "mult-ip-in-sdp"))]


@settings(max_examples=2_000, deadline=None)
@given(mutated(CORPUS) | st.binary(max_size=100).map(lambda data: b"v=0\r\n" + data))
def test_any_octets_are_a_description_or_an_error(data: bytes) -> None:
    try:
        session = Session.parse(data)
    except SdpError:
        return

    assert Session.parse(bytes(session)) == session
    offered = make_offer("192.0.2.1", 4000, 1, 1)
    with suppress(SdpError, NotAcceptable):
        read_answer(offered, session)
    with suppress(SdpError, NotAcceptable):
        answered, negotiated = make_answer(session, "192.0.2.1", 4000, session_id=1, version=1)
        assert len(answered.media) == len(session.media)
        assert 0 < negotiated.port < 65_536
        assert 0 <= negotiated.payload_type <= 127
        assert Session.parse(bytes(answered)) == answered
